"""A worker of publishing in a process of its own, for tests that kill it: the product's ticks, nothing else.

python worker.py     with KENTONGAN_HOME and DATABASE_URL in the environment
"""

import os
import sys
import threading

import django


def main() -> None:
    """Run the ticks of publishing until the process is killed."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "kentongan.config.settings"
    django.setup()
    ticks = sys.modules["kentongan.core.ticks"]
    mine = [tick for tick in ticks.registered() if tick.name.startswith("publishing.")]
    print("ready", len(mine), flush=True)
    for thread in ticks.run_ticks(threading.Event(), mine):
        thread.join()


if __name__ == "__main__":
    main()
