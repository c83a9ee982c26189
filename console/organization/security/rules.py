"""Change the settings of the organization, and count whom a requirement would concern."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _

from console.accounts import statements as accounts
from console.accounts.models import Account, Role
from console.organization import audit
from console.organization.audit import Event
from console.organization.help import rules as help_rules
from console.organization.security import statements
from mfa.database import affected, run, transaction
from mfa.errors import Refusal
from mfa.factors import kinds as factors
from mfa.factors.models import PASSKEY
from mfa.people import rules as people

GRACE_DAYS = (0, 1, 3, 7, 14, 30)
EVERYBODY, MANAGERS = "everybody", "managers"


class NoManager(Refusal):
    """The author was made a member meanwhile, for whom there is no such page."""


class Unacceptable(Refusal):
    """Something that is set so can't be saved.

    :cvar field: the setting that it concerns, one of :class:`Settings`.
    """

    field: ClassVar[str]


class OwnIsOff(Unacceptable):
    """Somebody whose own 2-step verification is off wants to require it."""

    field = "required"
    says = _("Your own 2-step verification is off. Turn it on first, then you can require it.")


class NoOwnPasskey(Unacceptable):
    """Somebody without a passkey wants to require one."""

    field = "passkeys"
    says = _("You have no passkey yourself. Add one first, or this would lock you out.")


class NotRequired(Unacceptable):
    """Passkeys are to be required where 2-step verification is not."""

    field = "passkeys"
    says = _("This takes the requirement above: switch that on, too.")


class NobodyElse(Unacceptable):
    """A second administrator is to approve resets, and there is none."""

    field = "approves_resets"
    says = _("You are the only one who could approve it. Make somebody else an administrator first.")


class OwnersAlone(Unacceptable):
    """An administrator wants to switch off the second approval, which is there to check on them."""

    field = "approves_resets"
    says = _("Only an owner can switch this off.")


class BadGrace(Unacceptable):
    """A grace period that is not offered."""

    field = "grace_days"
    says = _("Choose one of these.")


class ChangedMeanwhile(Refusal):
    """Somebody else has changed the settings since they were shown."""

    says = _("Somebody else has changed these settings meanwhile. This is how they are now.")
    status = 409


@dataclass(frozen=True)
class Settings:
    """The settings as their tab shows them.

    :param version: counts the changes.
    :param required: 2-step verification is required.
    :param scope: of whom, :data:`EVERYBODY` or :data:`MANAGERS`.
    :param passkeys: of those who manage, a passkey.
    :param sign_up_closed: only invited people can create an account.
    :param approves_resets: a second administrator approves a reset.
    """

    version: int
    required: bool
    scope: str
    grace_days: int
    passkeys: bool
    remembers_browsers: bool
    sign_up_closed: bool
    approves_resets: bool


@dataclass(frozen=True)
class Preview:
    """How many people may sign in, and how many lack what would be required; likewise of those who manage."""

    everybody: int
    lacking: int
    managers: int
    managers_lacking: int
    managers_without_passkey: int


def settings() -> Settings:
    """Return the settings as they are now."""
    return _made_of(run(statements.SETTINGS).one())


def preview() -> Preview:
    """Count who would have to do something: among all accounts, and among those who manage."""
    return Preview(*run(statements.EVERYBODY).one(), *run(statements.MANAGERS).one())


def others_approve(asker: Account) -> bool:
    """Return True if somebody else could approve a reset that *asker* asks for."""
    return bool(help_rules.could_approve(asker.id))


def save(by: Account, wanted: Settings, now: datetime) -> bool:
    """Change the settings; return False if they are like that already.

    :param by: somebody who manages.
    :param wanted: with the version that was shown.
    :raises NotRequired, BadGrace: they don't go together, or are not offered.
    :raises OwnIsOff, NoOwnPasskey: they would ask for more than *by* has.
    :raises NobodyElse: nobody else could approve a reset.
    :raises OwnersAlone: *by* may not take the second approval away.
    :raises ChangedMeanwhile: there is another version by now.
    :raises NoManager: *by* was made a member meanwhile.
    """
    if wanted.grace_days not in GRACE_DAYS:
        raise BadGrace
    if wanted.passkeys and not wanted.required:
        raise NotRequired
    if not wanted.required:
        wanted = replace(wanted, scope=EVERYBODY)
    with transaction():
        # A disable, or a change of role, at this moment comes before this or after it.
        people.wait_for(by.person_id)
        role = run(accounts.ROLE, {"account_id": by.id}).scalar_one()
        if not role.manages:
            raise NoManager
        row = run(statements.SETTINGS).one()
        before = _made_of(row)
        if before.version != wanted.version:
            raise ChangedMeanwhile
        if before == wanted:
            return False
        _must_have_it(by, before, wanted)
        _may_change_approval(by, role, before, wanted)
        changes = _since(row, wanted, now)
        changes |= {
            "grace_days": wanted.grace_days,
            "remembers_browsers": wanted.remembers_browsers,
            "sign_up_closed": wanted.sign_up_closed,
            "approves_resets": wanted.approves_resets,
            "version": before.version + 1,
            "changed_at": now,
            "changed_by": by.id,
        }
        if not affected(statements.SAVE, {"seen": before.version, **changes}):
            raise ChangedMeanwhile
        for event, detail in _events(before, wanted):
            audit.write_down(event, actor=by.id, subject=None, detail=detail, now=now)
    return True


def _made_of(row: Any) -> Settings:
    return Settings(
        version=row.version,
        required=row.administrators_since is not None,
        scope=EVERYBODY if row.members_since or not row.administrators_since else MANAGERS,
        grace_days=row.grace_days,
        passkeys=row.passkeys_since is not None,
        remembers_browsers=row.remembers_browsers,
        sign_up_closed=row.sign_up_closed,
        approves_resets=row.approves_resets,
    )


def _must_have_it(by: Account, before: Settings, wanted: Settings) -> None:
    """Refuse what asks for more than before, and for more than its author has."""
    asks_more = wanted.required and (not before.required or wanted.scope != before.scope == MANAGERS)
    if not asks_more and (before.passkeys or not wanted.passkeys):
        return
    kept = factors.authenticators(by.person_id)
    if asks_more and not kept:
        raise OwnIsOff
    if wanted.passkeys and not before.passkeys and not any(one.kind == PASSKEY for one in kept):
        raise NoOwnPasskey


def _may_change_approval(by: Account, role: Role, before: Settings, wanted: Settings) -> None:
    if wanted.approves_resets and not before.approves_resets and not others_approve(by):
        raise NobodyElse
    if before.approves_resets and not wanted.approves_resets and role is not Role.OWNER:
        raise OwnersAlone


def _since(row: Any, wanted: Settings, now: datetime) -> dict[str, Any]:
    """Return the columns that say since when each requirement holds, and whom the mails have reached."""
    administrators, members = wanted.required, wanted.required and wanted.scope == EVERYBODY
    return {
        "administrators_since": (row.administrators_since or now) if administrators else None,
        "administrators_told": _told(administrators, row.administrators_since, row.administrators_told),
        "members_since": (row.members_since or now) if members else None,
        "members_told": _told(members, row.members_since, row.members_told),
        "passkeys_since": (row.passkeys_since or now) if wanted.passkeys else None,
    }


def _told(is_required: bool, since: datetime | None, told: int | None) -> int | None:
    if not is_required:
        return None
    return told if since else 0


def _events(before: Settings, after: Settings) -> list[tuple[Event, dict[str, str]]]:
    """Return what is written down: a switch by an event of its own, the rest together."""
    found: list[tuple[Event, dict[str, str]]] = []
    if before.required and not after.required:
        found.append((Event.REQUIREMENT_OFF, {"scope": before.scope}))
    elif after.required and (not before.required or before.scope != after.scope):
        found.append((Event.REQUIREMENT_ON, {"scope": after.scope, "grace_days": str(after.grace_days)}))
    changed = {
        name: str(getattr(after, name)).lower()
        for name in ("grace_days", "passkeys", "remembers_browsers", "sign_up_closed", "approves_resets")
        if getattr(before, name) != getattr(after, name)
    }
    if changed:
        found.append((Event.SETTINGS_CHANGED, changed))
    return found
