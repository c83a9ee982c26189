"""Recovery codes: their shape, how they are read, and what is kept of them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, strategies as st

from mfa.crypto import recovery_codes
from mfa.crypto.cost import Cost

COST = Cost.parse("t=1,m=8,p=1")


def digest(code: str, **changes: object) -> bytes:
    settings = {"salt": b"s" * 16, "cost": COST, "pepper": b"p" * 32}
    return recovery_codes.digest(code, **{**settings, **changes})


@given(st.binary(min_size=100, max_size=100))
def test_a_set_is_ten_codes_of_sixteen_crockford_characters(random: bytes) -> None:
    codes = recovery_codes.make(random)
    assert len(codes) == 10
    assert all(re.fullmatch("[0-9A-HJKMNP-TV-Z]{16}", code) for code in codes)


def test_every_bit_of_the_randomness_is_in_the_codes() -> None:
    zeros = recovery_codes.make(bytes(100))
    for bit in range(800):
        changed = recovery_codes.make((1 << bit).to_bytes(100))
        assert changed != zeros


def test_a_code_is_shown_in_four_groups() -> None:
    assert recovery_codes.display("0123456789ABCDEF") == "0123-4567-89AB-CDEF"


@given(st.binary(min_size=100, max_size=100))
def test_what_is_shown_is_read_back(random: bytes) -> None:
    for code in recovery_codes.make(random):
        assert recovery_codes.normalize(recovery_codes.display(code)) == code


@pytest.mark.parametrize(
    "typed",
    [
        "7hqk-2m9d-xw4t-0b61",
        "7HQK2M9DXW4T0B61",
        "  7hqk 2m9d\txw4t 0b61 ",
        "7HQK-2M9D-XW4T-OB6I",
        "7HQK-2M9D-XW4T-oB6l",
        "\u20667HQK-2M9D-XW4T-0B61\u2069",
        "\u202a7HQK\u20132M9D\u2013XW4T\u20130B61\u202c",
        "\ufeff7HQK\u200b2M9D\u00adXW4T\u061c0B61",
    ],
)
def test_a_code_is_read_as_it_was_meant(typed: str) -> None:
    assert recovery_codes.normalize(typed) == "7HQK2M9DXW4T0B61"


@pytest.mark.parametrize(
    "typed", ["", "7HQK", "7HQK-2M9D-XW4T-0B6U", "７HQK2M9DXW4T0B61", "7HQK2M9DXW4T0B6ı", "x" * 99]
)
def test_what_can_not_be_a_code_is_none(typed: str) -> None:
    assert recovery_codes.normalize(typed) is None


def test_a_code_in_full_width_letters_is_known_as_such() -> None:
    assert recovery_codes.is_of_another_kind("７ＨＱＫ－２Ｍ９Ｄ－ＸＷ４Ｔ－０Ｂ６１")
    assert not recovery_codes.is_of_another_kind("7HQK-2M9D-XW4T-0B61")
    assert not recovery_codes.is_of_another_kind("7HQK2M9DXW4T0B6ı")


@given(st.text())
def test_no_text_breaks_the_reader(typed: str) -> None:
    read = recovery_codes.normalize(typed)
    assert read is None or recovery_codes.normalize(read) == read


def test_the_digest_depends_on_code_salt_and_key() -> None:
    digests = {
        digest("0" * 16),
        digest("1" * 16),
        digest("0" * 16, salt=b"t" * 16),
        digest("0" * 16, pepper=b"q" * 32),
    }
    assert len(digests) == 4
