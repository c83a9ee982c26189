"""E-mail addresses: parsed, checked, and brought into the one form by which they are compared."""

from __future__ import annotations

import string
from dataclasses import dataclass

import idna
from email_validator import EmailNotValidError, validate_email

from mfa.errors import Refusal
from mfa.typed import JOINERS, is_overlong, without_marks

EMAIL_LENGTH = 254

_LOWER_ASCII = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class BadAddress(Refusal):
    """Not one e-mail address."""


class JoinedDomain(BadAddress):
    """A domain that holds an invisible joiner: without it, it would be somebody else's domain."""


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
    if is_overlong(typed, EMAIL_LENGTH):
        raise BadAddress
    try:
        found = validate_email(
            _cleaned(typed),
            check_deliverability=False,
            allow_smtputf8=False,
            globally_deliverable=False,
        )
    except (EmailNotValidError, UnicodeError) as error:
        raise BadAddress from error
    # The beginning or end of an encoded word (RFC 2047), which mail programs read as another address.
    if "=?" in found.local_part or "?=" in found.local_part:
        raise BadAddress
    domain = found.ascii_domain or found.domain
    return Address(found.normalized, f"{found.local_part.translate(_LOWER_ASCII)}@{domain}")


def in_ascii(text: str) -> str:
    """Return an address as mail servers take it: the domain by IDNA 2008, as in :attr:`Address.key`.

    Mail libraries know IDNA 2003 alone, by which "straße.example" is "strasse.example", another domain.
    """
    local, _, domain = text.rpartition("@")
    return text if domain.isascii() else f"{local}@{idna.encode(domain, uts46=True).decode()}"


def _cleaned(typed: str) -> str:
    """Return *typed* without what came along when it was pasted.

    :raises JoinedDomain: see there.
    """
    # No top-level domain ends in a joiner.
    text = without_marks(typed).strip(string.whitespace + JOINERS).strip()
    plain = text.translate(_WITHOUT_JOINERS)
    if plain != text and not plain.isascii():
        raise JoinedDomain
    return plain


_WITHOUT_JOINERS = str.maketrans("", "", JOINERS)
