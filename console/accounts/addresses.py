"""E-mail addresses: parsed, checked, and brought into the one form by which they are compared."""

from __future__ import annotations

import string
from dataclasses import dataclass

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, ValidatedEmail, validate_email
from flask import current_app, has_app_context
from flask_babel import gettext, lazy_gettext as _

from mfa import hosts
from mfa.errors import Refusal
from mfa.typed import JOINERS, is_overlong, without_marks

EMAIL_LENGTH = 254
_STAND_IN = "example.com"
"""The domain with which the rest of an address at an internal one is checked."""

_LOWER_ASCII = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class BadAddress(Refusal):
    """Not one e-mail address."""

    says = _("Enter one complete e-mail address, like name@example.com.")


class JoinedDomain(BadAddress):
    """A domain that holds an invisible joiner: without it, it would be somebody else's domain."""

    says = _("The part after the @ contains an invisible joiner. We can’t send mail to such a domain.")


class InternalDomain(BadAddress):
    """A domain like ``corp.local`` that no mail from outside reaches, and that ``MAIL_DOMAINS`` doesn't name.

    :param domain: as it was typed.
    """

    def __init__(self, domain: str) -> None:
        super().__init__(domain)
        self.domain = domain

    @property
    def sentence(self) -> str:
        return gettext(
            "This site can’t send mail to “%(domain)s”, a name for internal networks. Use another address.",
            domain=self.domain,
        )


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

    :raises InternalDomain: at a domain that is reserved for internal use and not among ``MAIL_DOMAINS``.
    :raises BadAddress: none, several, or none that mail can be sent to.
    """
    if is_overlong(typed, EMAIL_LENGTH):
        raise BadAddress
    text = _cleaned(typed)
    local, _, domain = text.rpartition("@")
    internal = _accepted_domain(domain)
    try:
        found = _validate(f"{local}@{_STAND_IN}" if internal else text)
    except (EmailNotValidError, UnicodeError) as error:
        if local and _is_special(domain):
            raise InternalDomain(domain) from error
        raise BadAddress from error
    # The beginning or end of an encoded word (RFC 2047), which mail programs read as another address.
    if "=?" in found.local_part or "?=" in found.local_part:
        raise BadAddress
    key = found.local_part.translate(_LOWER_ASCII)
    if internal:
        return Address(f"{found.local_part}@{internal}", f"{key}@{internal}")
    return Address(found.normalized, f"{key}@{found.ascii_domain or found.domain}")


def _validate(text: str) -> ValidatedEmail:
    return validate_email(text, check_deliverability=False, allow_smtputf8=False, globally_deliverable=False)


def _accepted_domain(domain: str) -> str | None:
    """Return the one of ``MAIL_DOMAINS`` that *domain* is; there is none outside an application."""
    accepted = current_app.config["MAIL_DOMAINS"] if has_app_context() else ()
    if not accepted:
        return None
    try:
        name = hosts.parse(domain).name
    except ValueError:
        return None
    return name if name in accepted else None


def _is_special(domain: str) -> bool:
    """Return whether a domain is reserved (RFC 6761), as ``.local`` is."""
    return f".{domain.lower()}".endswith(tuple(f".{name}" for name in SPECIAL_USE_DOMAIN_NAMES))


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
