"""How often something may be tried, and how long it then has to wait."""

from __future__ import annotations

from dataclasses import dataclass, field

from mfa.i18n import LazyString, lazy_gettext as _

NEVER_FORGOTTEN = ("email_number", "enrollment_code", "second_step", "second_step_failures")
"""Purposes whose counts only a success ends. Any other count is deleted a while after its last attempt."""
LONGEST_MEMORY = 24 * 3600
"""Seconds."""


@dataclass(frozen=True)
class Policy:
    """How often something may be tried.

    :param purpose: what is tried; each purpose has a count of its own.
    :param free: attempts before the first wait.
    :param first_wait: seconds after the last free attempt; each further one doubles it.
    :param longest_wait: seconds; never a permanent lock.
    :param forget_after: seconds without an attempt after which the count starts again, at most
        :data:`LONGEST_MEMORY`; None for the purposes that are :data:`NEVER_FORGOTTEN`.
    :param says: the sentence for a person who has to wait ``%(wait)s``.
    :raises ValueError: its counts would be deleted while they still count, or never.
    """

    purpose: str
    free: int = 5
    first_wait: int = 30
    longest_wait: int = 900
    forget_after: int | None = None
    says: LazyString = field(default=_("Too many attempts. Try again in %(wait)s."), compare=False)

    def __post_init__(self) -> None:
        is_never = self.purpose in NEVER_FORGOTTEN
        if is_never != (self.forget_after is None) or (self.forget_after or 0) > LONGEST_MEMORY:
            raise ValueError(f"{self.purpose} must be forgotten in time, or be NEVER_FORGOTTEN")

    def wait_after(self, attempts: int) -> int:
        """Seconds to wait after so many attempts without a success."""
        if attempts < self.free:
            return 0
        doublings = min(attempts - self.free, self.most_doublings)
        return min(self.first_wait << doublings, self.longest_wait)

    @property
    def most_doublings(self) -> int:
        """Return after how many doublings the first wait is no shorter than the longest."""
        return ((self.longest_wait - 1) // self.first_wait).bit_length()
