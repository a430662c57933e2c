"""Instructions: who receives them, who answers, who sees what, and that the counts add up."""

import uuid
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from kentongan.core.models import AuditEntry, Job
from kentongan.core.models.messages import Message
from kentongan.missions import access
from kentongan.missions.actions import instructions as actions
from kentongan.missions.actions.instructions import Answer, Order
from kentongan.missions.models import Audience, Evidence, Instruction, MemberLink, Receipt
from kentongan.missions.queries import instructions as queries
from kentongan.missions.queries.summary import summary
from kentongan.missions.states import ReceiptState
from kentongan.registry import actions as registry
from kentongan.registry.models import Person, Unit
from kentongan.registry.trees import NewUnit
from named_cast import SYSTEM, Cast

Orders = Callable[..., Order]


def test_a_receipt_for_each_unit_below_and_none_for_the_issuer(cast: Cast, sent: Instruction) -> None:
    reached = set(sent.receipts.values_list("unit__code", flat=True))
    assert reached == {"32.16.20", "32.16.06", "32.16.20.2002"}


def test_a_unit_where_somebody_signs_in_is_reached_at_once(cast: Cast, sent: Instruction) -> None:
    states = dict(sent.receipts.values_list("unit__code", "state"))
    assert states == {"32.16.06": "delivered", "32.16.20.2002": "delivered", "32.16.20": "pending"}


def test_sending_is_one_insert_whatever_the_number_of_units(cast: Cast, order: Orders) -> None:
    registry.add_units(
        SYSTEM, [NewUnit(f"32.16.06.{n:04}", f"Desa {n}", Unit.Level.VILLAGE, "32.16.06") for n in range(2001, 2301)]
    )
    draft = actions.draft(cast.actor("wulan"), order(cast.root))
    with CaptureQueriesContext(
        connection,
    ) as seen:
        actions.send(cast.actor("wulan"), draft.pk)
    inserts = [query for query in seen.captured_queries if query["sql"].startswith("INSERT INTO missions_receipt")]
    assert len(inserts) == 1
    assert draft.receipts.count() == 303


def test_the_preview_counts_what_is_sent(cast: Cast, order: Orders) -> None:
    draft = actions.draft(cast.actor("wulan"), order(cast.root))
    preview = queries.preview(draft)
    actions.send(cast.actor("wulan"), draft.pk)
    assert (preview.recipients, preview.reachable, preview.silent) == (3, 2, 1)
    assert draft.receipts.count() == preview.recipients


def test_people_are_chosen_by_title_and_get_one_receipt_each(
    cast: Cast, order: Orders, add_person: Callable[..., Person]
) -> None:
    chair = add_person(cast.sukamahi, "Pak Ketua", title="Ketua RT 03")
    add_person(cast.sukamahi, "Pak Wakil", title="Wakil Ketua")
    registry_membership = cast.cikarang_pusat.memberships.create(person=chair, title="Ketua")
    draft = actions.draft(cast.actor("wulan"), order(cast.root, audience=Audience.PEOPLE, title_filter="ketua"))
    actions.send(cast.actor("wulan"), draft.pk)
    receipt = draft.receipts.get()
    assert receipt.person == chair
    assert receipt.unit == registry_membership.unit  # the higher of the two


def test_nobody_to_send_to_is_refused_and_stays_a_draft(cast: Cast, order: Orders) -> None:
    draft = actions.draft(cast.actor("wulan"), order(cast.root, level="province"))
    with pytest.raises(Invalid):
        actions.send(cast.actor("wulan"), draft.pk)
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_the_same_form_twice_makes_one_and_sent_twice_is_sent_once(cast: Cast, order: Orders) -> None:
    form = order(cast.root, form_key=uuid.uuid4())
    first, second = actions.draft(cast.actor("wulan"), form), actions.draft(cast.actor("wulan"), form)
    actions.send(cast.actor("wulan"), first.pk)
    actions.send(cast.actor("wulan"), second.pk)
    assert first.pk == second.pk
    assert first.receipts.count() == 3
    assert Job.objects.filter(kind="missions.tell").count() == 1


