"""Visits to the public posts of official accounts, and the servers that are asked."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from kentongan.core import clock
from kentongan.registry.models.accounts import Account


class VisitedHost(models.Model):
    """A server that is asked about accounts; `free_at` is when it may be asked again, by whichever worker."""

    host = models.CharField(_("server"), max_length=253, primary_key=True)
    free_at = models.DateTimeField(_("may be asked from"), default=clock.now)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)

    class Meta:
        verbose_name = _("visited server")
        verbose_name_plural = _("visited servers")
        indexes = (models.Index(fields=("free_at",), name="visited_host_free"),)

    def __str__(self) -> str:
        return self.host


class AccountVisit(models.Model):
    """The visits to one official account: when the next is due, what the last one found, and what it left for the next.

    `looked_at` is the last try, `read_at` the last one that found out when the account posted.
    """

    class Finding(models.TextChoices):
        """What the last visit found."""

        READ = "read", _("Posts read")
        EMPTY = "empty", _("No post yet")
        HIDDEN = "hidden", _("Shows no posts to everybody")
        ABSENT = "absent", _("The platform knows no such account")
        LIMITED = "limited", _("The platform was asked too often")
        UNREACHABLE = "unreachable", _("Could not be read")

    KNOWN = (Finding.READ, Finding.EMPTY)

    account = models.OneToOneField(Account, models.CASCADE, related_name="visit")
    host = models.ForeignKey(VisitedHost, models.CASCADE, related_name="visits", db_index=False)
    due_at = models.DateTimeField(_("next visit"), default=clock.now)
    claimed_at = models.DateTimeField(null=True)
    looked_at = models.DateTimeField(_("last looked"), null=True)
    read_at = models.DateTimeField(_("last read"), null=True)
    finding = models.CharField(_("finding"), max_length=11, choices=Finding.choices, blank=True)
    said = models.CharField(_("what went wrong"), max_length=300, blank=True)
    post_url = models.CharField(_("newest post"), max_length=500, blank=True)
    feed = models.CharField(_("feed"), max_length=500, blank=True)
    etag = models.CharField(max_length=200, blank=True)
    modified = models.CharField(max_length=200, blank=True)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)

    class Meta:
        verbose_name = _("visit to an account")
        verbose_name_plural = _("visits to accounts")
        indexes = (
            models.Index(fields=("host", "due_at"), name="account_visit_due"),
            models.Index(fields=("finding",), name="account_visit_finding"),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(finding="") | models.Q(looked_at__isnull=False), name="registry_visit_has_its_time"
            ),
            models.CheckConstraint(
                condition=~models.Q(finding__in=("read", "empty")) | models.Q(read_at__isnull=False, failures=0),
                name="registry_visit_read_has_its_time",
            ),
        )

    def __str__(self) -> str:
        return str(self.account)

    @property
    def failed(self) -> bool:
        """Whether the last visit did not find out when the account posted."""
        return bool(self.finding) and self.finding not in self.KNOWN
