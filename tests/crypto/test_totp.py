"""RFC 6238 and RFC 4226, against their own vectors and an implementation that is not ours."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from mfa.crypto import totp
from tests.support.authenticator import Authenticator

RFC_SECRET = b"12345678901234567890"

# RFC 4226 appendix D: the first ten codes.
RFC_4226 = [
    "755224",
    "287082",
    "359152",
    "969429",
    "338314",
    "254676",
    "287922",
    "162583",
    "399871",
    "520489",
]

# RFC 6238 appendix B, SHA-1: the last six of its eight digits.
RFC_6238 = {
    59: "287082",
    1111111109: "081804",
    1111111111: "050471",
    1234567890: "005924",
    2000000000: "279037",
    20000000000: "353130",
}


@pytest.mark.parametrize(("counter", "code"), list(enumerate(RFC_4226)))
def test_codes_are_those_of_rfc_4226_appendix_d(counter: int, code: str) -> None:
    assert totp.code_at(RFC_SECRET, counter) == code


@pytest.mark.parametrize(("seconds", "code"), list(RFC_6238.items()))
def test_codes_are_those_of_rfc_6238_appendix_b(seconds: int, code: str) -> None:
    assert totp.match(RFC_SECRET, code, seconds) == seconds // 30


@given(st.binary(min_size=20, max_size=20), st.integers(0, 2**36))
def test_any_code_is_that_of_an_independent_app(secret: bytes, seconds: int) -> None:
    app = Authenticator(totp.uri(secret, account="a@example.com", issuer="Twostep"))
    assert totp.code_at(secret, totp.time_step(seconds)) == app.code(seconds)


@pytest.mark.parametrize("distance", [-1, 0, 1])
def test_one_step_on_either_side_is_accepted(distance: int) -> None:
    code = totp.code_at(RFC_SECRET, 1000 + distance)
    assert totp.match(RFC_SECRET, code, 30_000) == 1000 + distance


@pytest.mark.parametrize(("distance", "drift"), [(-2, -60), (2, 60), (-40, -1200), (40, 1200)])
def test_a_code_of_another_time_tells_the_drift(distance: int, drift: int) -> None:
    code = totp.code_at(RFC_SECRET, 1000 + distance)
    with pytest.raises(totp.WrongCode) as refusal:
        totp.match(RFC_SECRET, code, 30_000)
    assert refusal.value.drift == drift


def test_a_code_of_more_than_twenty_minutes_away_tells_nothing() -> None:
    with pytest.raises(totp.WrongCode) as refusal:
        totp.match(RFC_SECRET, totp.code_at(RFC_SECRET, 1041), 30_000)
    assert refusal.value.drift is None


@pytest.mark.parametrize("used", [1000, 1001])
def test_a_step_that_is_not_newer_than_the_used_one_is_never_accepted(used: int) -> None:
    with pytest.raises(totp.UsedCode):
        totp.match(RFC_SECRET, totp.code_at(RFC_SECRET, 1000), 30_000, used_step=used)


def test_the_uri_names_issuer_account_and_secret() -> None:
    app = Authenticator(totp.uri(RFC_SECRET, account="a+b@example.com", issuer="Two Step"))
    assert (app.label, app.issuer) == ("Two Step:a+b@example.com", "Two Step")
