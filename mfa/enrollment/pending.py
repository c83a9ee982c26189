"""What was begun and is not completed: what the signed session holds of it, and what follows from that.

The cookie can be read, so it holds a purpose, a random id, times, flags and the public part of a new
passkey, and nothing else. The secret, the
recovery codes and the e-mailed number are derived from the id with a key that never leaves the server;
the database holds nothing at all until ``rules.complete``.

The way is a function of this value: :attr:`Pending.step` says which step it has reached.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any, get_type_hints

from mfa.crypto import ages, digits, recovery_codes, totp, webauthn
from mfa.crypto.keys import KeyRing
from mfa.crypto.webauthn import Registered
from mfa.enrollment.purposes import CODE, EMAIL, NAME, PASSKEY, SCAN, VERIFY, WIZARD, Purpose
from mfa.factors.models import APP

VERIFY_LIFETIME = 5 * 60
"""Seconds for which a typed password opens the page that asks for a factor, whatever comes after it."""

_ID_BYTES = 16
_SENDING_BYTES = 8


@dataclass(frozen=True)
class Pending:
    """Something that was begun in one session of one person, and must be completed in it.

    While it brings a new authenticator, it is also called an enrollment.

    :param id: 128 random bits, URL-safe.
    :param person: the person's id.
    :param session: what the host names the session by that it was begun in.
    :param mark: of the owner then; another one means that something else was changed.
    :param key: the id of the master key that its secrets are derived with.
    :param started: Unix time.
    :param target: the id of the authenticator that it is about, if it is about one that is kept.
    :param sending: names the newest mail with a number; None before the first.
    :param sent: Unix time of that mail.
    :param email_verified: the number or the link of a mail came back.
    :param verified: a factor of what protects the person was used up to begin it.
    :param scanned: the QR code was shown, and the person went on.
    :param code_step: the time step of the app's code that was accepted.
    :param method: the kind of authenticator that it brings.
    :param passkey: the one that the browser made, as :attr:`new_passkey` reads it: nothing of it is secret.
    :param name: what its person calls it.
    """

    id: str
    person: str
    session: str
    mark: str
    key: str
    started: int
    purpose: Purpose
    target: int | None = None
    sending: str | None = None
    sent: int = 0
    email_verified: bool = False
    verified: bool = False
    scanned: bool = False
    code_step: int | None = None
    method: str = APP
    passkey: str | None = None
    name: str = ""

    @classmethod
    def start(
        cls,
        purpose: Purpose,
        *,
        person: str,
        session: str,
        mark: str,
        ring: KeyRing,
        now: datetime,
        target: int | None = None,
    ) -> Pending:
        """Return a new one, with a new random id."""
        return cls(
            id=secrets.token_urlsafe(_ID_BYTES),
            person=person,
            session=session,
            mark=mark,
            key=ring.current,
            started=int(now.timestamp()),
            purpose=purpose,
            target=target,
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
    def place(self) -> str:
        """What a passkey's challenge is bound to that is asked for by it."""
        return f"{self.purpose.value} {self.id} {self.person}"

    @property
    def step(self) -> str:
        """The step that it has reached: the first that is not done."""
        done = {
            EMAIL: self.email_verified,
            VERIFY: self.verified,
            SCAN: self.scanned,
            CODE: self.code_step is not None,
            PASSKEY: self.passkey is not None and (self.name != "" or NAME in self._way),
        }
        steps = self._way
        return next((step for step in steps if not done.get(step)), steps[-1])

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps of the wizard that are on its way."""
        return tuple(step for step in self._way if step in WIZARD)

    @property
    def _way(self) -> tuple[str, ...]:
        """All steps, in their order: a passkey is made in one, where an app takes two."""
        steps = self.purpose.needs.steps
        if self.method == APP:
            return steps
        return tuple(PASSKEY if step == SCAN else step for step in steps if step != CODE)

    @property
    def progress(self) -> tuple[int, int]:
        """The step of the wizard that it has reached, and how many there are, as people count them."""
        return self.steps.index(self.step) + 1, len(self.steps)

    @property
    def enrolls(self) -> bool:
        """Whether the wizard is open for it: it brings something new, and nothing comes before that."""
        return SCAN in self.purpose.needs.steps and self.step in WIZARD

    def reached(self, step: str) -> bool:
        """Whether *step* of the wizard may be shown: the one reached, or one before it on its way."""
        way = self._way
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
        return {"id": self.id, "person": self.person, "key": self.key, "sending": self.sending}

    @classmethod
    def of_link(cls, payload: dict[str, Any]) -> Pending:
        """The part of an activation that :meth:`link` gave.

        :raises KeyError: something is missing.
        """
        named = {name: payload[name] for name in ("id", "person", "key", "sending")}
        return cls(session="", mark="", started=0, purpose=Purpose.ACTIVATE, **named)

    def with_sending(self, sending: str, now: datetime) -> Pending:
        return replace(self, sending=sending, sent=int(now.timestamp()))

    def with_email_verified(self) -> Pending:
        return replace(self, email_verified=True)

    def with_verified(self, ring: KeyRing, now: datetime) -> Pending:
        """Return what a factor opened: with an id of its own, of which no earlier cookie holds a part."""
        opened = self.start(
            self.purpose,
            person=self.person,
            session=self.session,
            mark=self.mark,
            ring=ring,
            now=now,
            target=self.target,
        )
        return replace(opened, verified=True, method=self.method)

    def with_scanned(self) -> Pending:
        return replace(self, scanned=True)

    def with_code(self, step: int) -> Pending:
        return replace(self, code_step=step)

    def with_method(self, method: str) -> Pending:
        """Return it as it is for another kind of authenticator; what was done for this one begins again."""
        return replace(self, method=method, scanned=False, code_step=None, passkey=None, name="")

    def with_passkey(self, made: Registered) -> Pending:
        return replace(self, passkey=_text(made), name="")

    def with_name(self, name: str) -> Pending:
        return replace(self, name=name)

    @property
    def new_passkey(self) -> Registered | None:
        """The passkey that it brings, once the browser has made it."""
        if self.passkey is None:
            return None
        credential_id, public_key, aaguid, count, flags, transports = self.passkey.split(".")
        return Registered(
            credential_id=webauthn.decode(credential_id),
            public_key=webauthn.decode(public_key),
            sign_count=int(count),
            aaguid=webauthn.decode(aaguid),
            is_synced="s" in flags,
            transports=tuple(transports.split(",")) if transports else (),
            user_verified="v" in flags,
        )

    def user_handle(self, ring: KeyRing) -> bytes:
        """What its passkey knows the person by, if they have no passkey yet: 32 bytes."""
        return self._derive(ring, "user handle", webauthn.USER_HANDLE_BYTES)

    def _derive(self, ring: KeyRing, what: str, length: int) -> bytes:
        context = "\0".join((what, self.id, self.person)).encode()
        return ring.derive("pending", context, length=length, key_id=self.key)


def _text(made: Registered) -> str:
    flags = f"{'s' * made.is_synced}{'v' * made.user_verified}"
    parts = (made.credential_id, made.public_key, made.aaguid)
    return ".".join([*map(webauthn.encode, parts), str(made.sign_count), flags, ",".join(made.transports)])


# Resolved once: the annotations are text, and compiling them takes 0.1 ms each time.
_KINDS: dict[str, Any] = {field.name: get_type_hints(Pending)[field.name] for field in fields(Pending)}
