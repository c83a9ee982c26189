"""The console's accounts, asked for by the texts that an operator or the extension has for them."""

from __future__ import annotations

import pytest

from tests.support.person import Person


@pytest.mark.parametrize(
    "typed", ["1" * 19, "9" * 19, "9" * 20, "9" * 5000, "0" * 30 + "1", "١", "-1", "mina"]
)
def test_what_is_the_number_of_nobody_is_said_in_a_sentence(mina: Person, typed: str) -> None:
    result = mina.app.test_cli_runner().invoke(args=["two-step", "show", "--", typed])
    assert result.exit_code == 1
    assert result.output == f"Error: There is nobody with the id {typed}.\n"


def test_somebodys_number_finds_them(mina: Person) -> None:
    result = mina.app.test_cli_runner().invoke(args=["two-step", "show", "1"])
    assert result.exit_code == 0, result.output
