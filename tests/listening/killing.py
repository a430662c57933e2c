"""Code in a process of its own that is killed: one program imports all once, and forks for each piece of code.

The thread pools of the libraries start with their first use, which is in the child.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

FORKS = """
import json, os, sys, traceback
import django
django.setup()
import kentongan.listening.reading
from kentongan.listening import storage
from kentongan.listening.pipeline import gazetteer

# Places take seconds to load, and change nothing about what is killed.
storage.gazetteer_of = lambda area: gazetteer.build(area, [], [], frozenset())
for line in sys.stdin:
    code, *sys.argv[1:] = json.loads(line)
    child = os.fork()
    if not child:
        try:
            exec(code, {"__name__": "__main__"})
        except BaseException:
            traceback.print_exc()
        os._exit(3)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@dataclass
class Forks:
    """The program that forks."""

    program: subprocess.Popen[str]

    def run(self, code: str, *words: str) -> int:
        """Run the code, with `words` as `sys.argv[1:]`; return how it ended, a signal as a negative number."""
        assert self.program.stdin is not None
        assert self.program.stdout is not None
        self.program.stdin.write(json.dumps([code, *words]) + "\n")
        self.program.stdin.flush()
        return int(self.program.stdout.readline())


@contextmanager
def forks(database: dict[str, str]) -> Iterator[Forks]:
    """Run the program against that database."""
    host = database["HOST"].replace("/", "%2F")
    url = f"postgresql://{database['USER']}:{database['PASSWORD']}@{host}:{database['PORT']}/{database['NAME']}"
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "kentongan.config.settings", "DATABASE_URL": url}
    command = [sys.executable, "-c", FORKS]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as one:
        yield Forks(one)
        one.stdin.close()  # type: ignore[union-attr]  its end ends the program
