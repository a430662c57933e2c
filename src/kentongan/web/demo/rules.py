"""A quiet period that lies ahead, marked as an example that nobody verified."""

from datetime import timedelta

from django.db import transaction

from kentongan.safeguards import actions
from kentongan.safeguards.actions import Table
from kentongan.safeguards.models import Election, QuietPeriod
from kentongan.web.demo.organisation import actor
from kentongan.web.demo.script import SCOPE, anchor, section


@transaction.atomic
def add_quiet_period() -> None:
    """Enter an example election and its quiet period, as an administrator would."""
    row = section("quiet")
    if QuietPeriod.objects.filter(name=row["name"]).exists():
        return
    today, who = anchor().date(), actor("arif")
    about = {"source": row["source"], "note": row["note"], "verified": False}
    vote_on = today + timedelta(days=row["ends"] + 1)
    election = actions.add(
        who,
        Table.ELECTION,
        {"name": row["election"], "kind": Election.Kind.REGIONAL, "vote_on": vote_on, **about},
    )
    actions.add(
        who,
        Table.QUIET_PERIOD,
        {
            "election": election,
            "name": row["name"],
            "area_code": SCOPE,
            "starts_on": today + timedelta(days=row["starts"]),
            "ends_on": today + timedelta(days=row["ends"]),
            **about,
        },
    )
