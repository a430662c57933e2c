"""Units of the organisation's tree, and roles granted at them."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, GistIndex, OpClass
from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from kentongan.core.clock import Zone
from kentongan.core.permissions import Role
from kentongan.registry.ltree import LtreeField


class Unit(models.Model):
    """A node of the tree; `path` (ids from the root, dotted) is kept by the database."""

    class Level(models.TextChoices):
        """The area level is what is fixed; what an organisation calls it is its `label`."""

        NATION = "nation", _("Nation")
        PROVINCE = "province", _("Province")
        REGENCY = "regency", _("Regency or city")
        DISTRICT = "district", _("District")
        VILLAGE = "village", _("Village")
        NONE = "none", _("Beside the areas")

    class Kind(models.TextChoices):
        SPINE = "spine", _("Tree of areas")
        DIVISION = "division", _("Division")
        BODY = "body", _("Body")
        WING = "wing", _("Wing organisation")
        LEGISLATOR = "legislator", _("Legislator's office")
        TASK_FORCE = "task_force", _("Task force")
        PARTNER = "partner", _("Partner")

    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    path = LtreeField(editable=False, unique=True, db_default=models.Value(""))
    code = models.CharField(_("code"), max_length=40, unique=True)
    slug = models.SlugField(_("address"), max_length=80, unique=True)
    name = models.CharField(_("name"), max_length=200)
    label = models.CharField(_("what the organisation calls this level"), max_length=60, blank=True)
    level = models.CharField(_("area level"), max_length=10, choices=Level.choices)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices, default=Kind.SPINE)
    area_code = models.CharField(_("area code"), max_length=13, blank=True)
    timezone = models.CharField(_("time zone"), max_length=40, choices=Zone.choices, default=Zone.WIB)
    constituency = models.CharField(_("electoral district"), max_length=80, blank=True)
    starts_on = models.DateField(_("works from"), null=True, blank=True)
    ends_on = models.DateField(_("works until"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="absorbed", verbose_name=_("merged into")
    )

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        ordering = ("path",)
        indexes = (
            GistIndex(fields=["path"], name="unit_path_gist"),
            models.Index(fields=["area_code"], name="unit_area"),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="unit_name_trgm"),
        )
        constraints = (
            models.UniqueConstraint(models.Value(1), condition=models.Q(parent=None), name="registry_one_root"),
            models.CheckConstraint(condition=~models.Q(parent=models.F("id")), name="registry_unit_not_own_parent"),
            models.CheckConstraint(
                condition=models.Q(ends_on=None)
                | models.Q(starts_on=None)
                | models.Q(ends_on__gte=models.F("starts_on")),
                name="registry_unit_term",
            ),
            models.CheckConstraint(
                condition=models.Q(merged_into=None) | models.Q(closed_at__isnull=False),
                name="registry_merged_unit_is_closed",
            ),
            models.CheckConstraint(
                condition=models.Q(constituency="") | models.Q(kind="legislator"), name="registry_constituency_of_whom"
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def depth(self) -> int:
        """How many steps below the root (0 for the root)."""
        return str(self.path).count(".")


class Grant(models.Model):
    """A role held by a user at a unit, and so for its whole subtree."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="grants")
    unit = models.ForeignKey(Unit, models.CASCADE, related_name="grants")
    role = models.CharField(_("role"), max_length=14, choices=Role.choices)
    granted_at = models.DateTimeField(_("granted"), auto_now_add=True)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        constraints = (
            models.UniqueConstraint(fields=("user", "unit", "role"), name="registry_grant_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="registry_grant_role"),
        )

    def __str__(self) -> str:
        return f"{self.get_role_display()} · {self.unit}"
