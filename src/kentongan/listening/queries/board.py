"""The board: issues ranked by volume, growth and complaint share; where, about what, what next."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import DateTimeField, Exists, F, Func, OuterRef, Q, QuerySet, Sum, Value
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.functional import Promise

from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.listening import access, answers, storage, taxonomy
from kentongan.listening.models import Issue, IssueCount, IssueDistrict, IssueFollow, TalkCount
from kentongan.listening.queries.period import Period, period_of
from kentongan.registry import access as registry
from kentongan.registry import areas

PER_PAGE = 20
TOPICS_SHOWN = 6
# Below this a growth of six is two people instead of none.
STEADY = 2.0
# Posts of nobody, added to both sides of a growth before it counts for the rank: eight posts after one are no wave.
CALM = 10.0
# Posts judged as elsewhere, added before a complaint share counts: three complaints among three posts are no storm.
USUAL_SHARE, USUAL_POSTS = 0.25, 8.0


@dataclass(frozen=True, slots=True)
class Filters:
    """What the person at the board chose; "" is everything."""

    period: str = ""
    topic: str = ""
    district: str = ""
    unhandled: bool = False
    mine: bool = False


@dataclass(slots=True)
class IssueRow:
    """An issue in a period. `habit` is None when there are no earlier days to compare with; `rank` None when it is
    ranked apart because it looks coordinated. `answered`: approved or published content is about it."""

    issue: Issue
    volume: int
    complaints: int
    recent: int
    habit: float | None
    answered: bool = False
    rank: int | None = None
    districts: list[str] = field(default_factory=list)
    curve: list[int] = field(default_factory=list)

    @property
    def growth(self) -> float | None:
        """How many times the habit the recent hours are; None without a habit."""
        if self.habit is None or (self.habit < STEADY and self.recent < STEADY * 2):
            return None
        return self.recent / max(self.habit, 0.5)

    @property
    def growth_text(self) -> str:
        """The growth as people write it: 6, or 3,2 for small ones."""
        growth = self.growth or 0.0
        return number_format(round(growth, 1) if growth < 5 else round(growth), use_l10n=True)

    @property
    def fall(self) -> float:
        """By which share the recent hours are below the habit."""
        return 1.0 - (self.growth or 0.0)

    @property
    def complaint_share(self) -> float | None:
        """Complaints among what was judged, over the whole life of the issue."""
        return self.issue.complaint_share

    @property
    def score(self) -> float:
        """What the rank follows: each doubling of volume counts one, of growth one, a complaint share of all three.

        Growth and share are drawn towards "as usual" by how few posts they rest on.
        """
        pace = 0.0
        if self.habit is not None:
            pace = max(-2.0, min(3.0, math.log2((self.recent + CALM) / (self.habit + CALM))))
        judged = self.issue.judged + USUAL_POSTS
        share = (self.issue.complaints + USUAL_SHARE * USUAL_POSTS) / judged
        return math.log2(1 + self.volume) + pace + 3.0 * share

    @property
    def is_waiting(self) -> bool:
        """Whether nobody answers it: it is with no unit, not closed, and nothing approved or published is about it."""
        return self.issue.state == Issue.State.OPEN and not self.answered

    @property
    def is_hot(self) -> bool:
        """Whether it needs somebody now: complaints that grow, and nobody on it."""
        return (
            self.is_waiting
            and (self.complaint_share or 0) >= 0.5
            and (self.growth is None or self.growth >= 1.5)
            and self.rank is not None
            and self.rank <= 5
        )

    @property
    def tone(self) -> str:
        """The tone of its curve."""
        if self.issue.is_coordinated:
            return "plain"
        return "signal" if self.is_hot else self.issue.topic_tone or "teak"


@dataclass(frozen=True, slots=True)
class Board:
    """Everything on the board."""

    period: Period
    page: "Page[IssueRow]"
    apart: list[IssueRow]
    posts: int
    complaints: int
    topics: list[tuple[str | Promise, int, str]]
    tiles: list[dict[str, Any]]
    leading: tuple[str, float] | None
    next_step: IssueRow | None
    topic_choices: list[tuple[str, str | Promise]]
    district_choices: list[tuple[str, str]]

    @property
    def rows(self) -> list[IssueRow]:
        """Every row that is shown: the ranked ones of this page, then those apart."""
        return [*self.page, *self.apart]


class DateBin(Func):
    """PostgreSQL's date_bin(width, time, origin)."""

    function = "date_bin"
    output_field = DateTimeField()


