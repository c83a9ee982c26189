"""E-mail addresses: parsed, checked, and brought into the one form by which they are compared."""

from __future__ import annotations

import string
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from mfa.errors import Refusal

_LOWER_ASCII = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class BadAddress(Refusal):
    """Not one e-mail address."""


@dataclass(frozen=True)
class Address:
    """One address.

    :param text: as it is written in mails: NFC, domain in lower case.
    :param key: what it is compared by: ASCII letters in lower case, the domain in its ASCII form, and
        nothing else changed, so that no two people's addresses become one.
    """

    text: str
    key: str


def parse(typed: str) -> Address:
    """The one address in *typed*.

    :raises BadAddress: none, several, or none that mail can be sent to.
    """
    try:
        found = validate_email(
            typed.strip(),
            check_deliverability=False,
            allow_smtputf8=False,
            globally_deliverable=False,
        )
    except (EmailNotValidError, UnicodeError) as error:
        raise BadAddress from error
    domain = found.ascii_domain or found.domain
    return Address(found.normalized, f"{found.local_part.translate(_LOWER_ASCII)}@{domain}")
