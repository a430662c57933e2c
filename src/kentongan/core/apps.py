"""The core app."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    """Users, audit, files, jobs, imports, messages."""

    name = "kentongan.core"
    label = "core"
    verbose_name = _("Core")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Learn what every app calls its acts, and follow what people do to their own way in."""
        autodiscover_modules("audit_names")
        import_module("kentongan.core.sign_in_trail")
