"""Six digits as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from mfa.crypto import digits


@pytest.mark.parametrize("typed", ["123456", " 123 456 ", "123-456", "123\u00a0456", "1 2 3 4 5 6"])
def test_spaces_and_hyphens_are_ignored(typed: str) -> None:
    assert digits.normalise(typed) == "123456"


@pytest.mark.parametrize(
    "typed",
    ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", "１２３４５６", "12_3456", "123456\0", "+12345"],
)
def test_anything_else_is_none(typed: str) -> None:
    assert digits.normalise(typed) is None


@given(st.text())
def test_what_is_read_is_six_ascii_digits(typed: str) -> None:
    read = digits.normalise(typed)
    assert read is None or (len(read) == 6 and read.isascii() and read.isdigit())
