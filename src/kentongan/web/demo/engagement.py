"""Instructions with their receipts, and one share mission with what people made of it."""

from datetime import timedelta
from random import Random
from uuid import NAMESPACE_URL, uuid5

from django.db import transaction

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid
from kentongan.missions.actions import instructions, missions
from kentongan.missions.models import Instruction, Mission, MissionInvitation, Receipt
from kentongan.publishing.models import Delivery
from kentongan.publishing.states import State
from kentongan.registry import queries as registry
from kentongan.registry.models import Unit
from kentongan.web.demo import content, stream
from kentongan.web.demo.organisation import actor
from kentongan.web.demo.script import Row, anchor, at, chance, rows, section

SEEN, DONE, DECLINED = 0.72, 0.5, 0.04
OPENED, SHARED, REFUSED = 0.55, 0.32, 0.05
DAYS = ("Sabtu", "Minggu", "Jumat")
TRIES = 8


def _root() -> Unit:
    root = registry.root()
    if root is None:
        raise RuntimeError("the organisation is founded first")
    return root


@transaction.atomic
def instruct() -> None:
    """Send the instructions when the script says so, and let their recipients answer since."""
    for row in rows("instructions"):
        _instruct(row)


def _instruct(row: Row) -> None:
    key = uuid5(NAMESPACE_URL, f"kentongan:demo:{row['key']}")
    if Instruction.objects.filter(form_key=key).exists():
        return
    order = instructions.Order(
        unit_id=_root().pk,
        scope_id=Unit.objects.get(code=row["scope"]).pk,
        title=row["title"],
        text=row["text"],
        due_at=at(row["due"], 17),
        form_key=key,
        audience=row["audience"],
        title_filter=row["title_filter"],
        evidence=row["evidence"],
        issue_id=stream.issue_id(row["issue"]),
    )
    with clock.playing(at(row["begun"])):
        sent = instructions.send(actor("wulan"), instructions.draft(actor("wulan"), order).pk)
    if "notes" not in row:
        return
    rng = chance("receipts")
    for receipt in sent.receipts.select_related("person").order_by("pk"):
        _answer(row, receipt, rng)


def _answer(row: Row, receipt: Receipt, rng: Random) -> None:
    luck = rng.random()
    if receipt.person is None or luck > SEEN:
        return
    who = Actor.of_link(receipt.person.pk, receipt.person.full_name)
    with clock.playing(at(row["begun"]) + (anchor() - at(row["begun"])) * rng.random()):
        if luck < DECLINED:
            given = instructions.Answer(done=False, reason=rng.choice(row["reasons"]))
        elif luck < DONE:
            checked = rng.randint(18, 90)
            note = rng.choice(row["notes"]).format(n=checked, m=rng.randint(0, checked // 5))
            given = instructions.Answer(done=True, note=note)
        else:
            instructions.see(who, receipt.pk)
            return
        instructions.answer(who, receipt.pk, given)


@transaction.atomic
def ask_to_share() -> None:
    """Open the mission a day ago; those who agreed to be asked open it, and some share it in their own words."""
    row, root = section("mission"), _root()
    key = uuid5(NAMESPACE_URL, "kentongan:demo:mission")
    if Mission.objects.filter(form_key=key).exists():
        return
    request = missions.Request(
        unit_id=root.pk,
        scope_id=root.pk,
        title=row["title"],
        text=row["text"],
        closes_at=at(row["closes"], 20),
        form_key=key,
        starters=tuple(row["starters"]),
        item_id=content.item(row["item"]).pk,
        link=_address(),
    )
    with clock.playing(at(row["begun"])):
        mission = missions.open_mission(actor("arif"), missions.draft(actor("arif"), request).pk)
    rng = chance("shares")
    for invitation in mission.invitations.select_related("person").order_by("pk"):
        _share(row, invitation, rng)


def _address() -> str:
    """Return the newest article's address: what is shared has to be out already."""
    newest = Delivery.objects.filter(state=State.PUBLISHED).order_by("-published_at").first()
    return newest.url if newest else ""


def _share(row: Row, invitation: MissionInvitation, rng: Random) -> None:
    luck = rng.random()
    if invitation.person is None or luck > OPENED:
        return
    who = Actor.of_link(invitation.person.pk, invitation.person.full_name)
    moment = at(row["begun"]) + (anchor() - at(row["begun"])) * rng.random()
    with clock.playing(moment):
        missions.open_invitation(who, invitation.pk)
    with clock.playing(moment + timedelta(minutes=rng.randint(1, 9))):
        if luck < REFUSED:
            missions.decline(who, invitation.pk)
        elif luck < SHARED and _word(row, who, invitation.pk, rng):
            missions.share(who, invitation.pk, via=rng.choice(row["via"]))


def _word(row: Row, who: Actor, invitation_id: int, rng: Random) -> bool:
    """Whether the person found words that nobody else has; after a few tries they leave it."""
    for _ in range(TRIES):
        try:
            missions.word(who, invitation_id, _caption(row, rng))
        except Invalid:
            continue
        return True
    return False


def _caption(row: Row, rng: Random) -> str:
    did = rng.choice(row["did"]).format(n=rng.randint(3, 24), day=rng.choice(DAYS))
    call = rng.choice(row["call"]).format(n=rng.randint(2, 9))
    begin = rng.choice([*row["starters"], "", ""])
    return f"{begin} {rng.choice(row['who'])} {did}, {rng.choice(row['why'])}. {call}".strip()
