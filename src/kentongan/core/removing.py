"""Removing very many rows of one table."""

from collections.abc import Iterable

from django.db import connection
from django.db.models import Model

from kentongan.core.copying import selected


def remove(model: type[Model], ids: Iterable[int]) -> None:
    """Delete rows by number: those to which nothing refers by one statement, the others as Django does.

    Whoever calls it holds a lock on the rows, so that nothing new comes to refer to them.
    """
    wanted = list(ids)
    referred = _referred(model, wanted)
    if referred:
        model._default_manager.filter(pk__in=referred).delete()
    rest = [pk for pk in wanted if pk not in referred]
    if rest:
        with connection.cursor() as cursor:
            table, column = map(connection.ops.quote_name, (model._meta.db_table, str(model._meta.pk.column)))
            cursor.execute(f"DELETE FROM {table} WHERE {column} = ANY(%s)", [rest])  # noqa: S608


def _referred(model: type[Model], ids: list[int]) -> set[int]:
    """Return to which of the rows any other row refers."""
    found: set[int] = set()
    for relation in model._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete:
            field = relation.field  # type: ignore[union-attr]
            table, column = map(connection.ops.quote_name, (field.model._meta.db_table, str(field.column)))
            found.update(pk for (pk,) in selected(f"SELECT {column} FROM {table} WHERE {column} = ANY(%s)", ids))  # noqa: S608
    return found
