"""Which passwords are refused."""

import pytest

from grayscale.domain import passwords
from grayscale.domain.errors import Invalid
from tests.conftest import HASHER


@pytest.mark.parametrize(
    "password",
    ["short", "password123", "Password1234!", "P@ssw0rd2026", "qwertyuiop", "1234567890", "9876543210", "summer2026!",
     "iloveyou12345", "monkeymonkey", "dragon!!!dragon", "aaaaaaaaaaaa", "abababababab", "Grayscale2026!", "x" * 201,
     "1q2w3e4r5t", "zaq12wsxcde3", "gfhjkmgfhjkm", "1234qwerasdf", "photography", "undertaker",
     "AnaCastillo1", "ana.castillo", "harbor.example"],
)
def test_what_is_tried_first_is_refused(password: str) -> None:
    with pytest.raises(Invalid) as caught:
        passwords.check(password, "Ana Castillo", "ana.castillo@harbor.example")
    assert caught.value.field == "password"


@pytest.mark.parametrize(
    "password", ["walrus teapot ladder", "Tr0ub4dor&3xx", "correct horse battery", "señor-zapato-71", "k9#mfQ2!vX"]
)
def test_what_is_hard_to_guess_is_taken(password: str) -> None:
    passwords.check(password, "Ana Castillo", "ana.castillo@harbor.example")


def test_a_hash_fits_its_password_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", HASHER)
    stored = passwords.hash_of("walrus teapot ladder")
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.fits(stored, "walrus teapot ladder")
    assert not passwords.fits(stored, "walrus teapot ladders")
    assert not passwords.fits(None, "walrus teapot ladder")
