"""Errors that people see.

    KentonganError
    ├── Invalid        422  the input is wrong; `fields` says where
    ├── NotAllowed     403  visible, but this actor may not do it
    ├── NotFound       404  does not exist, or this actor may not know that it does
    ├── Conflict       409  the object is in a state that does not permit it
    ├── Held           409  a safeguard holds it back
    ├── TooMany        429  a limit was reached; try later
    └── Unavailable    503  something that is needed does not answer

Each carries a message that says what happened and a remedy that says what to do next. Web, API and command line
render the same two sentences.
"""

from collections.abc import Mapping, Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class KentonganError(Exception):
    """The root: an outcome which the person at the screen can understand and act on."""

    status = 400
    code = "error"
    default_message: Text = _("This could not be done.")
    default_remedy: Text = ""
    headers: Mapping[str, str] = {}

    def __init__(self, message: Text = "", *, remedy: Text = "", code: str = "") -> None:
        self.message = message or self.default_message
        self.remedy = remedy or self.default_remedy
        self.code = code or type(self).code
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()

    @property
    def reason(self) -> str:
        """Why it could not be done, in one line, where there are no fields to mark: in a list, on a message."""
        return str(self)


class Invalid(KentonganError):
    """Input that cannot be taken; `fields` maps a field's name to what is wrong with it."""

    status = 422
    code = "invalid"
    default_message = _("Some of what you entered cannot be used.")
    default_remedy = _("Correct the marked fields and send it again.")

    def __init__(
        self,
        message: Text = "",
        *,
        fields: Mapping[str, Sequence[Text]] | None = None,
        remedy: Text = "",
        code: str = "",
    ) -> None:
        super().__init__(message, remedy=remedy, code=code)
        self.fields = {name: [str(text) for text in texts] for name, texts in (fields or {}).items()}

    @property
    def reason(self) -> str:
        """What is wrong with each field, which is where the reason stands; the message where no field is named."""
        return " ".join(text for texts in self.fields.values() for text in texts) or str(self)


class NotAllowed(KentonganError):
    """The actor sees the object and may not do this to it."""

    status = 403
    code = "not_allowed"
    default_message = _("You do not have permission to do this.")
    default_remedy = _("Ask an administrator of your unit for the role that allows it.")


class NotFound(KentonganError):
    """The object does not exist, or the actor may not know that it does."""

    status = 404
    code = "not_found"
    default_message = _("We could not find that.")
    default_remedy = _("It may have been removed, or it belongs to a unit that you do not see.")


class Conflict(KentonganError):
    """The object's state does not permit this now."""

    status = 409
    code = "conflict"
    default_message = _("This has changed in the meantime.")
    default_remedy = _("Reload the page and look at its present state.")


class Held(KentonganError):
    """A safeguard holds this back."""

    status = 409
    code = "held"
    default_message = _("A safeguard holds this back.")
    default_remedy = _("See the reason on the safeguards screen.")


class TooMany(KentonganError):
    """A limit was reached."""

    status = 429
    code = "too_many"
    default_message = _("Too many tries.")
    default_remedy = _("Wait a moment and try again.")

    def __init__(self, message: Text = "", *, remedy: Text = "", code: str = "", retry_after: int = 60) -> None:
        super().__init__(message, remedy=remedy, code=code)
        self.headers = {"Retry-After": str(retry_after)}


class Unavailable(KentonganError):
    """A part that is needed does not answer."""

    status = 503
    code = "unavailable"
    default_message = _("A part that is needed does not answer right now.")
    default_remedy = _("Try again in a minute; if it stays so, run `kentongan doctor`.")
