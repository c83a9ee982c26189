"""Pending enrollments and pending changes: what the signed session holds of them, and what follows from it.

The cookie can be read, so it holds a random id, times and flags, and nothing else. The secret, the
recovery codes and the e-mailed number are derived from the id with a key that never leaves the server;
the database holds nothing at all until ``rules.complete``.

The wizard is a function of the enrollment: :attr:`Enrollment.step` says which step it has reached.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any, TypeVar, get_type_hints

from mfa.crypto import ages, digits, recovery_codes, totp
from mfa.crypto.keys import KeyRing

LIFETIME = 15 * 60
"""Seconds in which an enrollment must be completed."""
PROOF_LIFETIME = 5 * 60
"""Seconds for which a typed password opens the one change that it was typed for."""

EMAIL, SCAN, CODE, RECOVERY = STEPS = ("email", "scan", "code", "recovery")

_ID_BYTES = 16
_SENDING_BYTES = 8
_KIND_OF = TypeVar("_KIND_OF", bound="Pending")


@dataclass(frozen=True)
class Pending:
    """Something that was begun in one session of one account, and must be ended in it.

    :param id: 128 random bits, URL-safe.
    :param account: the account's id.
    :param session: the id of the session it was begun in.
    :param generation: the account's generation then; a later one means that something else was changed.
    :param key: the id of the master key that its secrets are derived with.
    :param started: Unix time.
    """

    id: str
    account: int
    session: int
    generation: int
    key: str
    started: int

    lifetime = LIFETIME

    @classmethod
    def start(
        cls: type[_KIND_OF],
        *,
        account: int,
        session: int,
        generation: int,
        ring: KeyRing,
        now: datetime,
        **more: Any,
    ) -> _KIND_OF:
        """A new one, with a new random id."""
        return cls(
            id=secrets.token_urlsafe(_ID_BYTES),
            account=account,
            session=session,
            generation=generation,
            key=ring.current,
            started=int(now.timestamp()),
            **more,
        )

    @classmethod
    def read(cls: type[_KIND_OF], kept: object) -> _KIND_OF | None:
        """What :meth:`keep` gave, or None if it is nothing of the kind."""
        if not isinstance(kept, dict):
            return None
        kinds = _KINDS[cls]
        # A release may have given a field another kind while the enrollment was open.
        if set(kept) != set(kinds) or not all(isinstance(kept[name], kind) for name, kind in kinds.items()):
            return None
        return cls(**kept)

    def keep(self) -> dict[str, Any]:
        """What the cookie holds of it."""
        return asdict(self)

    def expired(self, now: datetime) -> bool:
        """Return True if its time is over, or has not come: the clock was set back."""
        return not ages.is_current(self.started, now.timestamp(), self.lifetime)

    def recovery_codes(self, ring: KeyRing) -> list[str]:
        """The ten recovery codes that it would bring, without separators."""
        return recovery_codes.make(self._derive(ring, "recovery", recovery_codes.SET_BYTES))

    def _derive(self, ring: KeyRing, what: str, length: int) -> bytes:
        context = "\0".join((what, self.id, str(self.account))).encode()
        return ring.derive("pending", context, length=length, key_id=self.key)


@dataclass(frozen=True)
class Enrollment(Pending):
    """A new authenticator app on its way through the wizard: an activation, or a move to a new phone.

    :param moves: it is a move: 2-step verification is on, and a factor of it was used up to begin.
    :param sending: names the newest mail with a number; None before the first.
    :param sent: Unix time of that mail.
    :param email_verified: the number or the link of a mail came back.
    :param scanned: the QR code was shown, and the person went on.
    :param code_step: the time step of the app's code that was accepted.
    """

    moves: bool = False
    sending: str | None = None
    sent: int = 0
    email_verified: bool = False
    scanned: bool = False
    code_step: int | None = None

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps of its way: whoever moves has shown a factor, and needs no mail."""
        return STEPS[1:] if self.moves else STEPS

    @property
    def step(self) -> str:
        """The step that it has reached."""
        if not (self.moves or self.email_verified):
            return EMAIL
        if not self.scanned:
            return SCAN
        return CODE if self.code_step is None else RECOVERY

    def reached(self, step: str) -> bool:
        """Whether *step* may be shown: the one reached, or one before it on its way."""
        return step in self.steps and STEPS.index(step) <= STEPS.index(self.step)

    def secret(self, ring: KeyRing) -> bytes:
        """The TOTP secret that it would bring: 20 bytes."""
        return self._derive(ring, "totp", totp.SECRET_BYTES)

    def number(self, ring: KeyRing) -> str:
        """The six digits of the newest mail.

        :raises ValueError: no mail was sent yet.
        """
        if self.sending is None:
            raise ValueError("no number was sent")
        random = self._derive(ring, f"number {self.sending}", 16)
        return f"{int.from_bytes(random) % 10**digits.LENGTH:0{digits.LENGTH}}"

    def next_sending(self, ring: KeyRing) -> str:
        """Return the name of the mail after the newest one: known before it is sent, so that no answer that
        gets lost takes it away."""
        return self._derive(ring, f"sending after {self.sending}", _SENDING_BYTES).hex()

    def link(self) -> dict[str, Any]:
        """What the link of the newest mail carries: as much as its number follows from."""
        return {"id": self.id, "account": self.account, "key": self.key, "sending": self.sending}

    @classmethod
    def of_link(cls, payload: dict[str, Any]) -> Enrollment:
        """The part of an enrollment that :meth:`link` gave.

        :raises KeyError: something is missing.
        """
        named = {name: payload[name] for name in ("id", "account", "key", "sending")}
        return cls(session=0, generation=0, started=0, **named)

    def with_sending(self, sending: str, now: datetime) -> Enrollment:
        return replace(self, sending=sending, sent=int(now.timestamp()))

    def with_email_verified(self) -> Enrollment:
        return replace(self, email_verified=True)

    def with_scanned(self) -> Enrollment:
        return replace(self, scanned=True)

    def with_code(self, step: int) -> Enrollment:
        return replace(self, code_step=step)


@dataclass(frozen=True)
class Change(Pending):
    """A reissue, a disable or a move whose password was typed: good for that purpose alone."""

    purpose: str = ""

    lifetime = PROOF_LIFETIME


# Asked for once: what stands in the classes as text is compiled anew each time, in 0.1 ms.
_KINDS: dict[type[Pending], dict[str, Any]] = {
    kind: {field.name: get_type_hints(kind)[field.name] for field in fields(kind)}
    for kind in (Enrollment, Change)
}
