"""Time-based one-time passwords (RFC 6238): SHA-1, six digits, steps of 30 seconds."""

from __future__ import annotations

import base64
import hmac

import pyotp

SECRET_BYTES = 20
"""Of the secrets that are made here."""
LEAST_SECRET_BYTES = 10
"""Of those that other systems made: the apps know many of 80 bits."""
STEP_SECONDS = 30
TOLERATED_STEPS = 1
"""Steps accepted on either side of the current one, for the delay of typing (RFC 6238 §5.2)."""
HINT_STEPS = 40
"""Steps on either side (20 minutes) in which a wrong code is recognized as one of a wrong clock."""

_SCHEME = "otpauth://totp/"


class _Hotp(pyotp.HOTP):
    min_secret_length_bits = 8 * LEAST_SECRET_BYTES


class _Totp(pyotp.TOTP):
    min_secret_length_bits = 8 * LEAST_SECRET_BYTES


class WrongCode(Exception):
    """The code does not belong to the secret at this time.

    :param drift: how many seconds the phone's clock is ahead (positive) or behind (negative), when the
        code would have been right at another time; None when it is right at no time near.
    """

    def __init__(self, drift: int | None = None) -> None:
        super().__init__("wrong code")
        self.drift = drift


class UsedCode(Exception):
    """The code is right, and was used already."""


def time_step(seconds: float) -> int:
    """The time step of a Unix time (RFC 6238 §4.2)."""
    return int(seconds // STEP_SECONDS)


def code_at(secret: bytes, step: int) -> str:
    """The six digits that *secret* gives for a time step (RFC 4226 §5.3)."""
    return _Hotp(base32(secret)).at(step)


def drift_of(step: int, seconds: float) -> int:
    """Return how many seconds a code's time step is ahead of a Unix time (behind, if negative)."""
    return (step - time_step(seconds)) * STEP_SECONDS


def match(secret: bytes, digits: str, seconds: float, *, used_step: int = -1) -> int:
    """The time step for which *digits* is the code of *secret*.

    Looks at the current step and :data:`TOLERATED_STEPS` on either side, newer than *used_step*.

    :param digits: six ASCII digits.
    :param seconds: the Unix time.
    :param used_step: the last step accepted for this secret; it and older ones are never accepted.
    :raises UsedCode: the code of a step in the window that is not newer than *used_step*.
    :raises WrongCode: anything else, with the clock's drift where it can be told.
    """
    current = time_step(seconds)
    window = range(current - TOLERATED_STEPS, current + TOLERATED_STEPS + 1)
    hotp = _Hotp(base32(secret))
    matching = [step for step in window if _is_code(hotp, step, digits)]
    for step in matching:
        if step > used_step:
            return step
    if matching:
        raise UsedCode
    raise WrongCode(_drift(hotp, digits, current))


def base32(secret: bytes) -> str:
    """The secret as apps take it by hand: base32 without padding (RFC 4648 §6)."""
    return base64.b32encode(secret).decode().rstrip("=")


def uri(secret: bytes, *, account: str, issuer: str) -> str:
    """The ``otpauth://`` address that a QR code carries to the app."""
    label, mark, query = (
        _Totp(base32(secret)).provisioning_uri(name=account, issuer_name=issuer).partition("?")
    )
    # pyotp leaves a slash in the label as it is; some apps show what follows it alone.
    return _SCHEME + label.removeprefix(_SCHEME).replace("/", "%2F") + mark + query


def _is_code(hotp: _Hotp, step: int, digits: str) -> bool:
    return step >= 0 and hmac.compare_digest(hotp.at(step), digits)


def _drift(hotp: _Hotp, digits: str, current: int) -> int | None:
    for distance in range(TOLERATED_STEPS + 1, HINT_STEPS + 1):
        for step in (current - distance, current + distance):
            if _is_code(hotp, step, digits):
                return (step - current) * STEP_SECONDS
    return None
