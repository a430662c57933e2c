"""Who does something: every action's first argument."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from kentongan.core.models import User

ActorKind = Literal["user", "token", "link", "system", "anonymous"]


@dataclass(frozen=True, slots=True)
class Actor:
    """A user, a user's token narrowed by scopes, the holder of a signed link, the system itself, or nobody."""

    kind: ActorKind
    label: str
    user_id: int | None = None
    person_id: int | None = None
    scopes: frozenset[str] | None = None

    @classmethod
    def of_user(cls, user: "User") -> "Actor":
        """Return the actor that a signed-in user is."""
        return cls("user", user.email, user_id=user.pk)

    @classmethod
    def of_token(cls, user: "User", scopes: frozenset[str], name: str) -> "Actor":
        """Return a user's token: their rights, narrowed to `scopes`."""
        return cls("token", f"{user.email} ({name})", user_id=user.pk, scopes=scopes)

    @classmethod
    def of_link(cls, person_id: int, label: str) -> "Actor":
        """Return the holder of a signed link; links carry no rights but those of the page they open."""
        return cls("link", label, person_id=person_id)

    @classmethod
    def system(cls, label: str) -> "Actor":
        """Return the system acting by itself (a tick, a job, the operator at the command line)."""
        return cls("system", label)

    @classmethod
    def anonymous(cls) -> "Actor":
        """Return nobody."""
        return cls("anonymous", "")

    @property
    def trace(self) -> str:
        """What the audit log keeps beside the numbers of user and person: a token's own name, what the system did."""
        if self.kind == "token":
            return self.label[self.label.rfind(" (") + 1 :]
        return "" if self.user_id is not None or self.person_id is not None else self.label

    @property
    def is_system(self) -> bool:
        """Whether this is the system, which may do everything."""
        return self.kind == "system"

    def has_scope(self, scope: str) -> bool:
        """Whether a token's scopes include `scope`; `room:write` includes `room:read`."""
        if self.scopes is None:
            return True
        room, _, verb = scope.partition(":")
        return scope in self.scopes or (verb == "read" and f"{room}:write" in self.scopes)
