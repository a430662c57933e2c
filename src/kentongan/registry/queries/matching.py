"""Texts in which people search, so that an index on groups of three letters answers."""

from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from kentongan.registry.models import Account

GROUP = 3
READ_ONE_BY_ONE = 30_000


def matching(field: str, text: str) -> Q:
    """Return that `text` is a part of the field; of fewer than three letters, that the field begins with them.

    One or two letters are in nearly every name: no index helps to find them in the middle.
    """
    lookup = "icontains" if len(text) >= GROUP else "istartswith"
    return Q(**{f"{field}__{lookup}": text})


def official_as(text: str, among: int | None = None) -> QuerySet[Account]:
    """Return the official accounts that have `text` in their handle or name.

    The index knows all that match in the whole organisation. Where the caller looks `among` few, in one part of the
    tree, reading each of those costs less than leaving out all others of a word which very many have.
    """
    official = Account.objects.filter(kind=Account.Kind.OFFICIAL)
    if among is None or among > READ_ONE_BY_ONE:
        return official.filter(matching("handle", text) | matching("display_name", text))
    lookup = "contains" if len(text) >= GROUP else "startswith"
    lowered = {f"lower_{name}": Lower(name) for name in ("handle", "display_name")}  # of which there is no index
    conditions = (Q(**{f"{name}__{lookup}": text.lower()}) for name in lowered)
    return official.alias(**lowered).filter(reduce(or_, conditions))


def held_as(handle: str) -> QuerySet[Account]:
    """Return the accounts of their own whose handle has `handle` in it; which of them may be told is the caller's."""
    lookup = "contains" if len(handle) >= GROUP else "startswith"
    own = Account.objects.filter(kind=Account.Kind.ORGANIC).alias(lower=Lower("handle"))
    return own.filter(**{f"lower__{lookup}": handle.lower()})
