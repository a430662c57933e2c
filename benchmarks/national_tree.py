"""A national party's tree: `python benchmarks/national_tree.py [RUNS]`.

Loads all units down to the villages into a fresh installation of its own (shipping defaults: fsync on, audit, access),
then opens the registry's screens as its administrator and changes the tree. The baseline beside the load is the same
number of rows through PostgreSQL's COPY into a bare table: what the database alone would take.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable

HOME = tempfile.mkdtemp(prefix="kentongan-benchmark-")
os.environ["KENTONGAN_HOME"] = HOME
os.environ["DJANGO_SETTINGS_MODULE"] = "kentongan.config.settings"

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402

from kentongan.core import jobs  # noqa: E402
from kentongan.core.actor import Actor  # noqa: E402
from kentongan.core.database import running_database  # noqa: E402
from kentongan.core.permissions import Role  # noqa: E402
from kentongan.registry import actions, trees  # noqa: E402
from kentongan.registry.models import Organisation, Unit  # noqa: E402

SYSTEM = Actor.system("benchmark")
SEARCHES = ("Sukamahi", "cikarang", "32.16.20", "ting Suka")


def timed(work: Callable[[], object]) -> float:
    """Return how many seconds it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def copied(units: int) -> float:
    """Return the seconds of a bare COPY of as many rows, committed."""
    lines = "".join(f"{n}\t{n // 30}\t32.16.{n}\tRanting {n}\n" for n in range(units))

    def work() -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE bare (id int primary key, parent int, code text unique, name text)")
            with cursor.copy("COPY bare FROM STDIN") as copy:  # type: ignore[attr-defined]
                copy.write(lines)

    return timed(work)


def pages(client: Client, runs: int) -> None:
    """Print the server time of the registry's screens: the median and the slowest of `runs`."""
    village = Unit.objects.get(code="32.16.20.2002")
    addresses = ["/daftar/", f"/daftar/unit/{village.pk}/", f"/daftar/unit/{village.pk}/riwayat/"]
    addresses += [f"/daftar/?q={text}" for text in SEARCHES]
    addresses += [f"/daftar/unit/cari/?field=other&other={text}" for text in SEARCHES]
    addresses += [f"/daftar/unit/{village.pk}/pindah/", "/daftar/?page=2"]
    for address in addresses:
        client.get(address)
        took = sorted(timed(lambda address=address: client.get(address)) for _ in range(runs))
        print(f"{address:<48} {statistics.median(took) * 1000:7.0f} {took[-1] * 1000:7.0f}")


def main() -> None:
    """Load, open, change."""
    runs = int(sys.argv[1]) if sys.argv[1:] else 20
    with running_database():
        actions.found_organisation(SYSTEM, name="Partai Uji", short_name="PU", kind=Organisation.Kind.PARTY)
        root = Unit.objects.get(parent=None)
        user = actions.add_user(SYSTEM, root.pk, email="arif@example.id", name="Arif")
        actions.grant_role(SYSTEM, user.pk, root.pk, Role.ADMINISTRATOR)
        wanted = trees.Wanted(Organisation.Kind.PARTY)
        job = actions.load_tree(Actor.of_user(user), wanted, inline=True)
        loading = timed(lambda: jobs.run_now(job))
        units = Unit.objects.count()
        bare = copied(units)
        print(f"PostgreSQL {connection.pg_version // 10000}, fsync on, {units:,} units, DEBUG {settings.DEBUG}")  # type: ignore[attr-defined]
        print(f"load: {loading:.1f} s ({units / loading:,.0f}/s); bare COPY: {bare:.2f} s; ratio {loading / bare:.0f}")
        client = Client(headers={"host": "127.0.0.1"})
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        print(f"{'screen':<48} {'median':>7} {'max ms':>7}")
        pages(client, runs)
        java, sumatra = Unit.objects.get(code="33"), Unit.objects.get(code="12")
        print(f"move a province of {Unit.objects.filter(path__within=java.path).count():,} units: ", end="")
        moved: list[int] = []
        print(f"{timed(lambda: moved.append(actions.move_unit(SYSTEM, java.pk, sumatra.pk).pk)):.2f} s", end="; ")
        print(f"back: {timed(lambda: actions.undo_change(SYSTEM, moved[0])):.2f} s")


if __name__ == "__main__":
    main()
