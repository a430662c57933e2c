"""Where secrets lie encrypted: our own columns, and what allauth keeps of each second step in a JSON column."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import models
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from kentongan.core.secrets import Encrypted, decrypt, encrypt


class Place(Protocol):
    """A place with one secret a row; `renew` is called inside a transaction."""

    def stored(self) -> Any:
        """Return a query of (primary key, cipher text), in the order of the keys."""

    def renew(self, pks: Iterable[Any]) -> int:
        """Encrypt the secrets of these rows with the newest key; return how many there were."""


def _locked(model: type[models.Model], column: str, pks: Iterable[Any]) -> list[Any]:
    """Race: a token refreshed meanwhile must not be overwritten with the old one, so the rows are locked."""
    rows = model._default_manager.filter(pk__in=pks).only("pk", column)
    return list(rows.order_by("pk").select_for_update())


@dataclass(frozen=True, slots=True)
class Column:
    """An encrypted column."""

    model: type[models.Model]
    name: str

    def stored(self) -> Any:
        """Return the column as it is, where it holds something."""
        rows = self.model._default_manager.filter(**{f"{self.name}__isnull": False})
        return rows.annotate(stored=Cast(self.name, models.TextField())).order_by("pk").values_list("pk", "stored")

    def renew(self, pks: Iterable[Any]) -> int:
        """Read and write: the field does the rest."""
        rows = _locked(self.model, self.name, pks)
        self.model._default_manager.bulk_update(rows, [self.name])
        return len(rows)


@dataclass(frozen=True, slots=True)
class Member:
    """An encrypted member of a JSON column that is not ours."""

    model: type[models.Model]
    column: str
    key: str

    def stored(self) -> Any:
        """Return the member as it is, where there is one."""
        rows = self.model._default_manager.filter(**{f"{self.column}__has_key": self.key})
        return rows.annotate(stored=KeyTextTransform(self.key, self.column)).order_by("pk").values_list("pk", "stored")

    def renew(self, pks: Iterable[Any]) -> int:
        """Replace this member, and nothing beside it."""
        rows = _locked(self.model, self.column, pks)
        for row in rows:
            content = getattr(row, self.column)
            content[self.key] = encrypt(decrypt(content[self.key]))
        self.model._default_manager.bulk_update(rows, [self.column])
        return len(rows)


def places() -> Iterator[Place]:
    """Return every place that holds secrets."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, Encrypted):
                yield Column(model, field.name)
    yield Member(Authenticator, "data", "secret")  # of an authenticator app
    yield Member(Authenticator, "data", "seed")  # of recovery codes
