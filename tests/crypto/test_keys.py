"""The key ring."""

from __future__ import annotations

import pytest

from mfa.crypto.keys import KeyRing, UnknownKey, Unreadable

OLD, NEW = b"o" * 32, b"n" * 32


def test_what_was_sealed_opens() -> None:
    ring = KeyRing([OLD])
    assert ring.open("p", ring.seal("p", b"secret", b"account:1"), b"account:1") == b"secret"


def test_what_was_sealed_for_one_account_does_not_open_for_another() -> None:
    ring = KeyRing([OLD])
    with pytest.raises(Unreadable):
        ring.open("p", ring.seal("p", b"secret", b"account:1"), b"account:2")


def test_what_was_sealed_for_one_purpose_does_not_open_for_another() -> None:
    ring = KeyRing([OLD])
    with pytest.raises(Unreadable):
        ring.open("q", ring.seal("p", b"secret", b""), b"")


@pytest.mark.parametrize("position", range(8, 40))
def test_a_changed_byte_is_noticed(position: int) -> None:
    ring = KeyRing([OLD])
    sealed = bytearray(ring.seal("p", b"secret", b""))
    sealed[position % len(sealed)] ^= 1
    with pytest.raises((Unreadable, UnknownKey)):
        ring.open("p", bytes(sealed), b"")


def test_an_old_key_still_opens_what_it_sealed() -> None:
    sealed = KeyRing([OLD]).seal("p", b"secret", b"")
    assert KeyRing([NEW, OLD]).open("p", sealed, b"") == b"secret"


def test_a_key_that_is_gone_is_named() -> None:
    sealed = KeyRing([OLD]).seal("p", b"secret", b"")
    with pytest.raises(UnknownKey):
        KeyRing([NEW]).open("p", sealed, b"")


def test_each_purpose_has_a_key_of_its_own() -> None:
    ring = KeyRing([OLD])
    assert ring.derive("a") != ring.derive("b")


def test_each_context_has_bytes_of_its_own() -> None:
    ring = KeyRing([OLD])
    assert ring.derive("a", b"x", length=20) != ring.derive("a", b"y", length=20)


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 32 bytes"):
        KeyRing([b"short"])
