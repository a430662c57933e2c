"""Asking to stop works at any moment: from a signal that interrupts the wait, and from one that interrupts that."""

import subprocess
import sys
import time

from kentongan.core.supervisor import Stop

STORM = """
import signal
from kentongan.core.supervisor import Stop

asked = []
def ask(*_):
    asked.append(1)
    stop.set()

signal.signal(signal.SIGALRM, ask)
for _ in range(300):
    stop = Stop()
    signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
    until = len(asked) + 10
    while len(asked) < until:
        stop.wait(0.00001)
signal.setitimer(signal.ITIMER_REAL, 0)
print("ended")
"""


def test_signals_at_any_moment_do_not_block_it() -> None:
    done = subprocess.run([sys.executable, "-c", STORM], capture_output=True, text=True, timeout=60)
    assert done.stdout == "ended\n", done.stderr


def test_it_waits_as_long_as_told_and_no_longer_once_asked() -> None:
    stop = Stop()
    began = time.monotonic()
    assert not stop.wait(0.05)
    assert time.monotonic() - began >= 0.05
    for _ in range(100_000):
        stop.set()
    assert stop.is_set()
    assert stop.wait(60)
    assert time.monotonic() - began < 30
