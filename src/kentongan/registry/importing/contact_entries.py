"""One row of a list of contacts, read: name, what they are, outlet, topics, areas, contact, public accounts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from kentongan.channels.addresses import Identity
from kentongan.core.errors import Invalid
from kentongan.core.imports import Cell, RowError
from kentongan.core.imports.values import text
from kentongan.registry import contacting, coverage, names
from kentongan.registry.importing import phones
from kentongan.registry.importing.entries import check_length, email, name, own_accounts
from kentongan.registry.models import Contact

TOPICS_APART = re.compile(r"\s*[;,\n|/]\s*")
# The first kind one of whose words stands in the cell.
WORDS = (
    (Contact.Kind.JOURNALIST, ("wartawan", "jurnalis", "journalist", "reporter", "redaktur", "redaksi", "pers",
                              "media")),
    (Contact.Kind.INFLUENCER, ("influencer", "influenser", "kol", "selebgram", "youtuber", "tiktoker", "kreator",
                               "content creator", "creator", "konten kreator", "buzzer", "pesohor")),
    (Contact.Kind.COMMUNITY, ("komunitas", "community", "paguyuban", "karang taruna", "ormas", "forum", "relawan",
                              "perkumpulan", "grup")),
    (Contact.Kind.AGENCY, ("agency", "partner", "mitra", "instansi", "lembaga", "dinas", "opd", "perusahaan", "bumd",
                           "kampus", "sekolah", "rumah sakit", "partner agency")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ContactEntry:
    """A row as it would come in; `areas` are texts yet, for what lies near depends on the unit. `kind` may be empty."""

    full_name: str
    key: str
    phone: str
    email: str
    kind: str
    organisation: str
    topics: tuple[str, ...]
    areas: tuple[str, ...]
    notes: str
    handles: tuple[Identity, ...] = ()
    remarks: tuple[str, ...] = ()


def kind_of(said: str) -> str:
    """Return the kind that a word means, "" for none."""
    words = " ".join(said.casefold().replace("-", " ").split())
    if words in Contact.Kind.values:
        return words
    return next((kind.value for kind, known in WORDS if any(re.search(rf"\b{one}\b", words) for one in known)), "")


def read(values: Mapping[str, Cell]) -> ContactEntry:
    """Return the entry of a row; raise RowError where name, kind, phone or e-mail cannot be read."""
    check_length(values)
    handles, remarks = own_accounts(values)
    topics = contacting.topics(_parts(values["topics"]))
    kept = tuple(topic for topic in topics if len(topic) <= contacting.TOPIC_CHARS)[: contacting.MOST_TOPICS]
    if len(kept) < len(topics):
        remarks = (*remarks, _("Topics that are too long or too many were left out."))
    full_name = name(values["full_name"])
    return ContactEntry(
        full_name=full_name,
        key=names.key(full_name),
        phone=phones.read(values["phone"]),
        email=email(values["email"]),
        kind=_kind(values["kind"]),
        organisation=_words(values["organisation"])[: contacting.NAME_CHARS],
        topics=kept,
        areas=tuple(coverage.split(_nothing(text(values["areas"])))),
        notes=_nothing(text(values["notes"]))[: contacting.NOTES_CHARS],
        handles=handles[: contacting.MOST_ACCOUNTS],
        remarks=remarks,
    )


def _kind(cell: Cell) -> str:
    said = _words(cell)
    kind = kind_of(said)
    if said and not kind:
        raise RowError(
            _("“%(text)s” is none of influencer, community, journalist and partner agency.") % {"text": said[:40]}
        )
    return kind


def _nothing(value: str) -> str:
    return "" if phones.is_nothing(value) else value.strip()


def _words(cell: Cell) -> str:
    return _nothing(" ".join(text(cell).split()))


def _parts(cell: Cell) -> list[str]:
    return [part for part in TOPICS_APART.split(_nothing(text(cell))) if part]


def areas_near(entry: ContactEntry, near: str) -> tuple[list[str], list[str]]:
    """Return the codes of the areas that a row names, and a remark on each that cannot be read."""
    codes: dict[str, None] = {}
    remarks = []
    for one in entry.areas:
        try:
            codes[coverage.read(one, near)] = None
        except Invalid as error:
            remarks.append(str(error.message))
    return list(codes)[: contacting.MOST_AREAS], remarks
