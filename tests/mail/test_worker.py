"""The worker's two jobs, mails and what is over: neither keeps the other from being done."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from mfa.notices import worker
from mfa.notices.worker import Worker

Stopped = Callable[[], bool]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is always time to look for what is over, and nothing gets more than one turn."""
    monkeypatch.setattr(worker, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(worker, "_TURN", 0.0)


def test_a_stop_ends_what_is_deleted_after_the_batch(app: Flask) -> None:
    done: list[int] = []

    def tidy() -> Iterator[int]:
        for batch in range(1000):
            done.append(batch)
            if batch == 2:
                made.stop()
            yield batch

    made = Worker(app, lambda _: None, tidy)
    made.run()
    assert done == [0, 1, 2]


def test_mails_leave_between_two_batches(app: Flask) -> None:
    done: list[str] = []

    def tidy() -> Iterator[int]:
        for batch in range(3):
            done.append(f"batch {batch}")
            made._work.set()  # as by somebody who writes a mail
            yield batch
        made.stop()

    made = Worker(app, lambda _: done.append("mails"), tidy)
    made.run()
    assert done == ["mails", "batch 0", "mails", "batch 1", "mails", "batch 2", "mails"]


def test_mails_without_an_end_leave_time_for_what_is_over(app: Flask) -> None:
    done: list[str] = []

    def deliver(stopped: Stopped) -> None:
        done.append("mails")
        while not stopped():
            pass

    def tidy() -> Iterator[int]:
        done.append("batch")
        if done.count("batch") == 2:
            made.stop()
        yield 1

    made = Worker(app, deliver, tidy)
    made.run()
    assert done.count("batch") == 2