def test_an_instruction_goes_down_never_up(cast: Cast, order: Orders) -> None:
    with pytest.raises(NotFound):
        actions.draft(cast.actor("joko"), order(cast.tambun_selatan, scope=cast.root))
    with pytest.raises(Invalid) as error:
        actions.draft(cast.actor("wulan"), order(cast.cikarang_pusat, scope=cast.root))
    assert "scope" in error.value.fields


@pytest.mark.parametrize(
    ("name", "expected"),
    [("wulan", True), ("arif", True), ("dewi", False), ("hendra", False), ("sari", False)],
)
def test_only_leaders_and_administrators_instruct(cast: Cast, order: Orders, name: str, expected: bool) -> None:
    if expected:
        assert actions.draft(cast.actor(name), order(cast.root)).pk
        return
    with pytest.raises(NotAllowed):
        actions.draft(cast.actor(name), order(cast.root))


def test_a_neighbour_sees_only_their_own_branch(cast: Cast, sent: Instruction) -> None:
    joko = cast.actor("joko")
    seen = queries.board(joko, sent, queries.node(joko, sent, None))
    assert (seen.node, seen.total.total) == (cast.tambun_selatan, 1)
    with pytest.raises(NotFound):
        queries.node(joko, sent, cast.sukamahi.pk)
    with pytest.raises(NotAllowed):
        actions.close(joko, sent.pk)


def test_a_draft_is_seen_by_its_own_unit_only(cast: Cast, order: Orders) -> None:
    draft = actions.draft(cast.actor("wulan"), order(cast.root))
    assert access.instruction(cast.actor("hendra"), draft.pk) == draft
    for name in ("joko", "maman", "tono"):
        with pytest.raises(NotFound):
            access.instruction(cast.actor(name), draft.pk)


@pytest.mark.parametrize("name", ["maman", "tono", "joko"])
def test_the_web_shows_nothing_of_a_draft_above(
    cast: Cast, order: Orders, sign_in: Callable[..., Client], name: str
) -> None:
    draft = actions.draft(cast.actor("wulan"), order(cast.root))
    client = sign_in(cast.user(name))
    assert client.get(reverse("missions:instruction", args=[draft.pk])).status_code == 404
    assert client.post(reverse("missions:instruction_send", args=[draft.pk])).status_code == 404
    assert draft.receipts.count() == 0


def test_units_answer_for_themselves_and_not_for_neighbours(cast: Cast, sent: Instruction) -> None:
    own, other = sent.receipts.get(unit=cast.tambun_selatan), sent.receipts.get(unit=cast.sukamahi)
    actions.answer(cast.actor("euis"), own.pk, Answer(done=True, note="Sudah dipasang."))
    own.refresh_from_db()
    assert (own.state, own.answered_by, own.note) == ("done", "euis@example.id", "Sudah dipasang.")
    with pytest.raises(NotFound):
        actions.answer(cast.actor("euis"), other.pk, Answer(done=True))
    with pytest.raises(NotAllowed):
        actions.answer(cast.actor("sari"), other.pk, Answer(done=True))


def test_declining_needs_a_reason_and_evidence_is_asked_for(cast: Cast, order: Orders) -> None:
    draft = actions.draft(cast.actor("wulan"), order(cast.root, evidence=Evidence.LINK))
    actions.send(cast.actor("wulan"), draft.pk)
    receipt = draft.receipts.get(unit=cast.tambun_selatan)
    with pytest.raises(Invalid) as missing:
        actions.answer(cast.actor("joko"), receipt.pk, Answer(done=True))
    assert "link" in missing.value.fields
    with pytest.raises(Invalid) as silent:
        actions.answer(cast.actor("joko"), receipt.pk, Answer(done=False, reason="  "))
    assert "reason" in silent.value.fields
    declined = actions.answer(cast.actor("joko"), receipt.pk, Answer(done=False, reason="Papan rusak."))
    assert declined.state == ReceiptState.DECLINED


