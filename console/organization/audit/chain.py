"""How a row of the chain is hashed: a pure function of its columns, its key and the row before."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

HASH_BYTES = 32
NOTHING_BEFORE = bytes(HASH_BYTES)
"""What the first row has as the hash of the row before."""


@dataclass(frozen=True)
class Link:
    """A row as it is hashed; a value that was changed in the database may be of any type.

    :param at: in UTC, without a zone, as the database has it.
    :param previous: the hash of the row before.
    """

    id: Any
    at: Any
    event: Any
    actor_id: Any
    subject_id: Any
    reason: Any
    detail: Any
    key_id: Any
    previous: Any

    def hash(self, key: bytes) -> bytes:
        """Return the HMAC-SHA-256 of all columns as a JSON list, in which no value can run into the next one.

        :raises TypeError, ValueError: a column holds something that was never written there.
        """
        return hmac.digest(key, _in_one_form(self), hashlib.sha256)


@dataclass(frozen=True)
class Copy:
    """The id and hash of a row, written down elsewhere; as text ``ID:HASH`` with the hash in hexadecimal."""

    id: int
    hash: bytes

    @classmethod
    def parse(cls, text: str) -> Copy:
        """Read what :meth:`__str__` made.

        :raises ValueError: *text* is no copy.
        """
        number, _, digits = text.strip().partition(":")
        if not (number.isascii() and number.isdigit()) or len(digits) != 2 * HASH_BYTES:
            raise ValueError("a copy is an id, a colon and 64 hexadecimal digits")
        return cls(int(number), bytes.fromhex(digits))

    def __str__(self) -> str:
        return f"{self.id}:{self.hash.hex()}"


def _in_one_form(link: Link) -> bytes:
    columns: Sequence[Any] = (
        link.id,
        _moment(link.at),
        link.event,
        link.actor_id,
        link.subject_id,
        link.reason,
        link.detail,
        link.key_id,
        _digits(link.previous),
    )
    return json.dumps(columns, separators=(",", ":")).encode()


def _moment(value: Any) -> str:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if not isinstance(moment, datetime):
        raise TypeError("not a moment")
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat(timespec="microseconds")


def _digits(value: Any) -> str:
    if not isinstance(value, bytes):
        raise TypeError("not a hash")
    return value.hex()
