"""The page on which a gathering, a training or a wave is planned or changed."""

from collections.abc import Mapping

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from kentongan.core.requests import StaffRequest
from kentongan.gatherings.models import Gathering, Training


def gathering_page(request: StaffRequest, form: forms.Form, gathering: Gathering | None = None) -> HttpResponse:
    """Show the form of a gathering."""
    texts = (
        (_("Change the gathering"), _("Whoever was invited gets a message when its time or place changes."), _("Save"))
        if gathering
        else (
            _("Plan a gathering"),
            _("A theme, a place and a time. Whom to invite comes next; nobody is told before that."),
            _("Plan it"),
        )
    )
    way: Mapping[str, object] = {
        "list_url": reverse("gatherings:index"),
        "list_label": _("Gatherings"),
        "gathering": gathering,
    }
    return _page(request, form, texts, way)


def training_page(request: StaffRequest, form: forms.Form, training: Training | None = None) -> HttpResponse:
    """Show the form of a training."""
    lead = _("What it teaches, whom, and how many trained people a unit needs. The waves come next.")
    title, yes = (_("Change the training"), _("Save")) if training else (_("Open a training"), _("Open it"))
    return _page(request, form, (title, lead, yes), _training_way(training))


def wave_page(
    request: StaffRequest, form: forms.Form, training: Training, gathering: Gathering | None = None
) -> HttpResponse:
    """Show the form of a wave."""
    texts = (
        (_("Change the wave"), _("Whoever was invited gets a message when its time or place changes."), _("Save"))
        if gathering
        else (
            _("Plan the next wave"),
            _("When, where, and for which groups of units. Those that still lack somebody are chosen already."),
            _("Plan it"),
        )
    )
    return _page(request, form, texts, _training_way(training) | {"gathering": gathering})


def _training_way(training: Training | None) -> dict[str, object]:
    return {"list_url": reverse("gatherings:trainings"), "list_label": _("Training"), "training": training}


def _page(
    request: StaffRequest, form: forms.Form, texts: tuple[str, str, str], way: Mapping[str, object]
) -> HttpResponse:
    title, lead, yes = texts
    return render(request, "gatherings/form.html", {"form": form, "title": title, "lead": lead, "yes": yes, **way})
