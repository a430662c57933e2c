"""What the screens of this room share."""

from collections.abc import Sequence
from typing import TypeVar

from django.utils.translation import gettext as _

from kentongan.core.errors import Invalid

MOST_PRINTED = 2000
T = TypeVar("T")


def paper(rows: Sequence[T]) -> Sequence[T]:
    """Return the rows of a list on paper; Invalid when there are more than anybody reads there."""
    if len(rows) > MOST_PRINTED:
        raise Invalid(
            _("A list on paper holds at most %(n)s rows.") % {"n": MOST_PRINTED},
            remedy=_("Choose a smaller part of the tree, or take the list as Excel."),
        )
    return rows
