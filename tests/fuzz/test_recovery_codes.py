"""Recovery codes: sixteen symbols of the alphabet, however they are written, and nothing else."""

from __future__ import annotations

from hypothesis import example, given, strategies as st

from mfa.crypto import recovery_codes
from tests.fuzz.inputs import QUICK, is_between_groups, tampered, texts

SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
WRITTEN = {**{symbol: symbol for symbol in SYMBOLS}, "O": "0", "I": "1", "L": "1"}
WRITTEN |= {letter.lower(): symbol for letter, symbol in WRITTEN.items()}
GENUINE = "7HQK-2M9D-XW4T-0B6R"
NEAR = st.text(st.sampled_from("".join(WRITTEN) + "Uu -\t\u00a0\u2066\u2069\u061cıſÅ０Ａ_"), max_size=24)


def meant(typed: str) -> str | None:
    """The rule once more, letter by letter."""
    left = [letter for letter in typed if not is_between_groups(letter)]
    if len(typed) > 256 or len(left) != 16 or not all(letter in WRITTEN for letter in left):
        return None
    return "".join(WRITTEN[letter] for letter in left)


@QUICK
@given(st.one_of(NEAR, texts(), tampered(GENUINE, GENUINE.lower().replace("-", " "))))
@example("7HQK2M9DXW4T0B6ı")
@example("7HQK-2M9D-XW4T-0B6U")
@example("7" * 50_000)
def test_a_recovery_code_is_sixteen_symbols_and_nothing_else(typed: str) -> None:
    assert recovery_codes.normalize(typed) == meant(typed)


@QUICK
@given(st.lists(st.sampled_from("".join(WRITTEN)), min_size=16, max_size=16).map("".join))
def test_what_was_read_is_read_as_itself(typed: str) -> None:
    read = recovery_codes.normalize(typed)
    assert read is not None
    assert recovery_codes.normalize(read) == recovery_codes.normalize(recovery_codes.display(read)) == read


@QUICK
@given(st.binary(min_size=recovery_codes.SET_BYTES, max_size=recovery_codes.SET_BYTES))
def test_every_code_that_is_made_is_read_as_itself(random: bytes) -> None:
    for code in recovery_codes.make(random):
        assert recovery_codes.normalize(recovery_codes.display(code).lower()) == code
