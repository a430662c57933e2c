"""Contacts outside the tree: influencers, communities, journalists, partner agencies."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Upper
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kentongan.registry import coverage
from kentongan.registry.models.people import Person
from kentongan.registry.models.units import Unit


class AroundField(ArrayField[Any, Any]):
    """The areas and all that lie around them; follows `areas` whenever the row is saved."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Return the codes as they follow from the areas now."""
        found = coverage.around(getattr(model_instance, "areas", ()))
        setattr(model_instance, self.attname, found)
        return found


class Contact(models.Model):
    """Somebody outside the tree whom a unit keeps.

    `person` holds name, phone, e-mail, where the datum came from (`basis`), consents, links and own accounts: the same
    mechanism, with the same purge, as for members. A contact has no position, so that no list of members shows them.
    """

    class Kind(models.TextChoices):
        INFLUENCER = "influencer", _("Influencer")
        COMMUNITY = "community", _("Community")
        JOURNALIST = "journalist", _("Journalist")
        AGENCY = "agency", _("Partner agency")

    class Source(models.TextChoices):
        """`published`: by themselves, where everybody reads it; the basis then names the page."""

        PUBLISHED = "published", _("They publish it themselves")
        GIVEN = "given", _("They gave it to us")
        LIST = "list", _("A list of somebody else")

    person = models.OneToOneField(Person, models.CASCADE, related_name="contact")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="contacts")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    organisation = models.CharField(_("organisation or outlet"), max_length=200, blank=True)
    topics = ArrayField(models.CharField(max_length=40), verbose_name=_("topics"), default=list, blank=True)
    areas = ArrayField(models.CharField(max_length=13), verbose_name=_("areas"), default=list, blank=True)
    areas_around = AroundField(models.CharField(max_length=13), default=list, blank=True, editable=False)
    notes = models.TextField(_("notes"), max_length=2000, blank=True)
    source = models.CharField(_("source"), max_length=9, choices=Source.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ("-id",)
        indexes = (
            models.Index(fields=["unit", "-id"], name="contact_unit"),
            GinIndex(fields=["topics"], name="contact_topics"),
            GinIndex(fields=["areas"], name="contact_areas"),
            GinIndex(fields=["areas_around"], name="contact_areas_around"),
            GinIndex(OpClass(Upper("organisation"), name="gin_trgm_ops"), name="contact_organisation_trgm"),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(kind__in=["influencer", "community", "journalist", "agency"]),
                name="registry_contact_kind",
            ),
            models.CheckConstraint(
                condition=models.Q(source__in=["published", "given", "list"]), name="registry_contact_source"
            ),
        )

    personal_fields = frozenset({"full_name", "phone", "email", "basis", "organisation", "notes", "handle"})

    def __str__(self) -> str:
        return self.person.full_name

    def get_absolute_url(self) -> str:
        """Return the page of the contact for administrators of its unit."""
        return reverse("registry:contact", args=(self.pk,))

    @property
    def audit_label(self) -> str:
        """What the audit log calls them."""
        return f"#{self.pk}"

    @property
    def area_names(self) -> list[str]:
        """The areas by name."""
        return coverage.names(self.areas)
