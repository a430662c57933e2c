"""Screens of content items."""

from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from kentongan.core import files, media, tables
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, KentonganError, NotAllowed, TooMany
from kentongan.core.forms import show_errors
from kentongan.core.models.files import StoredFile
from kentongan.core.permissions import Capability
from kentongan.core.sniff import IMAGES, VIDEOS
from kentongan.planning import access, actions, counting, panels, prefill, queries
from kentongan.planning.campaigns import queries as campaigns
from kentongan.planning.forms import AssetForm, ItemForm, ReviewForm, item_initial
from kentongan.planning.models import Brief, ContentItem
from kentongan.planning.states import ItemState
from kentongan.planning.views.common import chosen_unit, number, reader, searched

MAX_IMAGE_BYTES, MAX_VIDEO_BYTES = 20 << 20, 500 << 20
COLUMNS = (
    tables.Column(gettext_lazy("Title"), "title", 40),
    tables.Column(gettext_lazy("Unit"), "unit.name", 30),
    tables.Column(gettext_lazy("Purpose"), "get_purpose_display"),
    tables.Column(gettext_lazy("Campaign"), "campaign.name", 30),
    tables.Column(gettext_lazy("State"), "get_state_display"),
    tables.Column(gettext_lazy("Versions"), lambda row: ", ".join(row.kinds)),
    tables.Column(gettext_lazy("Wanted on"), "planned_for"),
    tables.Column(gettext_lazy("Author"), "created_by.name", 24),
    tables.Column(gettext_lazy("Approver"), "approved_by.name", 24),
    tables.Column(gettext_lazy("Changed"), "updated_at"),
)


@login_required
@require_GET
def index(request: HttpRequest) -> HttpResponseBase:
    """All items, with filters."""
    actor = reader(request)
    purpose, text = request.GET.get("purpose", ""), searched(request)
    unit = chosen_unit(request, actor)
    state, campaign_id = request.GET.get("state", ""), number(request.GET.get("campaign"))
    rows = queries.items(actor, state=state, purpose=purpose, unit=unit, campaign_id=campaign_id, text=text)
    rows = tables.sorted_by(request, rows, {"title": "title", "wanted": "planned_for", "changed": "updated_at"})
    if fmt := request.GET.get("format"):
        return tables.export("materi", COLUMNS, rows, fmt)
    context = {
        "page": tables.page_of(request, rows, 25),
        "states": ItemState.choices,
        "purposes": queries.purposes(),
        "campaigns": campaigns.to_choose(actor),
        "may_write": queries.units_to_edit(actor).exists(),
        "unit": unit,
    }
    return render(request, "planning/items.html", context)


@login_required
@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One item with its versions, files, reviews, comments and history."""
    actor = reader(request)
    return screen(request, actor, pk)


def review_form(page: queries.ItemPage, data: Any = None) -> ReviewForm:
    """Return the checklist form of an item's page."""
    choices = [(rule.code, rule.text) for rule in page.checklist]
    return ReviewForm(data, choices=choices, initial={"version": page.item.version, "effects": page.effects.digest})


