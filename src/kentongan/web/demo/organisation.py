"""The office, its divisions and partners, the real districts and villages below it, the cast, the accounts."""

from collections.abc import Iterator, Mapping

from kentongan.core.actor import Actor
from kentongan.core.models import User
from kentongan.publishing import connections
from kentongan.registry import actions, queries, trees
from kentongan.registry.models import Account, Organisation, Person, Unit
from kentongan.registry.trees import NewUnit
from kentongan.web.demo.cast import PASSWORD, PLAYERS
from kentongan.web.demo.script import BASIS, SCOPE, SYSTEM, Row, accounts, beside


def found() -> None:
    """Found the organisation, neutral and marked as simulated."""
    if queries.root() is not None:
        return
    actions.found_organisation(
        SYSTEM,
        name="Dinas Komunikasi dan Informatika Kabupaten Bekasi",
        short_name="Diskominfo Bekasi",
        kind=Organisation.Kind.REGENCY,
        area_code=SCOPE,
        level=Unit.Level.REGENCY,
        simulated=True,
    )


def add_units() -> None:
    """Add divisions, partners, districts and villages; those that are there stay."""
    root = queries.root()
    if root is None:
        raise RuntimeError("the organisation is founded first")
    actions.add_units(SYSTEM, [*_beside(), *trees.plan(trees.Wanted(Organisation.Kind.REGENCY), root)])


def _beside() -> Iterator[NewUnit]:
    for unit in beside():
        yield NewUnit(unit["code"], unit["name"], Unit.Level.NONE, SCOPE, label=unit["label"], kind=unit["kind"])


def add_cast() -> None:
    """Give everybody of the cast a sign-in and a role."""
    units = dict(Unit.objects.filter(code__in={one.unit_code for one in PLAYERS}).values_list("code", "pk"))
    there = dict(User.objects.values_list("email", "pk"))
    for one in PLAYERS:
        unit_id = units[one.unit_code]
        user_id = there.get(one.email) or _user(one.email, one.name, one.title, unit_id)
        actions.grant_role(SYSTEM, user_id, unit_id, one.role)


def _user(email: str, name: str, title: str, unit_id: int) -> int:
    made = actions.add_user(SYSTEM, unit_id, email=email, name=name, password=PASSWORD, title=title, basis=BASIS)
    return made.pk


def add_accounts() -> None:
    """Declare the ten official accounts, each with two custodians, and open the newsroom."""
    root = queries.root()
    if root is None:
        raise RuntimeError("the organisation is founded first")
    people = {person.email: person for person in Person.objects.filter(user__isnull=False)}
    there = set(Account.objects.values_list("platform", "handle"))
    for row in accounts():
        if (row["platform"], row["handle"]) not in there:
            _declare(root, row, people)
    live = live_account()
    if live.state != Account.State.CONNECTED:
        connections.connect(SYSTEM, live.pk, _site(live))


def _live_row() -> Row:
    """Return the script's account that is live from the first moment: the one with a tagline."""
    return next(row for row in accounts() if "tagline" in row)


def live_account() -> Account:
    """Return the account that is live from the first moment: the newsroom."""
    row = _live_row()
    return Account.objects.get(platform=row["platform"], handle=row["handle"], kind=Account.Kind.OFFICIAL)


def _declare(root: Unit, row: Row, people: Mapping[str, Person]) -> None:
    actions.declare_account(
        SYSTEM,
        root.pk,
        platform=row["platform"],
        handle=row["handle"],
        display_name=row["name"],
        custodian=people["dewi@example.id"],
        deputy_custodian=people["arif@example.id"],
    )


def _site(account: Account) -> dict[str, str]:
    return {
        "handle": account.handle,
        "name": account.display_name,
        "tagline": _live_row()["tagline"],
    }


def actor(key: str) -> Actor:
    """Return somebody of the cast as an actor."""
    return Actor.of_user(User.objects.get(email=f"{key}@example.id"))
