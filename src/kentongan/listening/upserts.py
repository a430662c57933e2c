"""Set-based SQL for counts: many rows added to what is there, in one statement each."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

Rows = Sequence[tuple[Any, ...]]

ADD_COUNTS = """
INSERT INTO listening_issuecount (issue_id, at, posts, complaints)
SELECT * FROM unnest(%s::bigint[], %s::timestamptz[], %s::int[], %s::int[])
ON CONFLICT (issue_id, at) DO UPDATE SET posts = listening_issuecount.posts + EXCLUDED.posts,
    complaints = listening_issuecount.complaints + EXCLUDED.complaints
"""
ADD_DISTRICTS = """
INSERT INTO listening_issuedistrict (issue_id, area_code, posts, complaints)
SELECT * FROM unnest(%s::bigint[], %s::text[], %s::int[], %s::int[])
ON CONFLICT (issue_id, area_code) DO UPDATE SET posts = listening_issuedistrict.posts + EXCLUDED.posts,
    complaints = listening_issuedistrict.complaints + EXCLUDED.complaints
"""
ADD_TALK = """
INSERT INTO listening_talkcount (unit_id, at, topic, area_code, posts, complaints)
SELECT {unit}, * FROM unnest(%s::timestamptz[], %s::text[], %s::text[], %s::int[], %s::int[])
ON CONFLICT (unit_id, at, topic, area_code) DO UPDATE SET posts = listening_talkcount.posts + EXCLUDED.posts,
    complaints = listening_talkcount.complaints + EXCLUDED.complaints
"""
TAKE_TALK = """
UPDATE listening_talkcount t SET posts = t.posts - gone.posts, complaints = t.complaints - gone.complaints
FROM unnest(%s::timestamptz[], %s::text[], %s::text[], %s::int[], %s::int[])
    AS gone(at, topic, area_code, posts, complaints)
WHERE t.unit_id = {unit} AND t.at = gone.at AND t.topic = gone.topic AND t.area_code = gone.area_code
"""
MOVE_COUNTS = """
WITH moved AS (DELETE FROM listening_issuecount c USING unnest(%s::bigint[], %s::bigint[]) AS m(gone, kept)
    WHERE c.issue_id = m.gone RETURNING m.kept, c.at, c.posts, c.complaints)
INSERT INTO listening_issuecount (issue_id, at, posts, complaints)
SELECT kept, at, sum(posts), sum(complaints) FROM moved GROUP BY kept, at
ON CONFLICT (issue_id, at) DO UPDATE SET posts = listening_issuecount.posts + EXCLUDED.posts,
    complaints = listening_issuecount.complaints + EXCLUDED.complaints
"""
MOVE_DISTRICTS = """
WITH moved AS (DELETE FROM listening_issuedistrict c USING unnest(%s::bigint[], %s::bigint[]) AS m(gone, kept)
    WHERE c.issue_id = m.gone RETURNING m.kept, c.area_code, c.posts, c.complaints)
INSERT INTO listening_issuedistrict (issue_id, area_code, posts, complaints)
SELECT kept, area_code, sum(posts), sum(complaints) FROM moved GROUP BY kept, area_code
ON CONFLICT (issue_id, area_code) DO UPDATE SET posts = listening_issuedistrict.posts + EXCLUDED.posts,
    complaints = listening_issuedistrict.complaints + EXCLUDED.complaints
"""
MOVE_SAMPLES = """
UPDATE listening_issuesample s SET issue_id = m.kept FROM unnest(%s::bigint[], %s::bigint[]) AS m(gone, kept)
WHERE s.issue_id = m.gone
"""
MOVE_FOLLOWS = """
WITH moved AS (DELETE FROM listening_issuefollow f USING unnest(%s::bigint[], %s::bigint[]) AS m(gone, kept)
    WHERE f.issue_id = m.gone RETURNING m.kept, f.user_id, f.created_at)
INSERT INTO listening_issuefollow (issue_id, user_id, created_at)
SELECT kept, user_id, min(created_at) FROM moved GROUP BY kept, user_id ON CONFLICT DO NOTHING
"""
TRIM_SAMPLES = """
DELETE FROM listening_issuesample WHERE id IN (
    SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY issue_id ORDER BY created_at DESC, id) AS place
        FROM listening_issuesample WHERE issue_id = ANY(%s::bigint[])) ranked WHERE place > %s)
"""

SET_ISSUES = """
UPDATE listening_issue i SET posts = n.posts, complaints = n.complaints, judged = n.judged, reposts = n.reposts,
    first_at = n.first_at, last_at = n.last_at, authors = n.authors, author_sketch = n.author_sketch,
    topics = n.topics, topic = n.topic, title = n.title, terms = n.terms, coordinated = n.coordinated,
    bursts = n.bursts, merged_into_id = n.merged_into_id
FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::int[], %s::int[], %s::timestamptz[], %s::timestamptz[], %s::int[],
    %s::bytea[], %s::jsonb[], %s::text[], %s::text[], %s::jsonb[], %s::float8[], %s::jsonb[], %s::bigint[])
    AS n(id, posts, complaints, judged, reposts, first_at, last_at, authors, author_sketch, topics, topic, title, terms,
        coordinated, bursts, merged_into_id)
WHERE i.id = n.id
"""


def _run(sql: str, rows: Rows) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(sql, [list(column) for column in zip(*rows, strict=True)])


def add_counts(rows: Rows) -> None:
    """Add (issue, at, posts, complaints)."""
    _run(ADD_COUNTS, rows)


def add_districts(rows: Rows) -> None:
    """Add (issue, area code, posts, complaints)."""
    _run(ADD_DISTRICTS, rows)


def add_talk(unit_id: int, rows: Rows) -> None:
    """Add (hour, topic, area code, posts, complaints)."""
    _run(ADD_TALK.format(unit=int(unit_id)), rows)


def take_talk(unit_id: int, rows: Rows) -> None:
    """Take the same away again."""
    _run(TAKE_TALK.format(unit=int(unit_id)), rows)


def move(pairs: Sequence[tuple[int, int]]) -> None:
    """Move all that hangs on issues: (gone, kept)."""
    for sql in (MOVE_COUNTS, MOVE_DISTRICTS, MOVE_SAMPLES, MOVE_FOLLOWS):
        _run(sql, pairs)


def set_issues(rows: Rows) -> None:
    """Write issues, in the order of SET_ISSUES: one statement, where Django's `bulk_update` grows a CASE a row."""
    _run(SET_ISSUES, rows)


def trim_samples(issue_ids: Sequence[int], most: int) -> None:
    """Keep the newest samples of each issue."""
    with connection.cursor() as cursor:
        cursor.execute(TRIM_SAMPLES, [list(issue_ids), most])
