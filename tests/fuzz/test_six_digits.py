"""Six-digit codes: of all texts only six ASCII digits, with white space and hyphens between them at most."""

from __future__ import annotations

from hypothesis import example, given, strategies as st

from mfa.crypto import digits
from tests.fuzz.inputs import QUICK, is_between_groups, tampered, texts

NEAR = st.text(
    st.sampled_from("0123456789 -\u00a0\u2009\t\n\x1c\u0663\uff11\u2010\u2212\u2066\u2069\u200f\uff0d_+.e"),
    max_size=16,
)


def meant(typed: str) -> str | None:
    """The rule once more, letter by letter."""
    if len(typed) > 256:
        return None
    left = [letter for letter in typed if not is_between_groups(letter)]
    return "".join(left) if len(left) == 6 and all(letter in "0123456789" for letter in left) else None


@QUICK
@given(st.one_of(NEAR, texts(), tampered("123456", "123 456", "000-000")))
@example("１２３４５６")
@example("123456\n")
@example("1" * 50_000)
def test_a_code_is_six_ascii_digits_and_nothing_else(typed: str) -> None:
    assert digits.normalize(typed) == meant(typed)


@QUICK
@given(st.text(st.sampled_from("0123456789"), min_size=6, max_size=6), st.data())
def test_white_space_and_hyphens_anywhere_change_nothing(code: str, data: st.DataObject) -> None:
    between = st.text(st.sampled_from(" -\t\n\u00a0\u2028\u3000"), max_size=3)
    assert digits.normalize("".join(data.draw(between) + digit for digit in code)) == code
