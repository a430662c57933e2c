"""Recalls that people carry out, and the links by which custodians who do not sign in here answer one."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kentongan.core import clock
from kentongan.core.links import DeviceLink, bound_to_a_device, revoked_for_a_reason
from kentongan.publishing.states import THERE
from kentongan.publishing.states import State as DeliveryState


class RecallTask(models.Model):
    """A post that people have to delete there, because the platform lets nobody else, or not any more.

    With `stray` it is not the post that its delivery stands for, but a second one: what that attempt left there, which
    is one too many, at `stray_url` where that is known. `in_doubt`: nobody knows that there are two. Whatever comes of
    it, the delivery stays as it is.

    No recipient is noted: at each moment it waits for who keeps the account then (`recalls.queries.waiting_for`).
    Who answered is a user, or a person by their link.
    """

    class State(models.TextChoices):
        ASKED = "asked", pgettext_lazy("recall", "Asked")
        SEEN = "seen", pgettext_lazy("recall", "Seen")
        DONE = "done", _("Deleted there")
        DECLINED = "declined", pgettext_lazy("recall", "Cannot be deleted")
        CALLED_OFF = "called_off", pgettext_lazy("recall", "Called off")

    class Look(models.TextChoices):
        GONE = "gone", _("nothing is at its address any more")
        THERE = "there", _("its address still answers")
        UNSURE = "unsure", _("its address tells nothing")

    OPEN = (State.ASKED.value, State.SEEN.value)

    delivery = models.ForeignKey("publishing.Delivery", models.PROTECT, related_name="recall_tasks")
    stray = models.ForeignKey(
        "publishing.Attempt", models.PROTECT, null=True, related_name="recall_tasks", verbose_name=_("one too many")
    )
    stray_url = models.CharField(max_length=500, blank=True)
    in_doubt = models.BooleanField(default=False)
    unit = models.ForeignKey("registry.Unit", models.PROTECT, related_name="+", verbose_name=_("unit"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ASKED)
    reason = models.CharField(_("reason"), max_length=300)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField(pgettext_lazy("recall", "asked"))
    due_at = models.DateTimeField(_("due by"))
    seen_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    seen_at = models.DateTimeField(_("seen"), null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    answered_person = models.ForeignKey("registry.Person", models.SET_NULL, null=True, related_name="+")
    answered_at = models.DateTimeField(_("answered"), null=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    look = models.CharField(_("looked up"), max_length=6, choices=Look.choices, blank=True)
    proof = models.ForeignKey("core.StoredFile", models.PROTECT, null=True, related_name="+", verbose_name=_("picture"))
    risen_at = models.DateTimeField(_("told a level above"), null=True)

    class Meta:
        app_label = "publishing"
        verbose_name = _("recall by people")
        verbose_name_plural = _("recalls by people")
        constraints = (
            models.UniqueConstraint(
                fields=("delivery",), condition=Q(state__in=("asked", "seen"), stray=None), name="recall_once"
            ),
            models.UniqueConstraint(
                fields=("stray",), condition=Q(state__in=("asked", "seen")), name="recall_stray_once"
            ),
            models.CheckConstraint(
                condition=Q(stray__isnull=False) | Q(stray_url="", in_doubt=False), name="recall_stray_only"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="recall_has_reason"),
            models.CheckConstraint(
                condition=Q(state__in=("asked", "seen"), answered_at=None)
                | Q(state__in=("done", "declined", "called_off"), answered_at__isnull=False),
                name="recall_answered",
            ),
            models.CheckConstraint(condition=~Q(state="seen") | Q(seen_at__isnull=False), name="recall_seen"),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(look="gone") | ~Q(note="") | Q(proof__isnull=False),
                name="recall_done_is_proven",
            ),
            models.CheckConstraint(condition=~Q(state="declined", note=""), name="recall_declined_why"),
        )
        indexes = (
            models.Index(fields=("due_at",), name="recall_open", condition=Q(state__in=("asked", "seen"))),
            models.Index(fields=("unit", "state"), name="recall_unit"),
        )

    def __str__(self) -> str:
        return f"{self.delivery_id}: {self.state}"

    def get_absolute_url(self) -> str:
        """Return the task's page."""
        return reverse("publishing:recall_task", args=(self.pk,))

    @property
    def is_of_repost(self) -> bool:
        """Whether a repost is to be undone: the address of its delivery is the other account's post, which may stay."""
        return self.delivery.repost_of_id is not None

    @property
    def is_one_too_many(self) -> bool:
        """Whether the same post is there twice, or may be: the delivery's own stays, the other one is to be deleted."""
        return self.stray_id is not None

    @property
    def is_in_doubt(self) -> bool:
        """Whether nobody knows that there is anything to delete."""
        return self.in_doubt if self.is_one_too_many else self.delivery.state == DeliveryState.UNKNOWN

    @property
    def url(self) -> str:
        """Return the address of what is to be deleted; empty where it is not known."""
        if not self.is_one_too_many:
            return self.delivery.url
        # Many platforms name a repost by the address of the post, which stays.
        return "" if self.is_of_repost and self.stray_url == self.delivery.url else self.stray_url

    @property
    def stays_url(self) -> str:
        """Return the address of the other one of two, which stays; empty where it does not, or there is no other."""
        there = (
            self.is_one_too_many
            and not self.is_of_repost
            and self.delivery.state in THERE
            and self.delivery.recall_at is None
        )
        return self.delivery.url if there else ""

    @property
    def is_open(self) -> bool:
        """Whether it waits for an answer."""
        return self.state in self.OPEN

    @property
    def closed_itself(self) -> bool:
        """Whether it was found out that the post is gone; whoever answers so has its address looked up."""
        return self.state == self.State.DONE and not self.look

    @property
    def is_late(self) -> bool:
        """Whether it waits longer than it should."""
        return self.is_open and self.due_at < clock.now()


class RecallLink(DeviceLink):
    """A link to one recall, for one person who keeps the account.

    It opens as long as they do, and until two weeks after the post should have been deleted (`recalls.links.GRACE`).
    """

    person = models.ForeignKey("registry.Person", models.CASCADE, related_name="+")
    task = models.ForeignKey(RecallTask, models.CASCADE, related_name="links")

    class Meta:
        app_label = "publishing"
        verbose_name = _("link to a recall")
        verbose_name_plural = _("links to recalls")
        constraints = (
            bound_to_a_device("recall_link_bound_to_a_device"),
            revoked_for_a_reason("recall_link_revoked_for"),
            models.UniqueConstraint(
                fields=("task", "person"), condition=Q(revoked_at__isnull=True), name="recall_link_one_each"
            ),
        )

    def __str__(self) -> str:
        return f"link {self.pk}"
