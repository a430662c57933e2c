"""How often one visitor may ask; whole villages share one address of a mobile network, so the limit is wide."""

from django.http import HttpRequest

from kentongan.core import limits

CHECKS = 120
CHECKS_SECONDS = 60
REPORTS = 10
REPORTS_SECONDS = 3600


def ask(request: HttpRequest) -> None:
    """Count one question; raises TooMany after 120 in a minute."""
    limits.visit(request, "registry.check", limit=CHECKS, seconds=CHECKS_SECONDS)


def report(request: HttpRequest) -> None:
    """Count one report; raises TooMany after 10 in an hour."""
    limits.visit(request, "registry.report", limit=REPORTS, seconds=REPORTS_SECONDS)
