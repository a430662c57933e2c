"""Who is needed by rows of any room, so that taking a list back leaves them.

Every relation to a person counts unless it is named here as one that goes with them: a new one keeps its people until
somebody decides otherwise.
"""

from collections.abc import Collection, Iterator

from django.db import connection
from django.db.models import Field

from kentongan.core.copying import selected
from kentongan.registry.models import Person

GOES = frozenset(
    {
        # What the list stated is taken back beside; whoever has another one is asked for by `taking_back`.
        "registry.account.person",
        "registry.keptapart.one",
        "registry.keptapart.other",
        "registry.personinvitation.person",
    }
)
POSITIONS, CONTACTS = "registry.membership.person", "registry.contact.person"
MERGED = "merged"


def relations() -> Iterator[tuple[str, "Field[object, object]"]]:
    """Yield every foreign key to a person, of any room, with its name as `app.model.field`."""
    for relation in Person._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete:
            field = relation.field  # type: ignore[union-attr]
            yield f"{field.model._meta.label_lower}.{field.name}", field


def needed(person_ids: Collection[int], *, besides: str) -> dict[int, set[str]]:
    """Return who is referred to, with the rooms (labels of apps) that do; `besides` is what the list itself makes.

    Whoever calls it holds a lock on these people, so that nothing new comes to refer to them.
    """
    found: dict[int, set[str]] = {}
    for name, field in relations():
        if name in GOES or name == besides:
            continue
        table, column = map(connection.ops.quote_name, (field.model._meta.db_table, str(field.column)))
        statement = f"SELECT DISTINCT {column} FROM {table} WHERE {column} = ANY(%s)"  # noqa: S608
        for (pk,) in selected(statement, [*person_ids]):
            found.setdefault(pk, set()).add(field.model._meta.app_label)
    return found


def reasons(left: Collection[int], needing: dict[int, set[str]], joined: Collection[int]) -> dict[str, int]:
    """Return how many of those who were left each room needs, and how many were merged with somebody since."""
    counts: dict[str, int] = {}
    merged = set(joined)
    for pk in left:
        for reason in (*needing.get(pk, ()), *((MERGED,) if pk in merged else ())):
            counts[reason] = counts.get(reason, 0) + 1
    return counts