def _chosen(actor: Actor, filters: Filters) -> QuerySet[Issue]:
    issues = access.issues(actor).select_related("handler")
    if filters.topic:
        issues = issues.filter(topic=filters.topic)
    if filters.district:
        issues = issues.filter(
            Exists(IssueDistrict.objects.filter(issue=OuterRef("pk"), area_code=filters.district, posts__gt=0))
        )
    if filters.mine:
        issues = issues.filter(Exists(IssueFollow.objects.filter(issue=OuterRef("pk"), user_id=actor.user_id or 0)))
    return issues


def ranked(actor: Actor, filters: Filters, period: Period) -> tuple[list[IssueRow], list[IssueRow]]:
    """Return the issues that have posts in the period, ranked, and apart those that look coordinated."""
    issues = _chosen(actor, filters).filter(last_at__gte=period.start, first_at__lt=period.end)
    inside = Q(at__gte=period.start, at__lt=period.end)
    counts = IssueCount.objects.filter(
        issue__in=issues.order_by().values("pk"), at__gte=period.earliest, at__lt=period.end
    )
    sums = counts.values("issue_id").annotate(
        volume=Sum("posts", filter=inside, default=0),
        bad=Sum("complaints", filter=inside, default=0),
        recent=Sum("posts", filter=period.recent_part, default=0),
        habit=Sum("posts", filter=period.habit_part, default=0),
    )
    by_issue: dict[int, dict[str, Any]] = {row["issue_id"]: dict(row) for row in sums if row["volume"]}
    answered = answers.answered(by_issue.keys())
    rows = [_row(issue, by_issue[issue.pk], period, issue.pk in answered) for issue in issues if issue.pk in by_issue]
    if filters.unhandled:
        rows = [row for row in rows if row.is_waiting]
    rows.sort(key=lambda row: (-row.score, -row.volume, row.issue.pk))
    own = [row for row in rows if not row.issue.is_coordinated]
    for rank, row in enumerate(own, start=1):
        row.rank = rank
    return own, [row for row in rows if row.issue.is_coordinated]


def _row(issue: Issue, sums: dict[str, Any], period: Period, answered: bool) -> IssueRow:
    habit = sums["habit"] / period.habit_days if period.habit_days else None
    return IssueRow(issue, sums["volume"], sums["bad"], sums["recent"], habit, answered)


def board(actor: Actor, filters: Filters, page: int | str | None = 1) -> Board:
    """Return the board for one person; the number of queries does not depend on how much is on it."""
    period = period_of(actor, filters.period)
    own, apart = ranked(actor, filters, period)
    shown = Paginator(own, PER_PAGE).get_page(page)
    visible = [*shown, *apart]
    _add_districts(visible)
    _add_curves(visible, period)
    talk = _talk(actor, period)
    tiles, leading = _tiles(actor, talk, filters)
    waiting = next((row for row in own if row.is_waiting), None)
    return Board(
        period=period,
        page=shown,
        apart=apart,
        posts=sum(row["posts"] for row in talk),
        complaints=sum(row["bad"] for row in talk),
        topics=_topics(talk, filters),
        tiles=tiles,
        leading=leading,
        next_step=waiting,
        topic_choices=[(key, label) for key, label in taxonomy.CHOICES],
        district_choices=[(tile["area"], tile["label"]) for tile in tiles],
    )


