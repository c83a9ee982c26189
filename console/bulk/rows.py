"""What a row of a file of accounts may hold: the same as what people may type, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from console import languages
from console.accounts import addresses, names
from console.accounts.addresses import Address
from console.bulk import otpauth
from console.passwords import hashes as password_hashes
from console.toolbox import toolbox
from mfa.crypto import totp
from mfa.errors import Refusal

COLUMNS = (
    "email",
    "name",
    "language",
    "created_at",
    "locked_at",
    "delete_at",
    "activated_at",
    "password_hash",
    "totp",
)
SECRET_COLUMNS = ("password_hash", "totp")
UNREAD_COLUMNS = ("id", "reason")
"""What an export and a list of refused rows hold besides, so that both can be imported as they are."""
_LONGEST_DELETION = timedelta(days=90)
"""As long as ``DELETION_DAYS`` may be."""
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


class BadCell(Refusal):
    """Something that can't be taken over.

    :param column: where it stands.
    :param reason: why, in words for the operator that repeat nothing of it.
    """

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(f"{column}: {reason}")
        self.column, self.reason = column, reason


@dataclass(frozen=True)
class Entry:
    """An account to be made.

    :param password_hash: None where its owner has to set a password first.
    :param language: None for whatever the browser asks for.
    :param secret: of an authenticator app that is in use; None where 2-step verification is off.
    :param activated_at: since when it is in use, with *secret*.
    """

    address: Address
    name: str
    password_hash: str | None
    language: str | None
    secret: bytes | None
    activated_at: datetime | None
    created_at: datetime
    locked_at: datetime | None
    delete_at: datetime | None = None

    @property
    def warning(self) -> str | None:
        """What the operator should know of it, though it is taken."""
        if self.secret is not None and len(self.secret) < otpauth.GOOD_BYTES:
            return f"totp: only {8 * len(self.secret)} bits; good secrets have 128 and more"
        return None


def read_address(cells: Mapping[str, str]) -> Address:
    """The address of a row.

    :raises BadCell: it is none.
    """
    try:
        return addresses.parse(cells["email"])
    except addresses.BadAddress as error:
        raise BadCell("email", "not an e-mail address") from error


def read(address: Address, cells: Mapping[str, str], now: datetime) -> Entry:
    """The account that the other cells of a row describe; a cell that is missing is an empty one.

    :raises BadCell: the first that can't be taken.
    """
    secret = _secret(cells.get("totp", "").strip())
    activated_at = _moment("activated_at", cells, now)
    if activated_at and secret is None:
        raise BadCell("activated_at", "2-step verification was on, but there is no totp to go on with")
    return Entry(
        address=address,
        name=_name(cells.get("name", ""), address),
        password_hash=_password_hash(cells.get("password_hash", "").strip()),
        language=_language(cells.get("language", "").strip()),
        secret=secret,
        activated_at=(activated_at or now) if secret else None,
        created_at=_moment("created_at", cells, now) or now,
        locked_at=_moment("locked_at", cells, now),
        delete_at=_deletion(cells, now),
    )


def _name(text: str, address: Address) -> str:
    try:
        return names.clean(text if text.strip() else address.text.rpartition("@")[0])
    except names.BadName as error:
        raise BadCell("name", _NAME_REASONS[type(error)]) from error


def _language(code: str) -> str | None:
    if code and languages.known(code) is None:
        raise BadCell("language", f"not one of {', '.join(languages.offered())}")
    return code or None


def _password_hash(hashed: str) -> str | None:
    if not hashed:
        return None
    try:
        toolbox().hasher.check(hashed)
    except password_hashes.UnusableHash as error:
        raise BadCell("password_hash", _HASH_REASONS[type(error)]) from error
    return hashed


def _secret(text: str) -> bytes | None:
    if not text:
        return None
    try:
        return otpauth.read(text)
    except otpauth.OtherParameter as error:
        raise BadCell("totp", _PARAMETER_REASONS[error.name]) from error
    except otpauth.UnusableSecret as error:
        raise BadCell("totp", _SECRET_REASONS[type(error)]) from error


def _deletion(cells: Mapping[str, str], now: datetime) -> datetime | None:
    moment = _read_moment("delete_at", cells)
    if moment and not now < moment <= now + _LONGEST_DELETION:
        raise BadCell("delete_at", f"not within the next {_LONGEST_DELETION.days} days")
    return moment


def _moment(column: str, cells: Mapping[str, str], now: datetime) -> datetime | None:
    moment = _read_moment(column, cells)
    if moment and not _EARLIEST <= moment <= now:
        raise BadCell(column, "before 1970 or in the future")
    return moment


def _read_moment(column: str, cells: Mapping[str, str]) -> datetime | None:
    text = cells.get(column, "").strip()
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise BadCell(column, "not a moment in ISO 8601, like 2026-11-24T12:00:00Z") from error


_NAME_REASONS: dict[type[names.BadName], str] = {
    names.EmptyName: "nothing in it can be seen",
    names.NameTooLong: f"over {names.NAME_LENGTH} characters",
    names.Unshowable: "a character that no screen shows, such as a control character",
}
_HASH_REASONS: dict[type[password_hashes.UnusableHash], str] = {
    password_hashes.UnknownKind: "not a hash of a kind that is taken (argon2, bcrypt, scrypt, PBKDF2);"
    " left empty, the owner sets a password by mail",
    password_hashes.TooWeak: "too quickly tried to be safe; left empty, the owner sets a password by mail",
    password_hashes.TooCostly: "takes too long or too much memory to check",
}
_SECRET_REASONS: dict[type[otpauth.UnusableSecret], str] = {
    otpauth.NotASecret: "neither an otpauth:// address nor a key in base32",
    otpauth.NotTimeBased: "an app that does not go by the time (only TOTP is taken)",
    otpauth.TooShort: f"under {8 * totp.LEAST_SECRET_BYTES} bits: too easily guessed",
    otpauth.TooLong: f"over {8 * otpauth.MOST_BYTES} bits",
}
_PARAMETER_REASONS = {
    "algorithm": "its codes are not made with SHA1, so the owner would be locked out",
    "digits": "its codes do not have 6 digits, so the owner would be locked out",
    "period": "its codes do not last 30 seconds, so the owner would be locked out",
}
