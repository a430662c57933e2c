"""All writes of the registry, one file a noun."""

from kentongan.registry.actions.accounts import (
    connect,
    declare_account,
    disconnect,
    record_health,
    renew_secrets,
)
from kentongan.registry.actions.people import add_people, add_person, add_user, give_consent, revoke_consent
from kentongan.registry.actions.units import add_unit, add_units, found_organisation, grant_role, revoke_role

__all__ = [
    "add_people",
    "add_person",
    "add_unit",
    "add_units",
    "add_user",
    "connect",
    "declare_account",
    "disconnect",
    "found_organisation",
    "give_consent",
    "grant_role",
    "record_health",
    "renew_secrets",
    "revoke_consent",
    "revoke_role",
]
