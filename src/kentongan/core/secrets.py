"""Secrets: encrypted columns with key rotation, the keyed hash of authors, signed values in links."""

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core import signing
from django.core.exceptions import FieldError
from django.db import models
from django.utils.translation import gettext_lazy as _

from kentongan.core import clock, keyring
from kentongan.core.errors import KentonganError

AUTHOR_HASH_BYTES = 16


class CannotDecrypt(KentonganError):
    """A stored secret does not open with any key in the key file."""

    code = "cannot_decrypt"
    default_message = _("A stored secret cannot be read: the key file does not fit this database.")
    default_remedy = _("Restore the key file of this installation, or connect the account anew.")


class BadSignature(KentonganError):
    """A link was altered, was made for another purpose, or by another installation."""

    status = 404
    code = "bad_link"
    default_message = _("This link is not valid.")
    default_remedy = _("Open it exactly as you received it, or ask for a new one.")


class SignatureExpired(BadSignature):
    """A link is too old."""

    status = 410
    code = "expired_link"
    default_message = _("This link has expired.")
    default_remedy = _("Ask for a new one.")


def _keys() -> keyring.Keyring:
    return keyring.load(settings.KENTONGAN_SECRET_DIR)


@lru_cache(maxsize=8)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(text: str) -> str:
    """Return `text` encrypted with the newest key, as ASCII."""
    return _cipher(_keys().encryption).encrypt(text.encode()).decode()


def decrypt(cipher_text: str) -> str:
    """Return the plain text; raises CannotDecrypt when no key of the key file fits."""
    try:
        return _cipher(_keys().encryption).decrypt(cipher_text.encode()).decode()
    except InvalidToken as error:
        raise CannotDecrypt() from error


def author_key(platform: str, handle: str) -> str:
    """Return the keyed hash that stands for an author: 32 hex digits, the same for every spelling of the handle."""
    name = f"{platform.strip().lower()}\x1f{handle.strip().lstrip('@').lower()}"
    return keyed_hash("author", name)


def keyed_hash(purpose: str, value: str) -> str:
    """Return a keyed, unsalted hash (32 hex digits) for looking things up without storing them."""
    return keyed_hasher(purpose)(value)


def keyed_hasher(purpose: str) -> Callable[[str], str]:
    """Return `keyed_hash` for one purpose, for very many values: the key file is looked at once."""
    key = base64.urlsafe_b64decode(_keys().author)
    ready = hashlib.blake2b(digest_size=AUTHOR_HASH_BYTES, key=key, person=purpose.encode()[:16])

    def digest(value: str) -> str:
        hasher = ready.copy()
        hasher.update(value.encode())
        return hasher.hexdigest()

    return digest


def _signer(purpose: str) -> signing.Signer:
    newest, *older = _keys().signing
    return signing.Signer(key=newest, fallback_keys=[*older], salt=f"kentongan.{purpose}")


def sign(purpose: str, value: Any, *, expires_in: timedelta | None = None) -> str:
    """Return a URL-safe text that carries `value` (plain JSON) and is good for one purpose, until it expires."""
    expires = int((clock.now() + expires_in).timestamp()) if expires_in else 0
    return _signer(purpose).sign_object({"v": value, "x": expires}, compress=True)


def unsign(purpose: str, text: str) -> Any:
    """Return what was signed for that purpose; raises BadSignature or SignatureExpired."""
    try:
        content = _signer(purpose).unsign_object(text)
        value, expires = content["v"], content["x"]
    except (signing.BadSignature, ValueError, KeyError, TypeError) as error:
        raise BadSignature() from error
    if expires and clock.now().timestamp() > expires:
        raise SignatureExpired()
    return value


class Encrypted(models.TextField[Any, Any]):
    """A text column that holds cipher text; it can be tested for NULL and nothing else."""

    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def dump(self, value: Any) -> str:
        """Return `value` as the text that is encrypted."""
        raise NotImplementedError

    def parse(self, text: str) -> Any:
        """Return the value that `dump` made a text of."""
        raise NotImplementedError

    def get_prep_value(self, value: Any) -> str | None:
        """Encrypt on the way in."""
        return None if value is None else encrypt(self.dump(value))

    def from_db_value(self, value: str | None, _expression: Any, _connection: Any) -> Any:
        """Decrypt on the way out."""
        return None if value is None else self.parse(decrypt(value))

    def get_lookup(self, lookup_name: str) -> Any:
        """Refuse comparisons: two encryptions of one value differ, so they would silently find nothing."""
        if lookup_name != "isnull":
            raise FieldError(f"{self.name} is encrypted and cannot be searched.")
        return super().get_lookup(lookup_name)


class EncryptedTextField(Encrypted):
    """Text, encrypted at rest."""

    def dump(self, value: Any) -> str:
        """Return the text itself."""
        return str(value)

    def parse(self, text: str) -> str:
        """Return the text itself."""
        return text


class EncryptedJSONField(Encrypted):
    """Plain JSON, encrypted at rest."""

    def dump(self, value: Any) -> str:
        """Return compact JSON."""
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def parse(self, text: str) -> Any:
        """Return the JSON value."""
        return json.loads(text)

    def to_python(self, value: Any) -> Any:
        """Leave values as they are."""
        return value

    def value_to_string(self, obj: models.Model) -> str:
        """Return JSON for serializers."""
        return self.dump(self.value_from_object(obj))
