"""The authenticators of a person, one by one: added, renamed, replaced, removed."""

from __future__ import annotations

from collections.abc import Sequence

from mfa import names
from mfa.accounts import Person
from mfa.activity import rules as activity
from mfa.attempts import rules as attempts
from mfa.database import affected, insert_if_absent, run, transaction
from mfa.enrollment import changes
from mfa.enrollment.changes import Removed
from mfa.enrollment.passkeys import AlreadyRegistered
from mfa.enrollment.pending import Pending
from mfa.errors import Refusal
from mfa.factors import kinds as factors, sealing, statements
from mfa.factors.models import APP, PASSKEY, Authenticator
from mfa.here import Here
from mfa.i18n import lazy_gettext as _
from mfa.notices import messages, outbox
from mfa.people import required, rules as people
from mfa.people.rules import Changed, Owner
from mfa.ring import ring

MOST_APPS, MOST_PASSKEYS = 5, 20
"""Of one person."""


class LastOne(Refusal):
    """The only authenticator is to be removed."""

    says = _("This is your only authenticator. Add another one first, or turn 2-step verification off.")


class LastPasskey(LastOne):
    """The only passkey of somebody who must have one is to be removed."""

    says = _("Your organization requires a passkey, and this is your only one. Add another one first.")


class TooManyApps(Refusal):
    """As many authenticator apps as one person may have: each is one more code that a guess may hit."""

    says = _(
        "You have %(maximum)d authenticator apps, the most there can be. Remove one first.", maximum=MOST_APPS
    )


class TooManyPasskeys(Refusal):
    """As many passkeys as one person may have: each is named in every page that asks for one."""

    says = _("You have %(maximum)d passkeys, the most there can be. Remove one first.", maximum=MOST_PASSKEYS)


def find(person_id: str, authenticator_id: int | None) -> Authenticator:
    """Return an authenticator of a person.

    :raises factors.NotOn: 2-step verification is off.
    :raises Removed: it is none of theirs, or none any more.
    """
    kept = factors.authenticators(person_id)
    if not kept:
        raise factors.NotOn
    found = next((one for one in kept if one.id == authenticator_id), None)
    if found is None:
        raise Removed
    return found


def open_wizard(owner: Owner, change: Pending, factor: str, typed: str, *, here: Here) -> Pending:
    """Open the wizard for another app, or for the one on a new phone, by a factor that is used up by this.

    Nothing else changes, the session's token neither: if the answer is lost on its way, a person whose phone
    is lost, and who used the last recovery code here, is still signed in. Copies of the cookie that were
    taken before hold no part in what the factor opened.

    :raises Refusal: see :func:`factors.check`.
    :raises Stale: the password's proof was used already.
    :raises Changed: password or second step were changed since the password was typed.
    """
    right = factors.check(factor, factors.Attempt(owner, here, place=change.place), typed)
    with transaction():
        if not owner.is_marked(change.mark, change.key):
            raise Changed
        people.hold(owner)
        changes.spend(change, here.now)
        left = right.use_up()
        if left is not None:
            factors.tell_used(owner, left, here.now)
    return change.with_verified(ring(), here.now)


def add(owner: Owner, enrollment: Pending, name: str, *, here: Here) -> None:
    """Keep another app or passkey beside what there is.

    :param name: what the owner calls it, as typed.
    :raises BadName: one of its kinds.
    :raises Stale: the enrollment was completed or canceled.
    :raises Changed: password or second step were changed since it was begun.
    :raises TooManyApps, TooManyPasskeys: the owner has as many as they may have.
    :raises AlreadyRegistered: somebody has registered its passkey meanwhile.
    """
    assert enrollment.enrolls
    called = names.clean(name)
    brought = brought_by(owner, enrollment, here)
    with transaction():
        changes.advance(owner, enrollment, forget_devices=False)
        changes.spend(enrollment, here.now)
        check_room(owner.id, enrollment.method)
        keep(owner, enrollment, called, brought)
        sealing.note_key(here.now)
        changes.tell(owner, enrollment.purpose, here, kind=enrollment.method, name=called)


def check_room(person_id: str, kind: str) -> None:
    """Refuse one more authenticator of a kind.

    :raises TooManyApps, TooManyPasskeys: the person has as many as they may have.
    """
    count = sum(one.kind == kind for one in factors.authenticators(person_id))
    if kind == APP and count >= MOST_APPS:
        raise TooManyApps
    if kind == PASSKEY and count >= MOST_PASSKEYS:
        raise TooManyPasskeys


