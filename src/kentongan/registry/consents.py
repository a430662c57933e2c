"""What people agree to, word for word: the text is stored with each consent as it was shown."""

import hashlib
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from kentongan.core.errors import Invalid
from kentongan.registry.models import Consent, Organisation

TEXTS = {
    Consent.Purpose.CONTACT: _(
        "I agree that %(organisation)s writes to me about the organisation's work, by WhatsApp or e-mail. "
        "I can end this at any time on this page."
    ),
    Consent.Purpose.ACCOUNTS: _(
        "I am 17 or older and agree that %(organisation)s keeps a list of my own social media accounts which I "
        "state or confirm here. Only administrators of my unit and of the units above it see them; they are counted "
        "without names. Nothing is ever posted from my accounts. When I end this, my accounts are deleted from the "
        "list."
    ),
    Consent.Purpose.MISSIONS: _(
        "I agree that %(organisation)s invites me to share things in my own words and from my own accounts. Every "
        "invitation is voluntary; nobody is told why I declined. I can end this at any time on this page."
    ),
    Consent.Purpose.GATHERINGS: _(
        "I agree that %(organisation)s invites me to meetings and notes whether I came. I can end this at any time on "
        "this page."
    ),
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A consent as it is shown: its purpose, the whole text, and what tells one text from another."""

    purpose: str
    label: str
    text: str
    digest: str


def offer(purpose: str) -> Offer:
    """Return what is shown for a purpose, in the language of this moment; raises Invalid for an unknown one."""
    if purpose not in TEXTS:
        raise Invalid(fields={"purpose": [_("Choose one of the purposes on the list.")]})
    organisation = Organisation.objects.first()
    text = str(TEXTS[Consent.Purpose(purpose)]) % {"organisation": organisation.name if organisation else "Kentongan"}
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return Offer(purpose, str(Consent.Purpose(purpose).label), text, digest)


def agreed(purpose: str, digest: str) -> str:
    """Return the text that was agreed to; raises Invalid where another one is shown now."""
    shown = offer(purpose)
    if shown.digest != digest:
        raise Invalid(_("The text has changed since you opened this page."), remedy=_("Read it once more, then agree."))
    return shown.text
