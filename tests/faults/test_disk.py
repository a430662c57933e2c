"""The disk is full, of the database and of the stored files: nothing is lost, nothing is doubled, people are told.

The disk is a real one of a few megabytes, which takes root to mount.
"""

import random
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from io import BytesIO

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from PIL import Image
from psycopg import sql

from faults.conftest import Line, Workers, let_leases_lapse_of_the_dead, let_platforms_settle, until
from faults.means import Disk, mounted
from kentongan.core import clock
from kentongan.core.models import User
from kentongan.core.models.files import StoredFile
from kentongan.core.postgres import SUPERUSER, Cluster
from kentongan.publishing import queries
from kentongan.publishing.models import Attempt, Delivery
from kentongan.publishing.states import State
from publishing.desk import SYSTEM, Desk

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
TABLES = ("publishing_attempt", "publishing_delivery")
FULL = "Penyimpanan server penuh"
COUNT = 10


@pytest.fixture
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    """A disk of a few megabytes."""
    with mounted(tmp_path_factory.mktemp("disk"), 6) as made:
        if made is None:
            pytest.skip("a disk can be mounted by root only")
        yield made


@pytest.fixture
def crowded(desk: Desk, disk: Disk, postgres: Cluster) -> Iterator[Disk]:
    """The disk that holds what grows with each delivery."""
    home = disk.folder / "tables"
    home.mkdir()
    subprocess.run(["chown", str(postgres.account.uid), str(home)], check=True)
    for parent in [disk.folder, *disk.folder.parents][:4]:
        parent.chmod(0o755)
    _as_superuser(f"CREATE TABLESPACE crowded LOCATION '{home}'", postgres)
    for table in TABLES:
        _as_superuser(f"ALTER TABLE {table} SET TABLESPACE crowded", postgres)
        _as_superuser(f"VACUUM FULL {table}", postgres)  # what tests before left free would be room
    yield disk
    disk.balloon.unlink(missing_ok=True)
    connection.close()
    for table in TABLES:
        _as_superuser(f"ALTER TABLE {table} SET TABLESPACE pg_default", postgres)
    _as_superuser("CHECKPOINT", postgres)
    _as_superuser("DROP TABLESPACE crowded", postgres)


def _as_superuser(statement: str, cluster: Cluster) -> None:
    name = connection.settings_dict["NAME"]
    with psycopg.connect(host=str(cluster.socket_dir), dbname=name, user=SUPERUSER, autocommit=True) as session:
        session.execute(sql.SQL(statement))


def _log(workers: Workers) -> str:
    return "".join(log.read_text() for log in workers.folder.glob("worker-*.log"))


def test_nothing_leaves_while_the_database_has_no_room_and_all_goes_out_once_when_it_has(
    desk: Desk,
    workers: Workers,
    mastodon: Line,
    crowded: Disk,
    sign_in: Callable[[User], Client],
    capsys: pytest.CaptureFixture[str],
):
    texts = [f"Penyimpanan penuh, nomor {number}, {random.randrange(10**9)}" for number in range(COUNT)]
    for text in texts:
        desk.schedule(mastodon.account, item=desk.item(text=text))
    crowded.fill()
    workers.start()
    until(lambda: "No space left" in _log(workers), "a worker that finds no room")
    assert not any(mastodon.copies(text) for text in texts), "no post leaves before its attempt is written down"
    assert not Attempt.objects.exists()
    states = Counter(Delivery.objects.values_list("state", flat=True))
    assert set(states) <= {State.READY, State.CLAIMED}

    browser, refused = sign_in(desk.cast.user("hendra")), 0
    local = clock.now().astimezone(clock.zone("Asia/Jakarta")).strftime("%Y-%m-%dT%H:%M")
    for _each in range(60):
        text = f"Saat penuh, {random.randrange(10**9)}"
        item = desk.item(text=text)
        given = {"accounts": [mastodon.account.pk], "due_at": local, "late_minutes": "120"}
        answer = browser.post(reverse("publishing:schedule", args=[item.pk]), given)
        if item.deliveries.exists():
            texts.append(text)
            continue
        refused += 1
        assert answer.status_code == 503, answer.content.decode()[-500:]
        assert FULL in answer.content.decode()
        break
    assert refused == 1, "it never became full"

    crowded.free()

    def settled() -> bool:
        let_leases_lapse_of_the_dead()
        let_platforms_settle()
        return not Delivery.objects.exclude(state=State.PUBLISHED).exists()

    until(settled, f"all published, but: {Counter(Delivery.objects.values_list('state', flat=True))}")
    assert Counter(mastodon.copies(text) for text in texts) == {1: len(texts)}
    total = queries.ledger(SYSTEM).as_dict()
    assert total["planned"] == total["published"] == len(texts)
    with capsys.disabled():
        print(f"\n  {len(texts)} deliveries, {dict(states)} while full, {refused} refused; each is out once")


def test_an_upload_that_finds_no_room_is_refused_in_words_and_leaves_nothing(
    desk: Desk, disk: Disk, settings, sign_in: Callable[[User], Client]
):
    settings.KENTONGAN_HOME = disk.folder
    item = desk.item()
    browser = sign_in(desk.cast.user("dewi"))

    made = BytesIO()
    Image.effect_noise((200, 200), 60).save(made, "PNG")
    drawn = made.getvalue()

    def upload() -> tuple[int, str]:
        picture = SimpleUploadedFile("peta.png", drawn, content_type="image/png")
        given = {"file": picture, "alt": "Peta jalan yang ditutup"}
        answer = browser.post(reverse("planning:asset_add", args=[item.pk]), given)
        return answer.status_code, answer.content.decode()

    (disk.folder / "files" / "drafts").mkdir(parents=True)
    disk.fill()
    status, page = upload()
    assert status == 422
    assert FULL in page
    assert not StoredFile.objects.exists()
    assert not list((disk.folder / "files" / "drafts").iterdir()), "no half of it is left"
    disk.free()
    assert upload()[0] == 302
    assert StoredFile.objects.count() == item.assets.count() == 1