def rename(owner: Owner, authenticator_id: int, name: str, *, here: Here) -> None:
    """Call an authenticator by another name.

    :param name: as typed.
    :raises BadName: one of its kinds.
    :raises Removed: it is none of the owner's, or none any more.
    :raises attempts.Throttled: too many such changes.
    """
    called = names.clean(name)
    found = find(owner.id, authenticator_id)
    if found.name == called:
        return
    subject = attempts.account_subject(owner.id, owner.known(here.device))
    attempts.count(subject, attempts.PROFILE_CHANGES, here.now)
    given = {"whose": owner.id, "authenticator": authenticator_id, "name": called}
    with transaction():
        if not affected(statements.CHANGE_AUTHENTICATOR, given):
            raise Removed
        activity.record(owner.id, activity.AUTHENTICATOR_RENAMED, here, kind=found.kind, name=called)
        outbox.post(
            messages.authenticator_renamed, owner, here.now, kind=found.kind, has_password=owner.has_password
        )


def remove(owner: Owner, change: Pending, factor: str, typed: str, *, here: Here) -> None:
    """Remove an authenticator by another factor: it may be in other hands. The other sessions end.

    :raises LastOne: see :func:`check_removable`.
    :raises Removed: it was removed meanwhile.
    :raises Refusal: see :func:`factors.check`.
    :raises Stale: done already.
    :raises Changed: password or second step were changed since the password was typed.
    """
    going = find(owner.id, change.target)
    kept = factors.kept(owner.id)
    if kept is None:
        raise factors.NotOn
    others = kept.without(going.id)
    check_removable(owner.person, going, others.authenticators)
    right = factors.check(factor, factors.Attempt(owner, here, place=change.place), typed, others)
    with transaction():
        changes.advance(owner, change, forget_devices=True)
        changes.spend(change, here.now)
        left = right.use_up()
        if left is not None:
            factors.tell_used(owner, left, here.now)
        if not affected(statements.DELETE_AUTHENTICATOR, {"whose": owner.id, "authenticator": going.id}):
            raise Changed
        changes.tell(owner, change.purpose, here, kind=going.kind, name=going.name)
        changes.end_other_sessions(owner)


def check_removable(person: Person, going: Authenticator, others: Sequence[Authenticator]) -> None:
    """Refuse to remove an authenticator of a person that they can't be without.

    :param others: those that stay.
    :raises LastOne: there are none.
    :raises LastPasskey: a passkey is required of the person, and none of them is one.
    """
    if not others:
        raise LastOne
    if going.kind == PASSKEY and not any(one.kind == PASSKEY for one in others) and needs_passkey(person):
        raise LastPasskey


def needs_passkey(person: Person) -> bool:
    """Return True if an authenticator app alone is not enough for what is required of the person."""
    wanted = required.of(person)
    return wanted is not None and wanted.passkey


# Shared with the wizard


def keep(owner: Owner, enrollment: Pending, name: str, brought: dict[str, object]) -> None:
    """Store the authenticator that an enrollment brings."""
    own = {"person_id": owner.id, "kind": enrollment.method, "name": name, **brought}
    if not insert_if_absent(Authenticator, **own):
        raise AlreadyRegistered
    if enrollment.method == PASSKEY:
        run(statements.SET_USER_HANDLE, {"whose": owner.id, "handle": enrollment.user_handle(ring())})


def brought_by(owner: Owner, enrollment: Pending, here: Here) -> dict[str, object]:
    """Return the columns of the authenticator that an enrollment brings."""
    made = enrollment.new_passkey
    if made is not None:
        return {
            "credential_id": made.credential_id,
            "public_key": made.public_key,
            "sign_count": made.sign_count,
            "aaguid": made.aaguid,
            "is_synced": made.is_synced,
            "transports": ",".join(made.transports),
            "added_at": here.now,
            "last_used_at": None,
        }
    assert enrollment.code_step is not None
    return {
        "sealed_secret": sealing.seal_secret(owner.id, enrollment.secret(ring())),
        "used_step": enrollment.code_step,
        "added_at": here.now,
        "last_used_at": None,
    }


def replace_app(person_id: str, app_id: int | None, app: dict[str, object]) -> str:
    """Put the app of a new phone in the place of one that is kept; return what that is called."""
    if not affected(statements.CHANGE_AUTHENTICATOR, {"whose": person_id, "authenticator": app_id, **app}):
        raise Changed
    return find(person_id, app_id).name