def _add_districts(rows: Sequence[IssueRow]) -> None:
    found: dict[int, list[str]] = defaultdict(list)
    districts = IssueDistrict.objects.filter(issue__in=[row.issue.pk for row in rows], posts__gt=0).order_by("-posts")
    for issue, code in districts.values_list("issue_id", "area_code"):
        if len(found[issue]) < 3:
            found[issue].append(areas.get(code).name)
    for row in rows:
        row.districts = found[row.issue.pk]


def _add_curves(rows: Sequence[IssueRow], period: Period) -> None:
    bins = (
        IssueCount.objects.filter(issue__in=[row.issue.pk for row in rows], at__gte=period.start, at__lt=period.end)
        .annotate(bin=DateBin(Value(period.step), F("at"), Value(period.start, DateTimeField())))
        .values_list("issue_id", "bin")
        .annotate(n=Sum("posts"))
    )
    found: dict[int, dict[datetime, int]] = defaultdict(dict)
    for issue, start, count in bins:
        found[issue][start] = count
    points = math.ceil((period.end - period.start) / period.step)
    for row in rows:
        row.curve = [found[row.issue.pk].get(period.start + period.step * n, 0) for n in range(points)]


def _talk(actor: Actor, period: Period) -> list[dict[str, Any]]:
    talk = registry.scope(TalkCount.objects.filter(at__gte=period.start, at__lt=period.end), actor, Capability.LISTEN)
    rows = talk.values("topic", "area_code").annotate(posts=Sum("posts"), bad=Sum("complaints"))
    return [dict(row) for row in rows]


def _topics(talk: Sequence[dict[str, Any]], filters: Filters) -> list[tuple[str | Promise, int, str]]:
    totals: dict[str, int] = defaultdict(int)
    for row in talk:
        if row["topic"] and row["bad"] and (not filters.district or row["area_code"] == filters.district):
            totals[row["topic"]] += row["bad"]
    most = sorted(totals.items(), key=lambda item: -item[1])[:TOPICS_SHOWN]
    return [(taxonomy.label(topic), bad, f"?topic={topic}&period={filters.period}") for topic, bad in most]


def _tiles(
    actor: Actor, talk: Sequence[dict[str, Any]], filters: Filters
) -> tuple[list[dict[str, Any]], tuple[str, float] | None]:
    """Return a tile for each area of the level that is counted, and the one with most complaints and its share."""
    totals: dict[str, int] = defaultdict(int)
    for row in talk:
        if row["area_code"] and (not filters.topic or row["topic"] == filters.topic):
            totals[row["area_code"]] += row["bad"]
    here = [area for root in _roots(actor) for area in areas.children(root)]
    base = reverse("listening:index")
    tiles: list[dict[str, Any]] = [
        {
            "area": area.code,
            "code": short_name(area.name),
            "label": area.name,
            "value": totals.get(area.code, 0),
            "url": f"{base}?district={area.code}&period={filters.period}",
        }
        for area in here
    ]
    everything = sum(totals.values())
    top = max(tiles, key=lambda tile: tile["value"], default=None)
    return tiles, (top["label"], top["value"] / everything) if top and top["value"] and everything else None


def _roots(actor: Actor) -> list[str]:
    """Return the areas whose parts are counted: of the units that have posts the actor may see."""
    units = registry.units_for(actor, Capability.LISTEN).filter(listening_sources__isnull=False).distinct()
    codes = list(units.values_list("area_code", flat=True)) or list(
        registry.units_for(actor, Capability.LISTEN).order_by("path").values_list("area_code", flat=True)[:1]
    )
    return [code for code in dict.fromkeys(codes) if code == "" or storage.gazetteer_of(code).depth <= 4][:1]


def short_name(name: str) -> str:
    """Return three letters for a tile: "Cikarang Pusat" is CKP, "Setu" is STU."""
    words = [word for word in name.upper().split() if word.isalpha()] or [name.upper()]
    consonants = [letter for letter in words[0][1:] if letter not in "AIUEO"] + list(words[0][1:])
    if len(words) > 1:
        return (words[0][0] + consonants[0] + words[1][0])[:3]
    return (words[0][0] + "".join(consonants))[:3]
