"""What is over is deleted, in all tables of the extension, and told where it has to be: a worker's part."""

from __future__ import annotations

from collections.abc import Iterator

from mfa import clock
from mfa.notices import background
from mfa.people import recoveries
from mfa.recovery import waiting
from mfa.requirement import held
from mfa.sign_in import challenges, remembered


def tidy() -> Iterator[int]:
    """Delete it, and yield the rows of each batch: see :func:`mfa.database.in_batches`."""
    yield from background.tidy()
    now = clock.now()
    yield from challenges.tell_unfinished(now)
    yield from challenges.forget_expired(now)
    yield from remembered.forget_expired(now)
    yield from held.forget_expired(now)
    yield from waiting.tell_due(now)
    yield from recoveries.forget_old(now)
