"""`kentongan contacts`: contacts outside the tree: list, import, export, invite, find who is noted twice, merge."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from kentongan.cli import twice
from kentongan.cli.context import (
    AsJson,
    AsUser,
    Yes,
    actor,
    confirmed,
    fail,
    group,
    print_row,
    print_rows,
    say,
    with_database,
)
from kentongan.cli.importing import Columns, Rejects, TableFile, Wanted, bring
from kentongan.core.permissions import Capability
from kentongan.core.tables import write_csv, write_xlsx
from kentongan.registry import actions, queries
from kentongan.registry.importing.contacts import ContactImport
from kentongan.registry.models import Contact
from kentongan.registry.queries.contacts import ContactFilters
from kentongan.registry.views.contacts import COLUMNS

app = group("Contacts outside the tree: list, import, export, invite, merge.")

Code = Annotated[str, typer.Argument(metavar="CODE", help="The unit's code; contacts of units below it are meant too.")]
Kind = Annotated[str, typer.Option(help="influencer, community, journalist or agency.")]
Area = Annotated[str, typer.Option(help="Who covers this area, by code or name.")]
Topic = Annotated[str, typer.Option(help="Who is about this topic.")]
Consent = Annotated[str, typer.Option(help="Who agreed to: contact, gatherings, accounts, missions; or none.")]
Search = Annotated[str, typer.Option(help="A part of name, outlet, phone, e-mail, or an @handle.")]
FORMATS = {".csv": write_csv, ".xlsx": write_xlsx}


def _row(contact: Contact) -> dict[str, Any]:
    person = contact.person
    return {
        "id": contact.pk,
        "unit": contact.unit.code,
        "kind": contact.kind,
        "name": person.full_name,
        "organisation": contact.organisation,
        "phone": person.phone,
        "email": person.email,
        "topics": ", ".join(contact.topics),
        "areas": "; ".join(contact.areas),
        "state": person.state,
        "agreed": ", ".join(one.purpose for one in person.live),  # type: ignore[attr-defined]
    }


@app.command("list")
@with_database
def listed(
    code: Code,
    kind: Kind = "",
    area: Area = "",
    topic: Topic = "",
    consent: Consent = "",
    search: Search = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 100,
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """List contacts, the latest first."""
    who = actor(as_user)
    unit = queries.unit_by_code(who, code, Capability.ADMINISTER)
    found = queries.contacts(who, unit, ContactFilters(kind, area, topic, consent, "", search))[:limit]
    print_rows([_row(one) for one in found], as_json=as_json, empty="No contact matches.")


@app.command("import")
@with_database
def import_file(
    code: Annotated[str, typer.Argument(metavar="CODE", help="The unit that keeps the contacts.")],
    file: TableFile,
    basis: Annotated[str, typer.Option(help="Where the list comes from, with its date; the contacts see it.")],
    kind: Annotated[str, typer.Option(help="What they are, where no column says it.")] = "",
    column: Columns = None,
    rejects: Rejects = None,
    yes: Yes = False,
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """Bring a list of contacts in; the same file twice changes nothing."""
    who = actor(as_user)
    unit = queries.unit_by_code(who, code, Capability.ADMINISTER)
    wanted = Wanted(ContactImport(), unit.pk, file, column or [], {"basis": basis, "kind": kind}, rejects)
    bring(who, wanted, f"Bring the contacts of {file.name} in for {unit.name}?", yes=yes, as_json=as_json)


@app.command("export")
@with_database
def export(
    code: Code,
    file: Annotated[Path, typer.Argument(dir_okay=False, help="Where to write: a .csv or .xlsx file.")],
    kind: Kind = "",
    area: Area = "",
    topic: Topic = "",
    consent: Consent = "",
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """Write contacts to a file; that they were taken along stands in the audit log."""
    write = FORMATS.get(file.suffix.lower())
    if write is None:
        fail("Choose a file that ends in .csv or .xlsx.")
    if not file.absolute().parent.is_dir():
        fail(f"There is no directory {file.absolute().parent}.", "Make it, or choose another.")
    who = actor(as_user)
    unit = queries.unit_by_code(who, code, Capability.ADMINISTER)
    found = queries.contacts(who, unit, ContactFilters(kind, area, topic, consent))
    count = found.count()
    actions.record_contact_export(who, unit.pk, count)
    write(str(file), COLUMNS, found.iterator(chunk_size=2000))
    print_row({"contacts": count, "file": str(file)}, as_json=as_json)


@app.command("duplicates")
@with_database
def duplicates(code: Code, as_json: AsJson = False, as_user: AsUser = "") -> None:
    """List pairs who may be one contact, by phone, account, or name at one unit."""
    who = actor(as_user)
    pairs = queries.alike_contacts(who, queries.unit_by_code(who, code, Capability.ADMINISTER))
    print_rows(twice.rows(pairs), as_json=as_json, empty="No contact seems to be noted twice.")


@app.command("merge")
@with_database
def merge(
    keep: twice.Keep,
    gone: twice.Gone,
    yes: Yes = False,
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """Make one of two contacts; it cannot be undone."""
    who = actor(as_user)
    twice.merge(
        who, queries.contact(who, keep), queries.contact(who, gone), actions.merge_contacts, yes=yes, as_json=as_json
    )


@app.command("invite")
@with_database
def invite(
    code: Code,
    channel: Annotated[str, typer.Option(help="email or link; by default whichever reaches them.")] = "",
    yes: Yes = False,
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """Give those who have not confirmed a link to their own page, at most a thousand at once."""
    who = actor(as_user)
    unit = queries.unit_by_code(who, code, Capability.ADMINISTER)
    if not confirmed(f"Invite the contacts of {unit.name} who hold no link yet?", yes=yes):
        return
    made = actions.invite_contacts(who, unit.pk, channel=channel)
    if made.unreachable and not as_json:
        say("Some have no address for this channel.")
    print_row(asdict(made), as_json=as_json)
