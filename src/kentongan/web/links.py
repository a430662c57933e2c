"""Links to the page that is open, with other choices: its filters, its order, another page of it."""

from django.http import HttpRequest, QueryDict


def with_choices(request: HttpRequest, path: str = "", **changes: object) -> str:
    """Return the address of `path` (by default the open page) with the present choices and `changes` to them.

    The number of the page falls away unless it is the change; an empty value takes a choice off.
    """
    query: QueryDict = request.GET.copy()
    for name in ("page", "format"):
        query.pop(name, None)
    for name, value in changes.items():
        if value in (None, ""):
            query.pop(name, None)
        else:
            query[name] = str(value)
    path = path or request.path
    return f"{path}?{query.urlencode()}" if query else path


def is_filtered(request: HttpRequest) -> bool:
    """Whether the open page shows less than it could: some choice is made beside its order and its number."""
    return any(value for name, value in request.GET.items() if name not in ("page", "sort", "format"))
