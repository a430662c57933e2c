"""Tables of the registry, one file a noun."""

from kentongan.registry.models.accounts import Account, Connection, RefusedAccount
from kentongan.registry.models.audits import Audit, AuditResult, RuleSetting
from kentongan.registry.models.contacts import Contact
from kentongan.registry.models.custody import CustodyAlarm, Handover
from kentongan.registry.models.history import FormerName, UnitChange
from kentongan.registry.models.imports import ImportStep, UnitAlias
from kentongan.registry.models.impostors import ImpostorCase, ImpostorReport
from kentongan.registry.models.invitations import PersonInvitation
from kentongan.registry.models.letters import Letter
from kentongan.registry.models.mandates import Mandate
from kentongan.registry.models.organisation import Organisation
from kentongan.registry.models.people import Consent, KeptApart, Membership, Person, Withdrawal
from kentongan.registry.models.proofs import Attestation, Challenge, Dispute
from kentongan.registry.models.routines import Routine, SignOff
from kentongan.registry.models.tallies import Recount, Tally, TallyDay
from kentongan.registry.models.units import Grant, Unit
from kentongan.registry.models.visits import AccountVisit, VisitedHost

__all__ = [
    "Account",
    "AccountVisit",
    "Attestation",
    "Audit",
    "AuditResult",
    "Challenge",
    "Connection",
    "Consent",
    "Contact",
    "CustodyAlarm",
    "Dispute",
    "FormerName",
    "Grant",
    "Handover",
    "ImportStep",
    "ImpostorCase",
    "ImpostorReport",
    "KeptApart",
    "Letter",
    "Mandate",
    "Membership",
    "Organisation",
    "Person",
    "PersonInvitation",
    "Recount",
    "RefusedAccount",
    "Routine",
    "RuleSetting",
    "SignOff",
    "Tally",
    "TallyDay",
    "Unit",
    "UnitAlias",
    "UnitChange",
    "VisitedHost",
    "Withdrawal",
]
