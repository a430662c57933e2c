"""A neutral organisation has no campaign content: not offered, not accepted, nowhere to be found."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from kentongan.config.api import api
from kentongan.core.errors import Held
from kentongan.core.models import User
from kentongan.core.permissions import Role
from kentongan.planning import actions, queries
from kentongan.planning.drafts import ItemDraft
from kentongan.planning.models import ContentItem
from kentongan.registry import actions as registry
from kentongan.registry.models import Organisation
from kentongan.safeguards.neutrality import CAMPAIGNING_KINDS, allows_campaign
from kentongan.safeguards.purposes import Purpose
from named_cast import SYSTEM, Cast

from .conftest import shorter

pytestmark = pytest.mark.django_db
NEUTRAL = [kind for kind in Organisation.Kind.values if not allows_campaign(kind)]
SignIn = Callable[[User], Client]
CAMPAIGN_URLS = ("planning:electioneering",)


@pytest.fixture
def everything(cast: Cast) -> User:
    """Arif, with every role there is."""
    user = cast.user("arif")
    for role in Role:
        if role is not Role.ADMINISTRATOR:
            registry.grant_role(SYSTEM, user.pk, cast.root.pk, role)
    return user


def _item_data(draft: ItemDraft, unit: str, purpose: str) -> dict[str, object]:
    return {"title": draft.title, "text": draft.text, "purpose": purpose, "language": "id", "unit": unit}


@pytest.mark.parametrize("kind", NEUTRAL)
def test_no_neutral_kind_makes_campaign_content(make_cast: Callable[..., Cast], draft: ItemDraft, kind: str) -> None:
    cast = make_cast(kind)
    assert not queries.may_electioneer()
    assert [value for value, _label in queries.purposes()] == ["service"]
    with pytest.raises(Held):
        actions.create_item(cast.actor("dewi"), shorter(draft, purpose=Purpose.CAMPAIGN), unit_id=cast.root.pk)
    item = actions.create_item(cast.actor("dewi"), draft, unit_id=cast.root.pk)
    with pytest.raises(Held):
        actions.change_item(cast.actor("dewi"), item.pk, shorter(draft, purpose=Purpose.CAMPAIGN), version=1)


@pytest.mark.parametrize("kind", NEUTRAL)
def test_the_database_refuses_it_too(make_cast: Callable[..., Cast], draft: ItemDraft, kind: str) -> None:
    cast = make_cast(kind)
    item = actions.create_item(cast.actor("dewi"), draft, unit_id=cast.root.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        ContentItem.objects.filter(pk=item.pk).update(purpose=Purpose.CAMPAIGN)
    with pytest.raises(IntegrityError), transaction.atomic():
        ContentItem.objects.create(
            unit=cast.root, title="Pilih kami", text="", purpose="campaign", created_by=cast.user("dewi")
        )


def test_a_party_may(party: Cast, draft: ItemDraft) -> None:
    assert [value for value, _label in queries.purposes()] == ["campaign", "service"]
    item = actions.create_item(party.actor("dewi"), shorter(draft, purpose=Purpose.CAMPAIGN), unit_id=party.root.pk)
    assert item.purpose == Purpose.CAMPAIGN


def test_the_trigger_and_the_code_name_the_same_kinds(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'planning_refuse_campaign'")
        source = cursor.fetchone()[0]
    named = {kind for kind in Organisation.Kind.values if f"'{kind}'" in source}
    assert named == CAMPAIGNING_KINDS


# Screens


def _routes(resolver: URLResolver, prefix: str = "", spaces: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = (*spaces, entry.namespace) if entry.namespace else spaces
            yield from _routes(entry, route, inner)
        elif isinstance(entry, URLPattern) and entry.name:
            yield ":".join((*spaces, entry.name)), route


def _open_pages() -> list[str]:
    """Every address of ours that needs no object to be opened."""
    return sorted(
        name
        for name, route in _routes(get_resolver())
        if "<" not in route and not name.startswith(("account_", "mfa_", "usersessions_", "api:"))
    )


OFFERS = ('value="campaign"', "purpose=campaign", "rancang/kampanye")


def test_no_page_of_a_neutral_organisation_offers_a_campaign(
    cast: Cast, sign_in: SignIn, everything: User, rules_loaded: None
) -> None:
    client = sign_in(everything)
    client.raise_request_exception = False
    opened = 0
    for name in _open_pages():
        response = client.get(reverse(name))
        if name in CAMPAIGN_URLS:
            assert response.status_code == 404, name
            assert "netral" in response.content.decode().lower() or "neutral" in response.content.decode().lower()
            continue
        if response.status_code == 200 and "text/html" in response.get("Content-Type", ""):
            opened += 1
            body = response.content.decode()
            assert not [offer for offer in OFFERS if offer in body], name
    assert opened > 10


def test_a_partys_pages_do(party: Cast, sign_in: SignIn) -> None:
    client = sign_in(party.user("dewi"))
    assert 'value="campaign"' in client.get(reverse("planning:item_create")).content.decode()
    assert client.get(reverse("planning:electioneering")).status_code == 200


def test_the_form_of_a_neutral_organisation_refuses_it(cast: Cast, sign_in: SignIn, draft: ItemDraft) -> None:
    client = sign_in(cast.user("dewi"))
    response = client.post(reverse("planning:item_create"), _item_data(draft, cast.root.code, "campaign"))
    assert response.status_code == 422
    assert not ContentItem.objects.exists()


def test_no_purpose_is_chosen_beforehand(cast: Cast, sign_in: SignIn, draft: ItemDraft) -> None:
    client = sign_in(cast.user("dewi"))
    body = client.get(reverse("planning:item_create")).content.decode()
    start = body.index('name="purpose"')
    assert "checked" not in body[start : body.index("</fieldset>", start)]
    response = client.post(reverse("planning:item_create"), _item_data(draft, cast.root.code, ""))
    assert response.status_code == 422
    assert not ContentItem.objects.exists()


# API


def _writers_of_purpose() -> list[str]:
    """Every POST path of the API whose body has a purpose, so that a new one is covered without being named here."""
    schema = api.get_openapi_schema()
    found = []
    for path, methods in schema["paths"].items():
        body = methods.get("post", {}).get("requestBody", {})
        reference = body.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "")
        properties = schema["components"]["schemas"].get(reference.rpartition("/")[2], {}).get("properties", {})
        if "purpose" in properties:
            found.append(path)
    return found


def test_no_api_path_takes_a_campaign(cast: Cast, sign_in: SignIn, everything: User, draft: ItemDraft) -> None:
    client = sign_in(everything)
    paths = _writers_of_purpose()
    assert "/api/v1/planning/items" in paths
    body = {
        "title": draft.title,
        "name": draft.title,
        "text": draft.text,
        "purpose": "campaign",
        "unit_id": cast.root.pk,
        "at": datetime(2026, 1, 1, tzinfo=UTC).isoformat(),
        "neutral": True,
    }
    for path in paths:
        response = client.post(path, json.dumps(body), content_type="application/json")
        refused = response.status_code in (403, 404, 409, 422)
        assert refused or response.json().get("allowed") is False, path
    assert not ContentItem.objects.exists()
