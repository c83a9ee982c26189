"""What was begun and is not completed: what the signed session holds of it, and what follows from that.

The cookie can be read, so it holds a purpose, a random id, times and flags, and nothing else. The secret, the
recovery codes and the e-mailed number are derived from the id with a key that never leaves the server;
the database holds nothing at all until ``rules.complete``.

The way is a function of this value: :attr:`Pending.step` says which step it has reached.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any, get_type_hints

from console.two_step.purposes import CODE, EMAIL, SCAN, VERIFY, WIZARD, Purpose
from mfa.crypto import ages, digits, recovery_codes, totp
from mfa.crypto.keys import KeyRing

VERIFY_LIFETIME = 5 * 60
"""Seconds for which a typed password opens the page that asks for a factor, whatever comes after it."""

_ID_BYTES = 16
_SENDING_BYTES = 8


@dataclass(frozen=True)
class Pending:
    """Something that was begun in one session of one account, and must be completed in it.

    While it brings a new authenticator app, it is also called an enrollment.

    :param id: 128 random bits, URL-safe.
    :param account: the account's id.
    :param session: the id of the session it was begun in.
    :param generation: the account's generation then; a later one means that something else was changed.
    :param key: the id of the master key that its secrets are derived with.
    :param started: Unix time.
    :param sending: names the newest mail with a number; None before the first.
    :param sent: Unix time of that mail.
    :param email_verified: the number or the link of a mail came back.
    :param verified: a factor of what protects the account was used up to begin it.
    :param scanned: the QR code was shown, and the person went on.
    :param code_step: the time step of the app's code that was accepted.
    """

    id: str
    account: int
    session: int
    generation: int
    key: str
    started: int
    purpose: Purpose
    sending: str | None = None
    sent: int = 0
    email_verified: bool = False
    verified: bool = False
    scanned: bool = False
    code_step: int | None = None

    @classmethod
    def start(
        cls, purpose: Purpose, *, account: int, session: int, generation: int, ring: KeyRing, now: datetime
    ) -> Pending:
        """Return a new one, with a new random id."""
        return cls(
            id=secrets.token_urlsafe(_ID_BYTES),
            account=account,
            session=session,
            generation=generation,
            key=ring.current,
            started=int(now.timestamp()),
            purpose=purpose,
        )

    @classmethod
    def read(cls, kept: object) -> Pending | None:
        """Return what :meth:`to_cookie` gave, or None if it is nothing of the kind."""
        # A release may have given a field another kind while something was pending.
        if not isinstance(kept, dict) or set(kept) != set(_KINDS):
            return None
        try:
            named = {**kept, "purpose": Purpose(kept["purpose"])}
        except ValueError:
            return None
        if not all(isinstance(named[name], kind) for name, kind in _KINDS.items()):
            return None
        return cls(**named)

    def to_cookie(self) -> dict[str, Any]:
        """Return what the cookie holds of it."""
        return {**asdict(self), "purpose": self.purpose.value}

    @property
    def step(self) -> str:
        """The step that it has reached: the first that is not done."""
        done = {
            EMAIL: self.email_verified,
            VERIFY: self.verified,
            SCAN: self.scanned,
            CODE: self.code_step is not None,
        }
        steps = self.purpose.needs.steps
        return next((step for step in steps if not done.get(step)), steps[-1])

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps of the wizard that are on its way."""
        return tuple(step for step in self.purpose.needs.steps if step in WIZARD)

    @property
    def progress(self) -> tuple[int, int]:
        """The step of the wizard that it has reached, and how many there are, as people count them."""
        return self.steps.index(self.step) + 1, len(self.steps)

    @property
    def enrolls(self) -> bool:
        """Whether the wizard is open for it: it brings a new app, and nothing comes before that any more."""
        return SCAN in self.purpose.needs.steps and self.step in WIZARD

    def reached(self, step: str) -> bool:
        """Whether *step* of the wizard may be shown: the one reached, or one before it on its way."""
        way = self.purpose.needs.steps
        return step in self.steps and way.index(step) <= way.index(self.step)

    def expired(self, now: datetime) -> bool:
        """Return True if its time is over, or has not come: the clock was set back."""
        lifetime = VERIFY_LIFETIME if self.step == VERIFY else self.purpose.needs.lifetime
        return not ages.is_current(self.started, now.timestamp(), lifetime)

    def secret(self, ring: KeyRing) -> bytes:
        """The TOTP secret that it would bring: 20 bytes."""
        return self._derive(ring, "totp", totp.SECRET_BYTES)

    def recovery_codes(self, ring: KeyRing) -> list[str]:
        """The ten recovery codes that it would bring, without separators."""
        return recovery_codes.make(self._derive(ring, "recovery", recovery_codes.SET_BYTES))

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
    def of_link(cls, payload: dict[str, Any]) -> Pending:
        """The part of an activation that :meth:`link` gave.

        :raises KeyError: something is missing.
        """
        named = {name: payload[name] for name in ("id", "account", "key", "sending")}
        return cls(session=0, generation=0, started=0, purpose=Purpose.ACTIVATE, **named)

    def with_sending(self, sending: str, now: datetime) -> Pending:
        return replace(self, sending=sending, sent=int(now.timestamp()))

    def with_email_verified(self) -> Pending:
        return replace(self, email_verified=True)

    def with_verified(self, ring: KeyRing, now: datetime) -> Pending:
        """Return what a factor opened: with an id of its own, of which no earlier cookie holds a part."""
        opened = self.start(
            self.purpose,
            account=self.account,
            session=self.session,
            generation=self.generation,
            ring=ring,
            now=now,
        )
        return replace(opened, verified=True)

    def with_scanned(self) -> Pending:
        return replace(self, scanned=True)

    def with_code(self, step: int) -> Pending:
        return replace(self, code_step=step)

    def _derive(self, ring: KeyRing, what: str, length: int) -> bytes:
        context = "\0".join((what, self.id, str(self.account))).encode()
        return ring.derive("pending", context, length=length, key_id=self.key)


# Resolved once: the annotations are text, and compiling them takes 0.1 ms each time.
_KINDS: dict[str, Any] = {field.name: get_type_hints(Pending)[field.name] for field in fields(Pending)}
