"""The registry app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from kentongan.core import authority


class RegistryConfig(AppConfig):
    """Units, people, roles, accounts."""

    name = "kentongan.registry"
    label = "registry"
    verbose_name = _("Registry")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Answer the lower apps' questions about rights and people."""
        from kentongan.core import audit, imports, messages
        from kentongan.core.permissions import Capability
        from kentongan.registry import keepers, personal, tasks, watching  # noqa: F401
        from kentongan.registry.access import RegistryAuthority
        from kentongan.registry.directory import PeopleDirectory, person_names
        from kentongan.registry.importing.contacts import ContactImport
        from kentongan.registry.importing.people import PeopleImport
        from kentongan.registry.models import Person

        authority.register(RegistryAuthority())
        audit.register_names(Person, person_names, people=True)
        messages.register_directory(PeopleDirectory())
        imports.register(PeopleImport())
        imports.register(ContactImport())
        messages.declare_purpose(
            "registry.invitation", _("Invitations to see one's own data"), seen_with=Capability.ADMINISTER
        )
        personal.register("registry", keepers.RegistryKeeper())
        personal.register("messages", keepers.OutboxKeeper())