def screen(
    request: HttpRequest,
    actor: Actor,
    pk: int,
    *,
    asset_form: AssetForm | None = None,
    review: ReviewForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """Draw an item's page, with a form that was refused where there is one."""
    page = queries.item_page(actor, pk)
    context = {
        "page": page,
        "item": page.item,
        "reviewing": page.may_approve and page.item.state == ItemState.IN_REVIEW,
        "versions": [(version, counting.summary(version.measure)) for version in page.versions],
        "reviews": page.item.reviews.select_related("by").order_by("-id"),
        "comments": queries.comments(page.item),
        "asset_form": asset_form or AssetForm(),
        "review_form": review or review_form(page),
        "panels": panels.of(actor, page.item),
        "phone_advice": media.phone_advice(),
        "sees_campaign": campaigns.seen(actor, page.item.campaign),
    }
    return render(request, "planning/item.html", context, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Write an item, from a brief when one is named."""
    actor = reader(request)
    if not queries.units_to_edit(actor).exists():
        raise NotAllowed()
    brief_id = number(request.GET.get("brief"))
    brief = access.brief(actor, brief_id, Capability.EDIT) if brief_id is not None else None
    initial = prefill.item_from_brief(brief) if brief is not None else {}
    initial |= {"campaign": request.GET.get("campaign", "")}
    form = ItemForm(request.POST or None, actor=actor, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            unit_id = form.cleaned_data["unit"].pk
            item = actions.create_item(actor, form.draft(), unit_id=unit_id, brief_id=brief_id)
            _look_up(actor, item)
        except Invalid as error:
            show_errors(form, error)
        else:
            return _saved(request, actor, item)
    return _form(request, form, brief=brief)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change an item; an approval falls away when what would go out changes."""
    actor = reader(request)
    item = access.item(actor, pk, Capability.EDIT)
    form = ItemForm(request.POST or None, actor=actor, item=item, initial=item_initial(item))
    if request.method == "POST" and form.is_valid():
        try:
            version = form.cleaned_data["version"] or item.version
            item = actions.change_item(actor, pk, form.draft(), version=version)
            actions.fit_media(actor, pk)
            _look_up(actor, item)
        except Invalid as error:
            show_errors(form, error)
        else:
            return _saved(request, actor, item)
    return _form(request, form, item=item, brief=item.brief)


def _look_up(actor: Actor, item: ContentItem) -> None:
    """Have the cards of new links fetched; where that has to wait, the item's page offers it."""
    with suppress(Conflict, TooMany):
        actions.ask_cards(actor, item.pk)


@login_required
@require_POST
def fetch_cards(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a link card fetched, for the first time or once more."""
    if actions.ask_cards(reader(request), pk, again=request.POST.get("again", "")) is None:
        messages.info(request, _("It is being fetched already."))
    else:
        messages.success(request, _("It is being fetched; in a moment it appears here."))
    return redirect("planning:item", pk)


def _saved(request: HttpRequest, actor: Actor, item: ContentItem) -> HttpResponse:
    """Go on to the item; “save and submit” hands it in first, and says what is too long when it cannot."""
    if request.POST.get("then") == "submit" and item.state in (ItemState.DRAFT, ItemState.CHANGES_REQUESTED):
        try:
            actions.submit(actor, item.pk)
        except Invalid as error:
            messages.warning(request, _("Saved, but not submitted: %(why)s") % {"why": error.message})
            for texts in error.fields.values():
                for text in texts:
                    messages.error(request, text)
        else:
            messages.success(request, _("Saved and submitted. An approver who did not write it looks at it next."))
    else:
        messages.success(request, _("Saved."))
    return redirect("planning:item", item.pk)


def _form(
    request: HttpRequest, form: ItemForm, *, item: ContentItem | None = None, brief: Brief | None = None
) -> HttpResponse:
    status = 422 if request.method == "POST" else 200
    facts = brief.facts.all() if brief is not None else ()
    previews = queries.typed(
        form.actor, item.pk if item else None, form.written, title=str(form["title"].value() or "")
    )
    context = {"form": form, "item": item, "brief": brief, "facts": facts, "previews": previews}
    return render(request, "planning/item_form.html", context, status=status)


def _stored(actor: Actor, item: ContentItem, sent: UploadedFile[bytes]) -> StoredFile:
    """Keep an upload, and look into it: what is damaged is refused here, not when it is to go out."""
    file = files.store(
        actor,
        sent,
        sent.name or "",
        unit_id=item.unit_id,
        capability=access.READ,
        allowed=IMAGES | VIDEOS,
        max_bytes=MAX_VIDEO_BYTES,
    )
    if file.is_image and file.size > MAX_IMAGE_BYTES:
        raise Invalid(
            _("The picture is larger than %(limit)s.") % {"limit": filesizeformat(MAX_IMAGE_BYTES)},
            remedy=_("Save it smaller."),
        )
    media.learn(file)
    return file


@login_required
@require_POST
def add_asset(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a picture or video to an item."""
    actor = reader(request)
    item = access.item(actor, pk, Capability.EDIT)
    form = AssetForm(request.POST, request.FILES)
    if form.is_valid():
        values = form.cleaned_data
        try:
            file = _stored(actor, item, values["file"])
            actions.add_asset(actor, pk, file, alt=values["alt"], ai_generated=values["ai_generated"])
            actions.fit_media(actor, pk)
        except KentonganError as error:
            form.add_error("file", str(error))
        else:
            messages.success(request, _("It is part of the item now."))
            return redirect("planning:item", pk)
    return screen(request, actor, pk, asset_form=form, status=422)


@login_required
@require_POST
def convert(request: HttpRequest, pk: int) -> HttpResponse:
    """Have an item's videos converted; who asked for it sees how far that is."""
    actor = reader(request)
    job = actions.convert_media(actor, pk)
    if job.created_by_id == actor.user_id:
        return redirect(job)
    messages.info(request, _("Somebody else is having them converted already."))
    return redirect("planning:item", pk)


@login_required
@require_POST
def remove_asset(request: HttpRequest, pk: int, asset: int) -> HttpResponse:
    """Take a picture or video out of an item."""
    actions.remove_asset(reader(request), pk, asset)
    messages.success(request, _("It was taken out."))
    return redirect("planning:item", pk)
