"""What the kinds of factor share: who types a code, how it is counted, and what a kind must have."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from mfa.activity import rules as activity
from mfa.attempts import rules as attempts
from mfa.attempts.policy import Policy
from mfa.database import transaction
from mfa.errors import Refusal
from mfa.factors.models import APP, PASSKEY, Authenticator, SecondStep
from mfa.here import Here
from mfa.i18n import lazy_gettext as _
from mfa.notices import messages, outbox
from mfa.people import recoveries
from mfa.people.rules import Owner


class NotOn(Refusal):
    """2-step verification is off."""


class Refused(Refusal):
    """What was typed opens nothing: the root of what is said at the field of a code."""


class SecondPost(Refusal):
    """A right code that comes a second time, for a sign-in that the first one has completed."""


class ConfirmFirst(Refused):
    """Too many wrong codes since the last right one: the owner confirms by mail before one is looked at."""

    says = _(
        "Too many wrong codes were entered for your account. Sign out and in again: there you can confirm by"
        " mail that it is you."
    )


@dataclass(frozen=True)
class Attempt:
    """Somebody who is about to type a code.

    :param confirmed: the owner has said by an e-mailed link that codes may be tried again.
    :param place: what it is typed for, a purpose and a session: a passkey answers a challenge of that alone.
    :param is_sign_in: True where a recovery code that opens sign-in only is taken, too.
    :param may_be_recovering: False if no way back without a second step was open when this began.
    :param is_over: returns True if what it is typed for has been completed meanwhile.
    """

    owner: Owner
    here: Here
    confirmed: bool = False
    place: str = ""
    is_sign_in: bool = False
    may_be_recovering: bool = True
    is_over: Callable[[], bool] = lambda: False

    @property
    def known(self) -> str | None:
        """The id of the device, if the owner is known to use it."""
        return self.owner.known(self.here.device)

    @property
    def subject(self) -> str:
        """By what it is counted: the device's own count where it is known, else the account's."""
        return attempts.account_subject(self.owner.id, self.known)

    def is_spared(self, tried: int) -> bool:
        """Return True if the failures of others don't matter here: on a known device with free attempts left.

        :param tried: the attempts on this device since its last success, including this one.
        """
        return self.known is not None and 0 < tried <= attempts.SECOND_STEP.free

    @property
    def _counts(self) -> tuple[tuple[str, Policy], tuple[str, Policy]]:
        every = attempts.account_subject(self.owner.id)
        return (self.subject, attempts.SECOND_STEP), (every, attempts.SECOND_STEP_FAILURES)

    def must_confirm(self, failures: int) -> bool:
        """Return True if a code is checked only after the owner has confirmed by mail.

        :param failures: the wrong codes of the account since its last right one.
        """
        if self.confirmed or failures < attempts.MOST_FAILURES:
            return False
        return not self.is_spared(attempts.counted(self.subject, attempts.SECOND_STEP) + 1)

    def count(self) -> int:
        """Count it before the code is checked; the number of attempts since the last success, with this one.

        :raises attempts.Throttled: too many wrong ones, on this device or on all that are not known.
        :raises ConfirmFirst: too many wrong ones since the last right one, wherever.
        """
        # Don't count attempts we refuse to check; otherwise an attacker could make the owner wait.
        with transaction():
            counted = attempts.count_together(self.here.now, *self._counts)
            too_many = counted[attempts.SECOND_STEP_FAILURES] > attempts.MOST_FAILURES
            if too_many and not self.confirmed and not self.is_spared(counted[attempts.SECOND_STEP]):
                raise ConfirmFirst
            if not counted[attempts.SECOND_STEP]:
                raise attempts.throttled(*self._counts[0], self.here.now)
        return counted[attempts.SECOND_STEP]

    def give_back(self) -> None:
        """Take back that it was counted, as part of the caller's transaction: it was no guess."""
        attempts.give_back(*self._counts)

    def forget_failures(self) -> None:
        """Begin to count from zero after a right code, as part of the caller's transaction.

        A way back without any has no reason any more.
        """
        attempts.reset(*self._counts)
        if self.may_be_recovering:
            recoveries.stop_open(self.owner.person, self.here, recoveries.SECOND_STEP)

    def refuse_second_post(self, *, counted: bool = True) -> None:
        """Refuse a right code that was used already, if the sign-in it was typed for is over: it came twice.

        :param counted: False if the attempt was not counted.
        :raises SecondPost: it is over.
        """
        if not self.is_over():
            return
        if counted:
            with transaction():
                self.give_back()
        raise SecondPost

    def record_failure(self, factor: str, tried: int) -> None:
        """Write a wrong code down, and tell the owner by mail when they become many (SP 800-63B-4 §3.2.2).

        :param tried: what :meth:`count` returned.
        """
        owner, here = self.owner, self.here
        with transaction():
            activity.record(owner.id, activity.SECOND_STEP_FAILED, here, factor=factor)
            if attempts.begins_to_wait(tried, attempts.SECOND_STEP):
                activity.record(owner.id, activity.THROTTLED, here, what="second_step")
                outbox.post(
                    messages.second_step_guessed,
                    owner,
                    here.now,
                    has_password=owner.has_password,
                    **here.seen,
                )


@dataclass(frozen=True)
class Kept:
    """What is kept of somebody's second step.

    :param authenticators: the one used last first.
    """

    second_step: SecondStep
    authenticators: tuple[Authenticator, ...]

    @property
    def apps(self) -> tuple[Authenticator, ...]:
        """Their authenticator apps."""
        return tuple(one for one in self.authenticators if one.kind == APP)

    @property
    def passkeys(self) -> tuple[Authenticator, ...]:
        """Their passkeys and security keys."""
        return tuple(one for one in self.authenticators if one.kind == PASSKEY)

    def without(self, authenticator_id: int | None) -> Kept:
        """Return it as if that authenticator was gone: so it can't be what allows its own removal."""
        return replace(
            self, authenticators=tuple(one for one in self.authenticators if one.id != authenticator_id)
        )


@dataclass(frozen=True)
class Factor(ABC):
    """A right code, to be used up in the transaction of what it opens.

    :param failures: the number of wrong ones that were typed before it.
    """

    name: ClassVar[str]
    """What forms, Activity and metrics call this kind."""

    attempt: Attempt
    failures: int

    @classmethod
    @abstractmethod
    def check(cls, kept: Kept, attempt: Attempt, typed: str) -> Self:
        """Return the factor that *typed* is, counted before it is checked.

        :raises Refusal: it is not the shape of one, which is not counted; or it is wrong, or was used.
        """

    @abstractmethod
    def use_up(self) -> int | None:
        """Use it up, by one conditional statement; of two at once, one wins.

        Return the number of recovery codes left if it was one, else None.

        :raises Refusal: it was used since it was checked.
        """
