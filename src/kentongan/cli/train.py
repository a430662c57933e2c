"""`kentongan train`: trainings, who lacks them, the seats of their waves."""

from typing import Annotated

import typer

from kentongan.cli.context import AsJson, AsUser, actor, group, print_row, print_rows, with_database
from kentongan.gatherings import access, actions
from kentongan.gatherings.queries import trainings as queries

app = group("Training in waves: list, who lacks it, fill, remind.")
UnderUnit = Annotated[str, typer.Option(metavar="CODE", help="At or under this unit; else all that you see.")]


@app.command("list")
@with_database
def listed(
    show: Annotated[str, typer.Option(help="closed, or nothing for those that run.")] = "",
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """List trainings."""
    rows = [
        {"id": one.pk, "unit": one.unit.code, "waves": one.wave_count, "passed": one.passed, "title": one.title}  # type: ignore[attr-defined]
        for one in queries.trainings(actor(as_user), show)[:200]
    ]
    print_rows(rows, as_json=as_json, empty="No trainings here.")


@app.command("waves")
@with_database
def waves(training: int, as_json: AsJson = False, as_user: AsUser = "") -> None:
    """List the waves of a training with their seats and results."""
    rows = [
        {
            "id": one.pk,
            "starts_at": one.gathering.starts_at,
            "state": one.gathering.state,
            "seats": f"{one.seated}/{one.capacity}",  # type: ignore[attr-defined]
            "attended": one.attended,  # type: ignore[attr-defined]
            "passed": one.passed,  # type: ignore[attr-defined]
            "title": one.gathering.title,
        }
        for one in queries.waves(access.training(actor(as_user), training))
    ]
    print_rows(rows, as_json=as_json, empty="No wave yet.")


@app.command("lacking")
@with_database
def lacking(training: int, unit: UnderUnit = "", as_json: AsJson = False, as_user: AsUser = "") -> None:
    """List the units that lack trained people."""
    who = actor(as_user)
    found = access.training(who, training)
    units = queries.with_people(found, queries.lacking(found, queries.node(who, found, unit)))
    names = ("code", "has", "lacks", "coming", "could", "name")
    rows = [{name: getattr(one, name) for name in names} for one in units]
    print_rows(rows, as_json=as_json, empty="No unit lacks anybody here.")


@app.command("fill")
@with_database
def fill(wave: int, as_json: AsJson = False, as_user: AsUser = "") -> None:
    """Give the free seats of a wave to those who lack the training; nobody is told yet."""
    print_row({"wave": wave, "seats_given": actions.fill_wave(actor(as_user), wave)}, as_json=as_json)


@app.command("remind")
@with_database
def remind(training: int, unit: UnderUnit = "", as_json: AsJson = False, as_user: AsUser = "") -> None:
    """Remind those who lack the training, once a day at most."""
    who = actor(as_user)
    node = queries.node(who, access.training(who, training), unit)
    print_row({"unit": node.code, "reminded": actions.remind(who, training, node.pk)}, as_json=as_json)
