"""How a person is found, held, and changed.

Whatever changes a person's second step holds their row first, and then what belongs to it: so two changes
wait for each other and never for rows in another order. A host that changes both at once calls the extension
first.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime

from mfa import at_work
from mfa.accounts import Person, accounts
from mfa.database import affected, dialect, run, unless_busy
from mfa.devices import Device
from mfa.errors import Refusal
from mfa.i18n import lazy_gettext as _
from mfa.people import statements
from mfa.ring import ring

PATIENCE = 0.0
"""Seconds that a page waits for another writer when it notes what the next one can note as well."""


class Changed(Refusal):
    """Password, second step or address were changed elsewhere while this was being done."""

    says = _("Your account was changed elsewhere at this moment. Try again.")


@dataclass(frozen=True)
class Owner:
    """A person, and what stands for them at this moment.

    :param stamp: what the host says of their password and address.
    :param has_password: False if they sign in by a link or another provider: mails and pages speak of none.
    :param generation: as the database has it.
    :param device_epoch: likewise.
    """

    person: Person
    stamp: str
    has_password: bool
    generation: int
    device_epoch: int

    @property
    def id(self) -> str:
        return self.person.id

    @property
    def email(self) -> str:
        return self.person.email

    @property
    def name(self) -> str:
        return self.person.name

    @property
    def language(self) -> str | None:
        return self.person.language

    def known(self, device: Device) -> str | None:
        """Return the id of the device if the person signed in on it since their devices were forgotten."""
        return device.known_to(self.id, self.device_epoch)

    def mark(self, key_id: str | None = None) -> str:
        """Return what something that begins now names of the owner: it ends with a change of any of it.

        :param key_id: the master key to use; the current one when None.
        """
        state = f"{self.id}\0{self.stamp}\0{self.generation}"
        return ring().keyed_hash("owner", state.encode(), key_id=key_id).hex()[:32]

    def is_marked(self, mark: str, key_id: str) -> bool:
        """Return True if nothing was changed since :meth:`mark` gave *mark*."""
        return hmac.compare_digest(mark.encode(), self.mark(key_id).encode())


def owner(person: Person) -> Owner:
    """Return what stands for *person*: one statement."""
    counts = run(statements.COUNTS, {"whose": person.id}).first()
    generation, epoch = counts or (0, 0)
    return owner_of(person, generation, epoch)


def owner_of(person: Person, generation: int, epoch: int) -> Owner:
    """Return what stands for *person*, whose counts a statement has just read."""
    _epochs()[person.id] = epoch
    host = accounts()
    return Owner(person, host.stamp(person), host.has_password(person), generation, epoch)


def epoch(person_id: str) -> int:
    """Return the number that the cookie of a known device names for a person; asked once a request."""
    known = _epochs()
    if person_id not in known:
        known[person_id] = run(statements.EPOCH, {"whose": person_id}).scalar() or 0
    return known[person_id]


def note_epoch(person_id: str, epoch: int) -> None:
    """Have :func:`epoch` not ask in this request for what a statement of the host has read."""
    _epochs()[person_id] = epoch


def _epochs() -> dict[str, int]:
    found: dict[str, int] = at_work.kept().setdefault("mfa_epochs", {})
    return found


def hold(owner: Owner) -> None:
    """Hold the owner's row for the rest of the transaction.

    :raises Changed: something was changed since it was read.
    """
    if (run(statements.LOCK, {"whose": owner.id}).scalar() or 0) != owner.generation:
        raise Changed


def wait_for(person_id: str) -> None:
    """Hold a person's row for the rest of the transaction, if there is one, whatever it says.

    For a transaction that goes on to rows which a change of the person holds too. SQLite has one writer at a
    time anyway.
    """
    if dialect() != "sqlite":
        run(statements.LOCK, {"whose": person_id})


def advance(owner: Owner, *, forget_devices: bool) -> None:
    """Count a change of the second step, as part of the caller's transaction.

    :param forget_devices: make every device a new one.
    :raises Changed: another change came first.
    """
    becomes = {
        "person_id": owner.id,
        "generation": owner.generation + 1,
        "device_epoch": int(forget_devices),
    }
    _epochs().pop(owner.id, None)
    if run(statements.advance(dialect()), [becomes]).first() is None:
        raise Changed


def change(person_id: str, *, forget_devices: bool) -> None:
    """Count a change of password or address, as part of the caller's transaction."""
    made = {"person_id": person_id, "generation": 1, "device_epoch": int(forget_devices)}
    _epochs().pop(person_id, None)
    run(statements.change(dialect()), [made])


def forget_devices(person_id: str) -> None:
    """Make every device a new one, as part of the caller's transaction."""
    _epochs().pop(person_id, None)
    run(statements.change(dialect()), [{"person_id": person_id, "generation": 0, "device_epoch": 1}])


def noted_of(person_id: str) -> tuple[datetime | None, datetime | None]:
    """Return when a person was first told that they must have it on, and since when they must at once."""
    required_at, must_enroll_at = run(statements.REQUIRED_AT, {"whose": person_id}).first() or (None, None)
    return required_at, must_enroll_at


def must_enroll(person_id: str, now: datetime) -> None:
    """Have a person turn 2-step verification on before anything else, as part of the caller's transaction."""
    affected(statements.MUST_ENROLL, {"whose": person_id, "now": now})


def has_enrolled(person_id: str) -> None:
    """Note that a person has turned it on, as part of the caller's transaction."""
    affected(statements.HAS_ENROLLED, {"whose": person_id})


def tell_required(
    person_id: str, noted: datetime | None, now: datetime, since: datetime | None = None
) -> datetime:
    """Return when a person was first told that they must have it on: now, if that was never noted.

    Noting it waits for nobody: the next page tries again.

    :param noted: what is noted.
    :param since: when it began to be required: what was noted before that is out of date. Where a clock that
        was ahead has set it, it counts once that time has come.
    """
    told = still_told(noted, now, since)
    if told is None:
        made = {"person_id": person_id, "generation": 0, "device_epoch": 0, "required_at": now}
        with unless_busy(patience=PATIENCE):
            if noted is not None:
                affected(statements.FORGET_REQUIRED, {"whose": person_id, "since": since})
            told = run(statements.require(dialect()), [made]).scalar_one()
    return told or now


def still_told(noted: datetime | None, now: datetime, since: datetime | None) -> datetime | None:
    """Return *noted*; None if it is out of date, as :func:`tell_required` has it."""
    is_outdated = noted is not None and since is not None and noted < since <= now
    return None if is_outdated else noted
