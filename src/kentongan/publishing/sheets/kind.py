"""The import kind `publishing.posts`: posts of a spreadsheet, as content that waits for approval."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from kentongan.channels import registry as channels
from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid
from kentongan.core.imports import Cell, Feed, Field, Foresight, ImportRun, Option, Row
from kentongan.core.imports.values import looks_like_moment, looks_like_prose, looks_like_url
from kentongan.core.jobs import Progress
from kentongan.core.permissions import Capability
from kentongan.publishing.actions import sheets as actions
from kentongan.publishing.sheets.entries import VARIANT, PostEntry, purpose_of, read
from kentongan.publishing.sheets.matching import Matcher
from kentongan.registry import queries as registry
from kentongan.registry.importing.steps import unit_of

BATCH = 500
Text = str | Promise


def _variant(kind: str, label: Text) -> Field:
    said = str(label).casefold()
    return Field(
        f"{VARIANT}{kind}",
        format_lazy(_("Text for {channel}"), channel=label),
        synonyms=tuple(f"{word} {name}" for word in ("text", "teks", "isi", "caption") for name in {said, kind}),
        help=_("Where it is empty, the general text goes out there."),
    )


class PostSheet:
    """Posts with their day, time, accounts and text: each becomes an item in review, booked to its accounts."""

    name: ClassVar[str] = "publishing.posts"
    label: ClassVar[Text] = _("Posts with their dates")
    capability: ClassVar[Capability] = Capability.EDIT
    fields: ClassVar[Sequence[Field]] = (
        Field("date", _("Date"), required=True, guess=looks_like_moment,
              synonyms=("tanggal", "tgl", "hari", "jadwal", "waktu tayang", "day", "schedule"),
              help=_("With its time, or with the time in a column of its own.")),
        Field("time", _("Time"), synonyms=("jam", "pukul", "waktu", "hour"), help=_("Like 09.30.")),
        Field("zone", _("Time zone"), synonyms=("zona", "zona waktu", "timezone"),
              help=_("WIB, WITA or WIT; empty is the zone of the unit.")),
        Field("unit", _("Unit"), synonyms=("satuan", "satker", "kode unit", "wilayah"),
              help=_("By code or name: the post goes to its connected accounts.")),
        Field("account", _("Account"), synonyms=("akun", "nama akun", "handle", "username"),
              help=_("Several in one cell, with a semicolon between them; empty is all of the unit.")),
        Field("channel", _("Channel"), synonyms=("kanal", "platform", "media sosial", "medsos")),
        Field("title", _("Title"), synonyms=("judul", "headline")),
        Field("text", _("Text"), guess=looks_like_prose,
              synonyms=("teks", "isi", "caption", "konten", "naskah", "copy", "post")),
        *(_variant(channel.kind, channel.manifest.label) for channel in channels.publishing()),
        Field("link", _("Link"), synonyms=("tautan", "url"), guess=looks_like_url),
        Field("purpose", _("Purpose"), synonyms=("tujuan", "jenis")),
        Field("brief", _("Brief"), synonyms=("brief", "arahan")),
        Field("campaign", _("Campaign"), synonyms=("program", "kampanye", "campaign", "nama kampanye"),
              help=_("The name of a running campaign; where it is empty, a post stays in the one it is in.")),
        Field("picture", _("Picture"), synonyms=("gambar", "foto", "file", "image"),
              help=_("The name of a picture that was uploaded to an item before.")),
        Field("picture_text", _("Description of the picture"),
              synonyms=("alt", "alt text", "teks alternatif", "deskripsi gambar")),
        Field("code", _("Code of the row"), synonyms=("kode", "nomor", "no", "id", "number"),
              help=_("With it, a later file changes the post, its time too, as long as it is not approved.")),
    )  # fmt: skip
    options: ClassVar[Sequence[Option]] = (
        Option(
            "purpose", _("What they are for, where no column says it"), help=_("“Public service” or “electioneering”.")
        ),
    )
    meant_label: ClassVar[Text] = _("Goes to")
    questions_label: ClassVar[Text] = _("Nothing to decide")
    questions_help: ClassVar[Text] = ""
    suggest_url: ClassVar[Any] = ""

    def check_options(self, given: Mapping[str, str]) -> dict[str, Any]:
        """Return the purpose of the rows; a neutral organisation has only one. Raise Invalid."""
        said = str(given.get("purpose") or "").strip()
        if said and not purpose_of(said):
            raise Invalid(fields={"purpose": [_("Write “public service” or “electioneering”.")]})
        organisation = registry.organisation()
        neutral = organisation is None or organisation.neutral
        return {"purpose": purpose_of(said) or ("service" if neutral else "")}

    def check(self, values: Mapping[str, Cell]) -> PostEntry:
        """Return the entry of a row."""
        return read(values)

    def foresee(self, run: ImportRun, looked: Sequence[Row], read: Sequence[Row]) -> Foresight:
        """Return what would become of the rows if they came in now; no cell needs a decision."""
        actor = Actor.of_user(run.created_by) if run.created_by else Actor.system("publishing.sheet")
        matcher = Matcher(actor, unit_of(run), run.options["purpose"])
        return Foresight([one.verdict() for one in matcher.decide(looked)], [])

    def answer(self, actor: Actor, run: ImportRun, answers: Mapping[str, str]) -> None:
        """Refuse: nothing was asked."""
        raise Invalid(_("There is nothing to decide about this file."))

    def apply(self, run: ImportRun, feed: Feed, progress: Progress) -> None:
        """Bring the rows in; the approvers are told once, of all of them."""
        matcher = Matcher(progress.actor, unit_of(run), run.options["purpose"])
        for batch in feed.batches(BATCH):
            actions.take_posts(progress.actor, run, feed, batch, matcher)
        actions.tell_approvers(progress.actor, run)

    def undo(self, run: ImportRun, progress: Progress) -> int:
        """Take back what this run brought and nobody has touched since."""
        return actions.take_back_all(progress.actor, run, progress)
