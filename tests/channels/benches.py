"""Benches: each channel with an account on a real server, a fault proxy in between."""

from kentongan.channels.testing import DELAY, Failure
from servers.proxy import Fault

MALFORMED = b"<html><h1>It works!</h1>"


def fault(failure: Failure, where: str) -> Fault:
    """Return what the proxy does to the deciding request for a failure."""
    limited = b'{"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}'
    delay = (("Retry-After", str(int(DELAY.total_seconds()))),)
    return {
        Failure.CUT_BEFORE: Fault(where, accept=False),
        Failure.CUT_AFTER: Fault(where, accept=True),
        Failure.HALF_AFTER: Fault(where, accept=True, half=True),
        Failure.MALFORMED_AFTER: Fault(where, accept=True, status=200, body=MALFORMED),
        Failure.ERROR_500_AFTER: Fault(where, accept=True, status=500),
        Failure.REFUSED_400_AFTER: Fault(where, accept=True, status=400),
        Failure.ERROR_500_BEFORE: Fault(where, accept=False, status=500),
        Failure.LIMITED_WITH_DELAY: Fault(where, accept=False, status=429, body=limited, headers=delay),
        Failure.LIMITED_WITHOUT_DELAY: Fault(where, accept=False, status=429, body=limited),
    }[failure]
