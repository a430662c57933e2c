"""PostgreSQL's `ltree` as a Django field: the path of a node from its root, as dotted ids."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.lookups import PostgresOperatorLookup

# Labels are numbers, and a letter sorts behind every figure.
AFTER_ALL = "z"


class LtreeField(models.CharField[Any, Any]):
    """A path such as `1.5.30`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_length"] = 2000
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        """Leave the fixed length out of migrations."""
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("max_length", None)
        return name, path, args, kwargs

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """Return the column's type."""
        return "ltree"

    def db_check(self, connection: BaseDatabaseWrapper) -> None:
        """There is no check of its own."""

    def get_placeholder(self, value: Any, compiler: Any, connection: BaseDatabaseWrapper) -> str:
        """Cast parameters, which arrive as text."""
        return "%s::ltree"


class _PathLookup(PostgresOperatorLookup):
    def process_rhs(self, compiler: Any, connection: Any) -> Any:
        sql, params = super().process_rhs(compiler, connection)
        return (f"{sql}::ltree", params) if self.rhs_is_direct_value() else (sql, params)


@LtreeField.register_lookup
class Within(_PathLookup):
    """The path is that node or lies under it."""

    lookup_name = "within"
    postgres_operator = "<@"


@LtreeField.register_lookup
class Contains(_PathLookup):
    """The path is that node or lies above it."""

    lookup_name = "covers"
    postgres_operator = "@>"


def subtree(path: str, field: str = "") -> dict[str, str]:
    """Return the conditions that hold for a node and all below it, as a range of a sorted index.

    They are lookups of `field`, or of a field that is put before them later. `within` says the same; but an index that
    a range is read from also gives its rows in the order of the tree.
    """
    return {f"{field}__gte" if field else "gte": path, f"{field}__lte" if field else "lte": f"{path}.{AFTER_ALL}"}
