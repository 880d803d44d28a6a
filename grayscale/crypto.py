"""Secrets at rest: a ring of Fernet keys and the column type that encrypts with it."""

from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator


class UnreadableSecret(Exception):
    """A stored secret was written with a key that is not in ``FERNET_KEYS``."""

    def __init__(self) -> None:
        super().__init__("a stored secret cannot be decrypted with any key of FERNET_KEYS; add the one that saved it")


class Keyring:
    """The first key encrypts, all of them decrypt."""

    def __init__(self) -> None:
        self._fernet: MultiFernet | None = None

    def load(self, keys: tuple[str, ...]) -> None:
        """Take the keys of the configuration, first one first."""
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def _ring(self) -> MultiFernet:
        if self._fernet is None:
            raise RuntimeError("the keyring was used before create_app loaded it")
        return self._fernet

    def encrypt(self, clear: str) -> str:
        return self._ring().encrypt(clear.encode()).decode()

    def decrypt(self, token: str) -> str:
        """Raises ``UnreadableSecret`` when no key fits."""
        try:
            return self._ring().decrypt(token.encode()).decode()
        except InvalidToken:
            raise UnreadableSecret from None

    def rotate(self, token: str) -> str:
        """The same secret under the first key. Raises ``UnreadableSecret`` when no key fits."""
        try:
            return self._ring().rotate(token.encode()).decode()
        except InvalidToken:
            raise UnreadableSecret from None


keyring = Keyring()


class EncryptedText(TypeDecorator[str]):
    """Text that is ciphertext in the database and clear only in memory."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else keyring.encrypt(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> str | None:
        return None if value is None else keyring.decrypt(value)