def test_an_answer_may_be_corrected_while_it_runs_and_not_after(cast: Cast, sent: Instruction) -> None:
    receipt = sent.receipts.get(unit=cast.tambun_selatan)
    actions.answer(cast.actor("joko"), receipt.pk, Answer(done=False, reason="Belum ada kertas."))
    corrected = actions.answer(cast.actor("joko"), receipt.pk, Answer(done=True))
    assert (corrected.state, corrected.reason) == ("done", "")
    actions.close(cast.actor("wulan"), sent.pk)
    with pytest.raises(Conflict):
        actions.answer(cast.actor("joko"), receipt.pk, Answer(done=False, reason="Ternyata tidak."))


def test_recall_needs_a_reason_and_ends_the_links(
    cast: Cast, order: Orders, add_person: Callable[..., Person], run_jobs: Callable[[], None]
) -> None:
    add_person(cast.sukamahi, "Sari Wahyuni", phone="081234567890")
    draft = actions.draft(cast.actor("wulan"), order(cast.sukamahi, audience=Audience.PEOPLE, title_filter="Anggota"))
    actions.send(cast.actor("wulan"), draft.pk)
    run_jobs()
    with pytest.raises(Invalid):
        actions.recall(cast.actor("wulan"), draft.pk, " ")
    actions.recall(cast.actor("wulan"), draft.pk, "Jadwal berubah.")
    assert set(MemberLink.objects.values_list("revoked_for", flat=True)) == {"withdrawn"}


def test_strangers_get_a_link_and_users_an_email_each_once(
    cast: Cast, order: Orders, add_person: Callable[..., Person], run_jobs: Callable[[], None]
) -> None:
    add_person(cast.sukamahi, "Sari Wahyuni", phone="081234567890")
    draft = actions.draft(cast.actor("wulan"), order(cast.sukamahi, audience=Audience.PEOPLE))
    actions.send(cast.actor("wulan"), draft.pk)
    run_jobs()
    by_person = dict(Message.objects.values_list("recipient", "channel"))
    assert by_person == {"Sari Wahyuni": "link", "Maman": "email"}
    link = Message.objects.get(channel="link").link
    token = link.rstrip("/").rsplit("/", 1)[-1]
    stored = MemberLink.objects.get()
    assert token
    assert token not in (stored.digest, stored.device_digest)
    actions.remind(cast.actor("wulan"), draft.pk)
    run_jobs()
    actions.remind(cast.actor("wulan"), draft.pk)
    run_jobs()
    assert Message.objects.count() == 4  # first and one reminder each: never two on one day


def test_every_act_leaves_a_trail(cast: Cast, sent: Instruction) -> None:
    receipt = sent.receipts.get(unit=cast.tambun_selatan)
    actions.answer(cast.actor("joko"), receipt.pk, Answer(done=True))
    verbs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert {"missions.instruction.draft", "missions.instruction.send", "missions.receipt.answer"} <= verbs


