"""Cards on paper: an invitation for each person, with the code that opens their page."""

from collections.abc import Sequence

import segno
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from kentongan.core import clock, printing
from kentongan.registry.models import Organisation, PersonInvitation


def invitations(made: Sequence[tuple[PersonInvitation, str]]) -> bytes:
    """Return a PDF with a card for each person: name, unit, and the code that opens their page."""
    organisation = Organisation.objects.first()
    codes = {f"code{number}.svg": _qr(address) for number, (_one, address) in enumerate(made)}
    first = made[0][0]
    data = {
        "title": _("Invitations"),
        "lead": _("Cut along the lines and give each card to its person: the code opens their own page, once."),
        "organisation": organisation.name if organisation else "",
        "printed": date_format(clock.now(), "j F Y"),
        "cards": [
            {"name": one.person.full_name, "unit": one.unit.name, "code": f"code{number}.svg"}
            for number, (one, _address) in enumerate(made)
        ],
        "how": _(
            "Scan with your phone’s camera. See what is kept about you, correct it, and decide what you agree to."
        ),
        "until": _("Good until %(day)s.") % {"day": date_format(first.expires_at, "j F Y")},
    }
    return printing.pdf("registry/invitations.typ", data, codes)


def _qr(address: str) -> bytes:
    code = segno.make(address, error="m", micro=False)
    return bytes(code.svg_inline(scale=4, border=2).encode())
