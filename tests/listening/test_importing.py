"""Files as other tools and offices write them, and as they break."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kentongan.core import clock, imports, jobs
from kentongan.core.imports import RowError
from kentongan.listening import sketch, storage
from kentongan.listening.importing import PostImport
from kentongan.listening.keyindex import KeyIndex, keys_of
from kentongan.listening.models import Segment

EMPTY = dict.fromkeys((field.name for field in PostImport.fields), None)


def posts() -> list[dict]:
    lake = storage.lake()
    rows = [row for path in Segment.objects.values_list("path", flat=True) for row in lake.read(path).to_pylist()]
    return sorted(rows, key=lambda row: row["created_at"])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("brandwatch.csv", "Date,Author,Full Text,Url,Page Type\n"
         "2026-11-01 10:00,budi,Jalan di Setu rusak parah,https://x.example/1,twitter\n"),
        ("crowdtangle.csv", "Page Name;Post Created;Message;Link;Likes\n"
         "budi;2026-11-01 10:00:00;Jalan di Setu rusak parah;https://x.example/1;12\n"),
        ("kantor.csv", "\ufefftanggal;akun;isi\n1 November 2026 10:00;budi;Jalan di Setu rusak parah\n"),
        ("epoch.jsonl", '{"timestamp": 1793502000000, "username": "budi", "caption": "Jalan di Setu rusak parah"}\n'),
        ("cp1252.csv", "tanggal,akun,isi\n"
         "2026-11-01 10:00,budi,Jalan di Setu rusak parah – caf\xe9\n".encode("cp1252")),
    ],
)  # fmt: skip
def test_columns_of_other_tools_are_understood(bring, name, content):
    run = bring(name, content)
    assert (run.rows_new, run.rows_rejected) == (1, 0)
    (post,) = posts()
    assert post["text"].startswith("Jalan di Setu rusak parah")
    assert post["created_at"] == datetime(2026, 11, 1, 3, 0, tzinfo=UTC)
    assert post["topic"] == "roads"
    assert "budi" not in post["author"]


@pytest.mark.django_db
def test_bad_rows_are_told_apart_and_the_rest_goes_in(bring):
    ahead = (clock.now() + timedelta(days=40)).isoformat()
    run = bring(
        "rusak.csv",
        "created_at,author,text\n"
        "2026-11-01 10:00,a,Jalan di Setu rusak parah\n"
        "kemarin sore,a,Banjir di Babelan lagi nih\n"
        f"{ahead},a,Banjir minggu depan di Babelan\n"
        "2026-11-01 11:00,a,\n"
        "2026-11-01 12:00,a,satu,dua,tiga\n"
        f"2026-11-01 13:00,a,{'panjang ' * 4000}\n"
        "2026-11-01 14:00,b,Lampu jalan di Setu mati semua\n",
    )
    assert (run.rows_read, run.rows_new, run.rows_rejected) == (7, 2, 5)
    assert [reject.line for reject in run.rejects.order_by("line")] == [3, 4, 5, 6, 7]
    assert all(reject.reason for reject in run.rejects.all())


@pytest.mark.django_db
def test_an_empty_file_brings_nothing(bring):
    with pytest.raises(Exception) as refused:  # noqa: PT011  which of our errors is the core's choice
        bring("kosong.csv", "")
    assert str(refused.value)
    assert not Segment.objects.exists()


@pytest.mark.django_db
def test_a_time_without_a_zone_is_in_the_zone_that_was_chosen(bring):
    content = "created_at,author,text\n2026-11-01 10:00,a,Jalan rusak di Setu lagi\n"
    content += "2026-11-01T10:00:00Z,b,Jalan rusak di Setu\n"
    bring("zona.csv", content, timezone="Asia/Jayapura")
    times = {post["created_at"] for post in posts()}
    assert times == {datetime(2026, 11, 1, 1, tzinfo=UTC), datetime(2026, 11, 1, 10, tzinfo=UTC)}


@pytest.mark.django_db
def test_undo_takes_back_this_file_and_nothing_else(cast, bring):
    head = "created_at,author,text\n"
    first = bring("a.csv", head + "2026-11-01 10:00,a,Jalan rusak di Setu lagi\n")
    bring("b.csv", head + "2026-11-01 10:00,a,Jalan rusak di Setu lagi\n2026-11-01 10:05,b,Jalan bolong di Setu\n")
    jobs.run_now(imports.undo(cast.actor("sari"), first.pk, inline=True))
    live = Segment.objects.filter(removed_at=None)
    assert sum(live.values_list("rows", flat=True)) == 1


cells = st.one_of(st.none(), st.text(max_size=40), st.integers(), st.floats(), st.booleans(), st.datetimes())


@given(st.fixed_dictionaries(dict.fromkeys(EMPTY, cells)))
def test_any_row_is_a_post_or_has_a_reason(values):
    try:
        checked = PostImport().check(values)
    except RowError as error:
        reason = str(error.reason)
        assert reason
    else:
        assert checked.post.text.strip()
        assert checked.post.created_at.tzinfo is not None
        assert checked.post.likes is None or checked.post.likes >= 0


@given(st.lists(st.integers(0, 2**64 - 1), max_size=400), st.integers(1, 50))
def test_authors_are_counted_once_however_they_arrive(hashes, size):
    built = b""
    for start in range(0, len(hashes), size):
        built = sketch.merge(built, np.array(hashes[start : start + size], np.uint64))
    assert sketch.count(built) == len(set(hashes))


@given(st.lists(st.lists(st.integers(0, 2**128 - 1), min_size=1, max_size=30), max_size=12))
def test_the_index_knows_exactly_what_is_in_the_files(files):
    names = {number: [f"{value:032x}" for value in values] for number, values in enumerate(files, start=1)}
    index = KeyIndex()
    index.refresh({number: str(number) for number in names}, lambda path: names[int(path)])
    everything = [identity for ids in names.values() for identity in ids]
    assert all(index.known(keys_of(everything)))
    names.pop(1, None)
    index.refresh({number: str(number) for number in names}, lambda path: names[int(path)])
    left = {identity[:16] for ids in names.values() for identity in ids}
    known = index.known(keys_of(everything))
    assert [bool(flag) for flag in known] == [identity[:16] in left for identity in everything]