def test_the_list_and_the_board_take_a_constant_number_of_queries(
    cast: Cast, order: Orders, sign_in: Callable[..., Client]
) -> None:
    client = sign_in(cast.user("wulan"))

    def count(url: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(url).status_code == 200
        return len(seen)

    first = actions.send(cast.actor("wulan"), actions.draft(cast.actor("wulan"), order(cast.root)).pk)
    pages = [
        reverse("missions:index"),
        first.get_absolute_url(),
        reverse("missions:receipts", args=[first.pk]),
        reverse("missions:mine"),
    ]
    before = [count(url) for url in pages]
    registry.add_units(
        SYSTEM, [NewUnit(f"32.16.20.{n}", f"Desa {n}", Unit.Level.VILLAGE, "32.16.20") for n in range(2010, 2040)]
    )
    for _ in range(6):
        actions.send(cast.actor("wulan"), actions.draft(cast.actor("wulan"), order(cast.root)).pk)
    assert [count(url) for url in pages] == before


def test_links_survive_large_numbers(cast: Cast, order: Orders, sign_in: Callable[..., Client]) -> None:
    """Numbers on screens have separators; in addresses they must not."""
    far = Unit.objects.create(
        pk=1_234_567,
        parent=cast.cikarang_pusat,
        code="32.16.20.x",
        slug="jauh",
        name="Desa Jauh",
        level="village",
        path="",
    )
    sent = actions.send(cast.actor("wulan"), actions.draft(cast.actor("wulan"), order(cast.root)).pk)
    page = sign_in(cast.user("wulan")).get(f"{sent.get_absolute_url()}?node={cast.cikarang_pusat.pk}")
    assert f"node={far.pk}" in page.content.decode()


def test_ten_thousand_receipts_take_the_same_queries_as_three(cast: Cast, order: Orders) -> None:
    wulan = cast.actor("wulan")

    def queries_of(expected: int) -> tuple[int, int]:
        draft = actions.draft(wulan, order(cast.root))
        with CaptureQueriesContext(connection) as sending:
            actions.send(wulan, draft.pk)
        with CaptureQueriesContext(connection) as opening:
            board = queries.board(wulan, draft, cast.root)
        assert board.total.total == expected
        return len(sending), len(opening)

    few = queries_of(3)
    Unit.objects.bulk_create(
        Unit(
            parent=cast.tambun_selatan,
            code=f"32.16.06.{n}",
            slug=f"d-{n}",
            name=f"Desa {n}",
            level=Unit.Level.VILLAGE,
            path="",
        )
        for n in range(10_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE registry_unit")  # As autovacuum does within a minute outside of a test.
    assert queries_of(10_003) == few


trees = st.lists(st.integers(min_value=0, max_value=6), min_size=1, max_size=12)
states = st.lists(st.sampled_from(list(ReceiptState)), min_size=13, max_size=13)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parents=trees, chosen=states)
def test_the_branches_of_every_node_add_up(
    cast: Cast, order: Orders, parents: list[int], chosen: list[ReceiptState]
) -> None:
    """In any tree, at any node: the node's own receipts and its branches are exactly its subtree's, state by state."""
    key = uuid.uuid4().hex[:8]
    units = [cast.cikarang_pusat]
    for at, parent in enumerate(parents):
        units.append(
            registry.add_unit(
                SYSTEM, units[parent % len(units)].pk, code=f"{key}-{at}", name=f"Unit {at}", level=Unit.Level.NONE
            )
        )
    draft = actions.send(cast.actor("wulan"), actions.draft(cast.actor("wulan"), order(cast.root)).pk)
    for receipt, state in zip(draft.receipts.order_by("pk"), chosen * 4, strict=False):
        answered = state in ("done", "declined")
        Receipt.objects.filter(pk=receipt.pk).update(
            state=state,
            seen_at=clock.now(),
            reason="Tidak sempat." if state == "declined" else "",
            answered_at=clock.now() if answered else None,
        )
    for unit in [cast.root, *Unit.objects.filter(pk__in=[unit.pk for unit in units])]:
        board = queries.board(cast.actor("wulan"), draft, unit)
        below = draft.receipts.filter(unit__path__within=unit.path)
        assert {state.value: getattr(board.total, state.value) for state in ReceiptState} == {
            state.value: below.filter(state=state).count() for state in ReceiptState
        }


def test_the_summary_of_the_wall_counts_what_is_seen(cast: Cast, sent: Instruction) -> None:
    actions.answer(cast.actor("joko"), sent.receipts.get(unit=cast.tambun_selatan).pk, Answer(done=True))
    whole, part = summary(cast.actor("wulan")), summary(cast.actor("joko"))
    assert (whole.instructions, whole.receipts, whole.done) == (1, 3, 1)
    assert (part.instructions, part.receipts, part.done) == (1, 1, 1)
    nobody = summary(Actor.anonymous())
    assert (nobody.instructions, nobody.receipts) == (0, 0)
    assert nobody.answered_share is None
