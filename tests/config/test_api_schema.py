"""schemathesis against every endpoint: whatever is sent, no 5xx, and every error has the one shape."""

from collections.abc import Iterator

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kentongan.config.wsgi import application
from kentongan.core import tokens

schema = schemathesis.openapi.from_wsgi("/api/openapi.json", application)
OPERATIONS = [result.ok() for result in schema.get_all_operations()]
# What anybody may ask.
PUBLIC = {"GET /api/v1/registry/check"}
CALM = settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """Keep the test's connection: the application closes old ones around each request."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def _names(operation: schemathesis.schemas.APIOperation) -> str:
    return operation.label


@pytest.mark.parametrize("operation", OPERATIONS, ids=_names)
def test_no_endpoint_fails_and_every_error_has_the_one_shape(operation, cast) -> None:
    secret = tokens.create(cast.actor("arif"), "schemathesis", tokens.SCOPES)[1]

    @CALM
    @given(case=operation.as_strategy())
    def probe(case: schemathesis.Case) -> None:
        response = case.call(headers={"Authorization": f"Bearer {secret}"})
        assert response.status_code < 500, response.text
        if response.status_code >= 400 and "json" in str(response.headers.get("content-type")):
            assert set(response.json()["error"]) == {"code", "message", "remedy", "fields"}

    probe()


def test_only_what_is_meant_to_be_open_needs_no_token() -> None:
    assert {one.label for one in OPERATIONS if not one.definition.raw.get("security")} == PUBLIC


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.label not in PUBLIC], ids=_names)
def test_nobody_gets_in_without_a_token(operation, cast) -> None:
    @settings(CALM, max_examples=1)
    @given(case=operation.as_strategy(), data=st.just(None))
    def probe(case: schemathesis.Case, data: None) -> None:
        response = case.call(headers={"Authorization": "Bearer ktg_unknown"})
        assert response.status_code == 401, response.text

    probe()
