"""Which passwords are taken, and how they are kept."""

from __future__ import annotations

import pytest

from console.passwords import rules as passwords
from mfa.crypto.cost import Cost

HASHER = passwords.Hasher(Cost.parse("t=1,m=8,p=1"))


def check(password: str, minimum: int = 15) -> None:
    passwords.check(password, minimum=minimum, words=("Twostep", "mina.park"))


@pytest.mark.parametrize(
    "password",
    [
        "orange kettle drives north",
        "ㅂㅈㄷㄱ 정확한 말 배터리 호치키스",
        "🔑🐎🔋📎 vier kleine Dinge",
        "x7" * 5 + "kq" * 123,
    ],
)
def test_any_composition_and_script_is_taken(password: str) -> None:
    check(password)


@pytest.mark.parametrize("length", [0, 1, 14])
def test_fewer_characters_than_the_minimum_are_refused(length: int) -> None:
    with pytest.raises(passwords.TooShort):
        check("abcdefghijklmnop"[:length])


def test_a_minimum_below_eight_is_eight() -> None:
    with pytest.raises(passwords.TooShort):
        check("kx7wqpz", minimum=1)


def test_more_than_256_characters_are_refused() -> None:
    with pytest.raises(passwords.TooLong):
        check("ab cd ef gh " * 30)


@pytest.mark.parametrize(
    "password", ["orange kettle orange kettle", "…" * 5 + "!?!?-_-_-_-+", "바다 바다 구름 바다 하늘 별"]
)
def test_another_repetition_is_taken(password: str) -> None:
    check(password)


@pytest.mark.parametrize(
    "password",
    [
        "123456789012345",
        "PasswordPassword",
        "qwertyuiopasdfghjkl",
        "passwordpasswordpass",
        "aaaaaaaaaaaaaaaaaaaa",
        "password password",
        "Qwerty-qwerty-QWERTY!",
        "1234 5678 9012 345",
    ],
)
def test_a_common_password_or_its_repetition_is_refused(password: str) -> None:
    with pytest.raises(passwords.TooCommon):
        check(password)


def test_the_list_holds_at_least_3000_passwords_that_the_policy_would_take() -> None:
    assert sum(len(password) >= 15 for password in passwords.common().decode().splitlines()) >= 3000


@pytest.mark.parametrize("password", ["i trust my tWoStEp app", "mina.park was here 77"])
def test_the_name_of_the_site_and_the_address_are_refused(password: str) -> None:
    with pytest.raises(passwords.TooObvious):
        check(password)


@pytest.mark.parametrize(
    "password",
    [
        "a queue at the supermarket",
        "trademarks and bookmarks",
        "seven remarkable kettles",
        "denmark 2026 is cold",
    ],
)
def test_a_short_part_of_an_address_may_be_in_a_longer_word(password: str) -> None:
    passwords.check(password, minimum=15, words=("mark@acme.example", "mark", "acme"))


@pytest.mark.parametrize(
    "password",
    ["mark went to the sea", "my name is MARK_1987", "one 4mark5 two three", "we are (acme) people"],
)
def test_a_short_part_of_an_address_may_not_be_a_word(password: str) -> None:
    with pytest.raises(passwords.TooObvious):
        passwords.check(password, minimum=15, words=("mark@acme.example", "mark", "acme"))


@pytest.mark.parametrize("password", ["nul \0 in the middle of it", "a line\nbreak in the middle"])
def test_control_characters_are_refused(password: str) -> None:
    with pytest.raises(passwords.NotTypable):
        check(password)


def test_a_password_is_verified_exactly() -> None:
    hashed = HASHER.hash("Orange Kettle drives north ")
    assert HASHER.verify(hashed, "Orange Kettle drives north ")
    assert not HASHER.verify(hashed, "Orange Kettle drives north")
    assert not HASHER.verify(hashed, "orange kettle drives north ")


def test_composed_and_decomposed_letters_are_one_password() -> None:
    assert HASHER.verify(HASHER.hash("caf\u00e9 caf\u00e9"), "cafe\u0301 cafe\u0301")


def test_a_password_is_measured_before_it_is_composed(composed: list[int]) -> None:
    marks = "e" + "\u0301\u0316" * 31_000
    with pytest.raises(passwords.TooLong):
        check(marks)
    assert not HASHER.verify(HASHER.hash("orange kettle drives north"), marks)
    assert max(composed) < 100


def test_nobody_has_no_password() -> None:
    assert not HASHER.verify(None, "nobody has this password")


def test_a_hash_of_another_cost_is_outdated() -> None:
    assert passwords.Hasher(Cost.parse("t=2,m=8,p=1")).outdated(HASHER.hash("x"))


def test_the_list_of_common_passwords_is_casefolded() -> None:
    assert all(password == password.casefold() for password in passwords.common().decode().splitlines())
