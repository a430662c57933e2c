"""The listening app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ListeningConfig(AppConfig):
    """Simak: posts in, issues out."""

    name = "kentongan.listening"
    label = "listening"
    verbose_name = _("Listening")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Offer the import of posts; register what comes round."""
        from kentongan.core import imports
        from kentongan.listening import tasks  # noqa: F401
        from kentongan.listening.importing import PostImport

        imports.register(PostImport())
