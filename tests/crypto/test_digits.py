"""Six digits as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from mfa.crypto import digits


@pytest.mark.parametrize(
    "typed",
    [
        "123456",
        " 123 456 ",
        "123-456",
        "123\u00a0456",
        "1 2 3 4 5 6",
        "\u2068123456\u2069",
        "\u202b123\u202c 456",
        "\u061c123456",
        "\ufeff123\u200b456\u2060",
        "123\u2013456",
        "123\u2212456",
        "123\uff0d456",
    ],
)
def test_spaces_and_hyphens_are_ignored(typed: str) -> None:
    assert digits.normalize(typed) == "123456"


@pytest.mark.parametrize(
    "typed",
    ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", "１２３４５６", "12_3456", "123456\0", "+12345"],
)
def test_anything_else_is_none(typed: str) -> None:
    assert digits.normalize(typed) is None


@pytest.mark.parametrize("typed", ["１２３４５６", "١٢٣٤٥٦", "12345６", "１２３ ４５６", "१२३४५६"])
def test_six_digits_of_another_kind_are_known_as_such(typed: str) -> None:
    assert digits.are_of_another_kind(typed)


@pytest.mark.parametrize("typed", ["", "123456", "12345", "１２３４５", "①②③④⑤⑥", "abcdef", "１" * 60_000])
def test_other_texts_are_not(typed: str) -> None:
    assert not digits.are_of_another_kind(typed)


@given(st.text())
def test_what_is_read_is_six_ascii_digits(typed: str) -> None:
    read = digits.normalize(typed)
    assert read is None or (len(read) == 6 and read.isascii() and read.isdigit())
