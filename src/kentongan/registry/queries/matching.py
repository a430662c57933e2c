"""Texts in which people search, so that an index on groups of three letters answers."""

from django.db.models import Q

GROUP = 3


def matching(field: str, text: str) -> Q:
    """Return that `text` is a part of the field; of fewer than three letters, that the field begins with them.

    One or two letters are in nearly every name: no index helps to find them in the middle.
    """
    lookup = "icontains" if len(text) >= GROUP else "istartswith"
    return Q(**{f"{field}__{lookup}": text})
