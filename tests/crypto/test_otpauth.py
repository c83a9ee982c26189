"""Secrets of authenticator apps that another system set up."""

from __future__ import annotations

import base64

import pyotp
import pytest

from console.bulk import otpauth
from mfa.crypto import totp
from tests.support.authenticator import Authenticator

SECRET = bytes(range(1, 21))
KEY = base64.b32encode(SECRET).decode()


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        KEY.lower(),
        " ".join(KEY[i : i + 4] for i in range(0, 32, 4)),
        f"otpauth://totp/Acme:mina@example.com?secret={KEY}&issuer=Acme",
        f"otpauth://totp/Acme:mina@example.com?secret={KEY}&issuer=Other",
        f"OTPAUTH://TOTP/mina?secret={KEY.lower()}&algorithm=sha1&digits=6&period=30",
        f"otpauth://totp/mina?secret={KEY}&algorithm=HmacSHA1&image=https%3A%2F%2Facme.example%2Fa.png",
        f"otpauth://totp/?secret={KEY}&digits=&period=",
        f"otpauth://totp/mina?secret={KEY}&algorithm=SHA-1",
        f"otpauth://totp/mina?secret={KEY}&algorithm=sha_1",
        f"otpauth://totp/mina?secret={KEY}&algorithm=HMAC-SHA-1",
        f"\u2068{KEY}\u2069",
        pyotp.TOTP(KEY).provisioning_uri(name="mina@example.com", issuer_name="Acme & Sons"),
        totp.uri(SECRET, account="mina@example.com", issuer="Twostep"),
    ],
)
def test_a_key_or_address_gives_the_secret(text: str) -> None:
    assert otpauth.read(text) == SECRET


@pytest.mark.parametrize("length", [10, 13, 16, 20, 32, 64])
def test_the_app_goes_on_showing_codes_that_are_right(length: int) -> None:
    """Computed by a library that the project does not use."""
    secret = bytes(range(length))
    key = base64.b32encode(secret).decode().rstrip("=")
    assert totp.code_at(otpauth.read(key), 59 // 30) == Authenticator.with_key(key).code(59)


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ("algorithm=SHA256", "algorithm"),
        ("algorithm=SHA512", "algorithm"),
        ("algorithm=md5", "algorithm"),
        ("algorithm=SHA-256", "algorithm"),
        ("algorithm=SHA-11", "algorithm"),
        ("digits=8", "digits"),
        ("digits=7", "digits"),
        ("digits=٦", "digits"),
        ("period=60", "period"),
        ("period=0", "period"),
        ("Period=15", "period"),
    ],
)
def test_an_app_that_would_show_other_codes_is_refused(parameters: str, name: str) -> None:
    with pytest.raises(otpauth.OtherParameter) as refused:
        otpauth.read(f"otpauth://totp/mina?secret={KEY}&{parameters}")
    assert refused.value.name == name


@pytest.mark.parametrize(
    "text",
    [
        f"otpauth://hotp/mina?secret={KEY}&counter=1",
        f"otpauth://yaotp/mina?secret={KEY}",
        f"otpauth://totp/mina?secret={KEY}&encoder=steam",
    ],
)
def test_an_app_that_does_not_go_by_the_time_is_refused(text: str) -> None:
    with pytest.raises(otpauth.NotTimeBased):
        otpauth.read(text)


@pytest.mark.parametrize(
    "text",
    [
        "otpauth://totp/mina",
        "otpauth://totp/mina?secret=",
        f"otpauth://totp/mina?secret={KEY}&secret={KEY}",
        f"https://example.com/?secret={KEY}",
        "otpauth://[/mina",
        "01189998819991197253",
        "é" * 32,
        KEY + "A",
        f"otpauth://totp/mina?secret={KEY}&image={'x' * 60_000}",
        "3132333435363738393031323334353637383930",
    ],
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(otpauth.NotASecret):
        otpauth.read(text)


def test_under_80_bits_are_refused() -> None:
    with pytest.raises(otpauth.TooShort):
        otpauth.read(base64.b32encode(bytes(9)).decode())


def test_more_than_can_be_kept_is_refused() -> None:
    with pytest.raises(otpauth.TooLong):
        otpauth.read(base64.b32encode(bytes(65)).decode())
