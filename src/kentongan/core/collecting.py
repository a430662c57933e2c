"""How often Python looks for unreachable cycles: a look at everything takes a quarter of a second off a page."""

import gc

YOUNG, MIDDLE, OLD = 20_000, 20, 100


def seldom() -> None:
    """Let a web process look seldom, and never at what is loaded by now: that stays for good.

    Requests make few cycles; gunicorn replaces the process after 20,000 of them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
