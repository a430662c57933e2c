"""The import kind `registry.contacts`: people and groups outside the tree, kept by the importing unit."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid
from kentongan.core.imports import Cell, Feed, Field, Foresight, ImportRun, Option, Row
from kentongan.core.jobs import Progress
from kentongan.core.permissions import Capability
from kentongan.registry import actions, standing
from kentongan.registry.importing.contact_entries import ContactEntry, kind_of, read
from kentongan.registry.importing.contact_matching import ContactMatcher, verdict
from kentongan.registry.importing.fields import FIELDS
from kentongan.registry.importing.matching import Seen
from kentongan.registry.importing.steps import take_back_all, unit_of
from kentongan.registry.models import Contact

BATCH = 2000
SHARED = ("full_name", "phone", "email")
Text = str | Promise


class ContactImport:
    """Contacts outside the tree, kept by the unit for which the list is imported: minimal `invited` records."""

    name: ClassVar[str] = "registry.contacts"
    label: ClassVar[Text] = _("Contacts outside the organisation")
    capability: ClassVar[Capability] = Capability.ADMINISTER
    sheets_together: ClassVar[bool] = True
    about_people: ClassVar[bool] = True
    fields: ClassVar[Sequence[Field]] = (
        *(field for field in FIELDS if field.name in SHARED),
        Field("kind", _("Kind"), synonyms=("jenis", "kategori", "jenis kontak", "kelompok", "tipe", "type"),
              help=_("Influencer, community, journalist or partner agency, in these or in similar words.")),
        Field("organisation", _("Organisation or outlet"),
              synonyms=("organisasi", "media", "nama media", "komunitas", "nama komunitas", "instansi", "lembaga",
                        "perusahaan", "asal", "outlet", "redaksi")),
        Field("topics", _("Topics"), synonyms=("topik", "isu", "bidang", "tema", "minat", "konten", "rubrik", "desk"),
              help=_("Several in one cell, with a comma or semicolon between them.")),
        Field("areas", _("Areas"),
              synonyms=("wilayah", "area", "cakupan", "daerah", "wilayah liputan", "wilayah cakupan", "kota",
                        "kabupaten", "domisili"),
              help=_("Which areas they cover, by name or code: “Kab. Bekasi; Kec. Cikarang Utara”.")),
        Field("notes", _("Notes"), synonyms=("catatan", "keterangan", "ket", "notes", "remark"),
              help=_("They see them on their own page.")),
        *(field for field in FIELDS if field.name.startswith("account")),
    )  # fmt: skip
    options: ClassVar[Sequence[Option]] = (
        Option("basis", _("Where the list comes from"), required=True,
               help=_("For example: list of the press office, March 2026; guest book of the meeting on 12 May 2026.")),
        Option("kind", _("What they are, where no column says it"),
               help=_("Influencer, community, journalist or partner agency.")),
    )  # fmt: skip
    meant_label: ClassVar[Text] = _("Contact that is meant")
    questions_label: ClassVar[Text] = _("Nothing to decide")
    questions_help: ClassVar[Text] = ""
    left_labels: ClassVar[Mapping[str, Text]] = {standing.MERGED: _("merged with another record")}
    suggest_url: ClassVar[Any] = ""

    def check_options(self, given: Mapping[str, str]) -> dict[str, Any]:
        """Return where the list comes from and the kind of its rows; raise Invalid."""
        basis = " ".join(str(given.get("basis") or "").split())[:200]
        said = " ".join(str(given.get("kind") or "").split())
        faults: dict[str, list[Text]] = {}
        if not basis:
            faults["basis"] = [_("Say where the list comes from.")]
        if said and not kind_of(said):
            faults["kind"] = [_("Write influencer, community, journalist or partner agency.")]
        if faults:
            raise Invalid(fields=faults)
        return {"basis": basis, "kind": kind_of(said), "source": Contact.Source.LIST.value}

    def check(self, values: Mapping[str, Cell]) -> ContactEntry:
        """Return the entry of a row."""
        return read(values)

    def foresee(self, run: ImportRun, looked: Sequence[Row], read: Sequence[Row]) -> Foresight:
        """Return what would become of the rows if they came in now; no cell of such a list needs a decision."""
        matcher = ContactMatcher(unit_of(run), run.options["kind"], Seen())
        return Foresight([verdict(one) for one in matcher.decide(looked)], [])

    def answer(self, actor: Actor, run: ImportRun, answers: Mapping[str, str]) -> None:
        """Refuse: nothing was asked."""
        raise Invalid(_("There is nothing to decide about this file."))

    def apply(self, run: ImportRun, feed: Feed, progress: Progress) -> None:
        """Bring the rows in."""
        unit, seen = unit_of(run), actions.contacts_before(run)
        for batch in feed.batches(BATCH):
            actions.take_contacts(progress.actor, run, feed, batch, unit, seen)

    def undo(self, run: ImportRun, progress: Progress) -> int:
        """Take back what this run brought, the last batch first."""
        later = actions.Later(run)
        return take_back_all(run, progress, lambda step: actions.take_back_contacts(progress.actor, run, step, later))
