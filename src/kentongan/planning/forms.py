"""Forms of planning; they parse, the actions check and write."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.forms import BaseFormSet, BoundField, formset_factory
from django.utils.translation import gettext_lazy as _

from kentongan.channels.contract import Channel
from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid
from kentongan.core.sniff import IMAGES, VIDEOS
from kentongan.planning import approvals, counting, queries
from kentongan.planning.campaigns import queries as campaigns
from kentongan.planning.drafts import BriefDraft, FactDraft, ItemDraft, RenditionDraft, plain
from kentongan.planning.models import Brief, ContentItem, Language
from kentongan.registry.fields import UnitField

MOMENT = "%Y-%m-%dT%H:%M"
MAX_FACTS = 12
MAX_TEXT = 20_000


def _moment(**options: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT)
    return forms.DateTimeField(widget=widget, input_formats=[MOMENT, "%Y-%m-%dT%H:%M:%S"], **options)


class FactForm(forms.Form):
    """One fact and its source."""

    text = forms.CharField(label=_("Fact"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    source = forms.CharField(label=_("Source"), max_length=200, required=False)
    url = forms.URLField(label=_("Link, if there is one"), max_length=500, required=False, assume_scheme="https")

    def clean(self) -> dict[str, Any]:
        """Ask for a source when there is a fact, and the other way round."""
        values = super().clean() or {}
        if values.get("text") and not values.get("source"):
            self.add_error("source", _("Where does this fact come from?"))
        if values.get("source") and not values.get("text"):
            self.add_error("text", _("Which fact does this source support?"))
        return values


FactFormSet: type[BaseFormSet[FactForm]] = formset_factory(FactForm, extra=1, max_num=MAX_FACTS, validate_max=True)


class BriefForm(forms.Form):
    """A brief."""

    unit = UnitField(label=_("Unit"))
    title = forms.CharField(label=_("Title"), max_length=200)
    situation = forms.CharField(
        label=_("Situation"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What is happening, in two or three sentences."),
    )
    message = forms.CharField(
        label=_("Message"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("The one thing people should remember."),
    )
    audience = forms.CharField(label=_("Audience"), max_length=300, help_text=_("Who should hear it, and where."))
    topic = forms.CharField(label=_("Topic"), max_length=120, required=False)
    places = forms.CharField(label=_("Places"), max_length=300, required=False)
    deadline = _moment(label=_("Deadline"), help_text=_("When it has to be out, in your time zone."))

    def __init__(self, *args: Any, actor: Actor, brief: Brief | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        unit = self.fields["unit"]
        assert isinstance(unit, UnitField)
        unit.offer(queries.units_to_edit(actor))
        if brief is not None:
            unit.disabled = True
            unit.initial = brief.unit
        self.fields["deadline"].initial = clock.now() + timedelta(days=1)

    def draft(self, facts: "BaseFormSet[FactForm]", issue_id: int | None) -> BriefDraft:
        """Return the brief as entered; both forms have to be valid."""
        names = ("title", "situation", "message", "audience", "topic", "places", "deadline")
        lines = [form.cleaned_data for form in facts.forms if form.cleaned_data.get("text")]
        return BriefDraft(
            issue_id=issue_id,
            facts=tuple(FactDraft(line["text"], line["source"], line["url"]) for line in lines),
            **{name: self.cleaned_data[name] for name in names},
        )


@dataclass(frozen=True, slots=True)
class Slot:
    """One channel's part of the item form, with its present count."""

    channel: Channel
    text: BoundField
    title: BoundField | None
    link: BoundField | None
    measure: counting.Measure

    @property
    def summary(self) -> str:
        """The count in words."""
        return counting.summary(self.measure)


