"""schemathesis against every endpoint: whatever is sent, no 5xx, and every error has the one shape."""

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error

from kentongan.config.wsgi import application
from kentongan.core import tokens


@pytest.fixture
def api_schema(db: None) -> schemathesis.BaseSchema:
    """The API as it describes itself, called through WSGI."""
    return schemathesis.openapi.from_wsgi("/api/openapi.json", application)


schema = schemathesis.pytest.from_fixture("api_schema")


@pytest.fixture
def secret(cast) -> str:
    """A token of the administrator with every scope."""
    return tokens.create(cast.actor("arif"), "schemathesis", tokens.SCOPES)[1]


@schema.parametrize()
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_endpoint_fails_and_every_error_has_the_one_shape(case: schemathesis.Case, secret: str) -> None:
    response = case.call(headers={"Authorization": f"Bearer {secret}"})
    case.validate_response(response, checks=[not_a_server_error])
    if response.status_code >= 400 and response.headers.get("Content-Type", [""])[0].startswith("application/json"):
        assert set(response.json()["error"]) == {"code", "message", "remedy", "fields"}


@schema.parametrize()
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
def test_nobody_gets_in_without_a_token(case: schemathesis.Case) -> None:
    response = case.call(headers={"Authorization": "Bearer ktg_unknown"})
    assert response.status_code in {401, 405}, response.text
