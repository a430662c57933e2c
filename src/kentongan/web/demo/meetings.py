"""A meeting that was held, with questions and answers, and one that is to come."""

from datetime import datetime, timedelta
from random import Random

from django.db import transaction

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.gatherings import actions
from kentongan.gatherings.models import Gathering, Participant
from kentongan.registry import queries as registry
from kentongan.registry.models import Consent, Person
from kentongan.web.demo import stream
from kentongan.web.demo.organisation import actor
from kentongan.web.demo.script import Row, anchor, at, chance, rows

MEMBERS = 12
COMING = 0.8


def meet() -> None:
    """Play the meetings of the script, each whole or not at all."""
    for row in rows("gatherings"):
        if not Gathering.objects.filter(title=row["title"]).exists():
            with transaction.atomic():
                _play(row)


def _play(row: Row) -> None:
    root = registry.root()
    if root is None:
        raise RuntimeError("the organisation is founded first")
    begins = at(row["day"], row["hour"])
    plan = actions.Plan(row["title"], row["place"], begins, begins + timedelta(hours=row["hours"]), row["aim"])
    invited = min(begins - timedelta(days=3), anchor())
    rng = chance(row["title"])
    with clock.playing(invited):
        made = actions.plan_gathering(actor("dewi"), root.pk, plan, issue_id=stream.issue_id(row["issue"]))
        _invite(made.pk, rng)
    if begins < anchor():
        _hold(row, made, begins, rng)


def _invite(gathering_id: int, rng: Random) -> None:
    agreed = Person.objects.filter(
        simulated=True, consents__purpose=Consent.Purpose.GATHERINGS, consents__revoked_at=None
    )
    for person_id in rng.sample(list(agreed.order_by("pk").values_list("pk", flat=True)), MEMBERS):
        actions.add_person(actor("dewi"), gathering_id, person_id)
    for guest in rows("guests"):
        note = "Setuju dicantumkan lewat telepon (simulasi)"
        actions.add_guest(
            actor("dewi"), gathering_id, name=guest["name"], community=guest["community"], consent_note=note
        )
    actions.invite(actor("dewi"), gathering_id)
    for participant in Participant.objects.filter(gathering=gathering_id).order_by("pk"):
        if rng.random() < COMING:
            actions.answer(_self(participant), participant.pk, coming=rng.random() < COMING)


def _self(participant: Participant) -> Actor:
    return Actor("link", str(participant), person_id=participant.person_id)


def _hold(row: Row, gathering: Gathering, begins: datetime, rng: Random) -> None:
    with clock.playing(begins + timedelta(minutes=5)):
        for participant in gathering.participants.filter(state="confirmed").order_by("pk"):
            if rng.random() < COMING:
                actions.check_in(actor("dewi"), participant.pk)
        for text, answer, where in row["questions"]:
            question = actions.ask(actor("dewi"), gathering.pk, text)
            if answer:
                actions.answer_question(actor("dewi"), question.pk, answer=answer, source=where)
    with clock.playing(begins + timedelta(hours=row["hours"])):
        actions.record_held(actor("dewi"), gathering.pk, note=row["note"], follow_up=row["follow_up"])