class ItemForm(forms.Form):
    """A content item with a version for each channel that can be published to."""

    unit = UnitField(label=_("Unit"))
    title = forms.CharField(label=_("Title"), max_length=200)
    text = forms.CharField(
        label=_("Master text"),
        max_length=MAX_TEXT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("The full text that the versions are made from. It does not go out by itself."),
    )
    purpose = forms.ChoiceField(
        label=_("Purpose"),
        widget=forms.RadioSelect,
        help_text=_("Electioneering stops in a quiet period; public service goes on. There is no default."),
    )
    language = forms.ChoiceField(label=_("Language"), choices=Language.choices, initial=Language.INDONESIAN)
    planned_for = _moment(
        label=_("Wanted on"), required=False, help_text=_("Shown in the calendar; you schedule it later.")
    )
    campaign = forms.TypedChoiceField(label=_("Campaign"), coerce=int, required=False, empty_value=None)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, actor: Actor, item: ContentItem | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        unit, purpose = self.fields["unit"], self.fields["purpose"]
        assert isinstance(unit, UnitField)
        assert isinstance(purpose, forms.ChoiceField)
        unit.offer(queries.units_to_edit(actor))
        purpose.choices = queries.purposes()
        self._offer_campaigns(actor, item)
        if item is not None:
            unit.disabled = True
            unit.initial = item.unit
            if approvals.effects(item).count:
                help_text = _("When it goes out to the accounts that are booked for it, once it is approved.")
                self.fields["planned_for"].help_text = help_text
        self.channels = counting.offered()
        for channel in self.channels:
            self._add_slot(channel)

    def _offer_campaigns(self, actor: Actor, item: ContentItem | None) -> None:
        """Offer the running campaigns that the actor writes for, and the one that the item is in; else no field."""
        found = {campaign.pk: campaign.name for campaign in campaigns.open_to(actor)[: campaigns.CHOICES]}
        if item is not None and item.campaign is not None:
            found = {item.campaign.pk: item.campaign.name} | found
        field = self.fields["campaign"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [("", _("none")), *found.items()]
        if not found:
            field.widget = forms.HiddenInput()

    def _add_slot(self, channel: Channel) -> None:
        kind, limits = channel.kind, channel.manifest.limits
        attrs = {"rows": 7 if limits.title else 5, "data-count": kind, "data-counting": str(limits.counting)}
        if limits.text:
            attrs["data-limit"] = limits.text
        self.fields[f"{kind}_text"] = forms.CharField(
            label=_("Text"), required=False, max_length=MAX_TEXT, strip=True, widget=forms.Textarea(attrs=attrs)
        )
        if limits.title:
            self.fields[f"{kind}_title"] = forms.CharField(label=_("Headline"), required=False, max_length=200)
        self.fields[f"{kind}_link"] = forms.URLField(
            label=_("Link"), required=False, max_length=500, assume_scheme="https"
        )

    @property
    def master(self) -> list[BoundField]:
        """The fields that belong to the item as a whole."""
        return [self[name] for name in ("title", "text")]

    @property
    def settings(self) -> list[BoundField]:
        """The fields beside the text."""
        return [
            self[name]
            for name in ("purpose", "campaign", "unit", "language", "planned_for")
            if not self[name].is_hidden
        ]

    @property
    def slots(self) -> list[Slot]:
        """The channels' parts of the form."""
        return [self._slot(channel) for channel in self.channels]

    @property
    def written(self) -> dict[str, RenditionDraft]:
        """The versions as they stand in the fields, by kind."""
        return {channel.kind: self._draft_of(channel.kind) for channel in self.channels}

    def _draft_of(self, kind: str) -> RenditionDraft:
        names = {name: f"{kind}_{name}" for name in ("text", "title", "link")}
        values = {name: str(self[field].value() or "") for name, field in names.items() if field in self.fields}
        return RenditionDraft(**values | {"text": plain(values["text"])})

    def _slot(self, channel: Channel) -> Slot:
        kind, draft = channel.kind, self._draft_of(channel.kind)
        return Slot(
            channel=channel,
            text=self[f"{kind}_text"],
            title=self[f"{kind}_title"] if f"{kind}_title" in self.fields else None,
            link=self[f"{kind}_link"],
            measure=counting.measure(kind, draft.text, draft.link),
        )

    def draft(self) -> ItemDraft:
        """Return the item as entered; the form has to be valid."""
        values = self.cleaned_data
        return ItemDraft(
            title=values["title"],
            text=values["text"],
            purpose=values["purpose"],
            language=values["language"],
            planned_for=values["planned_for"],
            campaign_id=values["campaign"],
            renditions={
                channel.kind: RenditionDraft(
                    text=values[f"{channel.kind}_text"],
                    title=values.get(f"{channel.kind}_title", ""),
                    link=values[f"{channel.kind}_link"],
                )
                for channel in self.channels
            },
        )


def item_initial(item: ContentItem) -> dict[str, Any]:
    """Return what the form shows for an item."""
    initial: dict[str, Any] = {
        name: getattr(item, name) for name in ("title", "text", "purpose", "language", "planned_for", "version")
    }
    initial["campaign"] = item.campaign_id
    for row in item.renditions.all():
        initial |= {f"{row.kind}_text": row.text, f"{row.kind}_title": row.title, f"{row.kind}_link": row.link}
    return initial


class AssetForm(forms.Form):
    """A picture or video for an item."""

    file = forms.FileField(
        label=_("Picture or video"),
        widget=forms.ClearableFileInput(attrs={"accept": ",".join(sorted(IMAGES | VIDEOS))}),
        help_text=_("JPEG, PNG, WebP or GIF up to 20 MB; MP4, MOV or WebM up to 500 MB."),
    )
    alt = forms.CharField(
        label=_("Description"),
        max_length=1000,
        min_length=5,
        help_text=_("What it shows, in words, for people who cannot see it."),
    )
    ai_generated = forms.BooleanField(label=_("Made or changed by AI"), required=False)


class CalendarUnitForm(forms.Form):
    """Which unit's subtree the calendar shows."""

    unit = UnitField(label=_("Unit and all below it"), required=False)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        unit = self.fields["unit"]
        assert isinstance(unit, UnitField)
        unit.empty_label = _("All my units")
        unit.offer(queries.units_to_read(actor))
        unit.help_text = ""


class MoveForm(forms.Form):
    """Which line of the calendar goes to which day (and hour); `seen` is where it stood."""

    source = forms.CharField(max_length=30)
    number = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    seen = forms.DateTimeField()
    day = forms.DateField(validators=[MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2200, 1, 1))])
    hour = forms.IntegerField(min_value=0, max_value=23, required=False)

    def complaint(self) -> Invalid:
        """Return what is wrong as the error that a toast shows."""
        return Invalid(
            _("This cannot be moved there."),
            fields={name: [str(text) for text in texts] for name, texts in self.errors.items()},
            remedy=_("Reload the calendar, or set the time on its own page."),
        )


class ReviewForm(forms.Form):
    """The checklist of an approval; which version was seen travels with it, and what the approval does by itself."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    effects = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)
    checklist = forms.MultipleChoiceField(
        label=_("Checklist"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Look at every line of the checklist and tick it.")},
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        checklist = self.fields["checklist"]
        assert isinstance(checklist, forms.MultipleChoiceField)
        checklist.choices = choices
