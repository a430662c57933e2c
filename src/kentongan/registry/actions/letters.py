"""Letters that decisions rest on."""

from datetime import date
from typing import IO

from django.utils.translation import gettext_lazy as _

from kentongan.core import audit, files
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid
from kentongan.core.models import StoredFile
from kentongan.core.permissions import Capability
from kentongan.registry import access
from kentongan.registry.models import Letter

LARGEST_SCAN = 20 << 20
SCANS = ("application/pdf", "image/jpeg", "image/png", "image/webp")


def keep_scan(
    actor: Actor, unit_id: int, upload: IO[bytes], name: str, capability: Capability = Capability.ADMINISTER
) -> StoredFile:
    """Keep the scan of a letter; outside the transaction of the action that uses it, for it may be large."""
    access.get_unit(actor, capability, pk=unit_id)
    return files.store(actor, upload, name, unit_id=unit_id, allowed=SCANS, max_bytes=LARGEST_SCAN)


@action("registry.letter.note", may_do_nothing=True)
def note_letter(
    actor: Actor,
    unit_id: int,
    *,
    number: str,
    dated: date | None,
    about: str = "",
    file: StoredFile | None = None,
    capability: Capability = Capability.ADMINISTER,
) -> Letter | None:
    """Note a letter of a unit, once by number and date; None where no number is given. A new scan replaces the old."""
    unit = access.get_unit(actor, capability, pk=unit_id)
    number = " ".join(number.split())[:120]
    if not number:
        if dated or file:
            raise Invalid(fields={"letter_number": [_("Which number does the letter have?")]})
        return None
    if dated is None:
        raise Invalid(fields={"letter_dated": [_("Which date does the letter bear?")]})
    letter, made = Letter.objects.get_or_create(
        unit=unit, number=number, dated=dated, defaults={"about": about.strip()[:300], "file": file}
    )
    if not made and file is not None and letter.file_id != file.pk:
        letter.file = file
        letter.save(update_fields=["file"])
        made = True
    if made:
        audit.record(actor, letter, unit_id=unit.pk, after={"number": number, "dated": dated, "about": letter.about})
    return letter
