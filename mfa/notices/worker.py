"""What delivers the outbox: a thread inside the server, woken by every commit that wrote to it; where there
may be no thread, the request of that commit; or a process of its own (``flask mail deliver --forever``)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import util

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from mfa import at_work, database

LOOK_EVERY = 15.0
"""Seconds between looks for mails whose time to be tried again has come, and for what is over."""
_TURN = 0.1
"""Seconds for which mails that wait are delivered between two batches of what is over."""
_WORKER = "mfa_mail_worker"
_IS_AT_ONCE = "mfa_mail_at_once"


def use(app: Flask, worker: Worker, *, is_at_once: Callable[[], bool] = lambda: False) -> None:
    """Let *worker* deliver what *app* writes; its thread starts with the first mail, or by :func:`start`.

    :param is_at_once: returns True where the request that wrote a mail shall deliver it, without a thread.
    """
    app.extensions[_WORKER] = worker
    app.extensions[_IS_AT_ONCE] = is_at_once


def wake() -> None:
    """Have the worker of the application at work deliver; a process of its own needs no waking."""
    worker: Worker | None = at_work.app().extensions.get(_WORKER)
    if worker and _is_at_once():
        worker.deliver()
    elif worker:
        worker.wake()


def start() -> None:
    """Have the worker of the application at work deliver what an earlier process left, once."""
    worker: Worker | None = at_work.app().extensions.get(_WORKER)
    if worker and not _is_at_once():
        worker.start()


def _is_at_once() -> bool:
    found: bool = at_work.app().extensions[_IS_AT_ONCE]()
    return found


class Worker:
    """Calls what it is given in an application context of its own.

    Inside a server its thread starts with the first request, so that one which forks has one in each process.

    :param deliver: called whenever it is woken and now and then; asks what it is given, between two mails,
        whether it shall stop.
    :param tidy: called now and then; does its work in batches, and something else may be done after each.
    :param name: of its thread.
    """

    def __init__(
        self,
        app: Flask,
        deliver: Callable[[Callable[[], bool]], object],
        tidy: Callable[[], Iterator[object]],
        *,
        name: str = "mail",
    ) -> None:
        self._app = app
        self._deliver, self._tidy = deliver, tidy
        self._work = threading.Event()
        self._stopped = False
        self._begun = False
        self._thread = threading.Thread(target=self.run, name=name, daemon=True)
        self._starting = threading.Lock()

    def wake(self) -> None:
        """There is something to deliver."""
        self._work.set()
        self.start()

    def start(self) -> None:
        """Start the thread, unless it runs; it looks at once for what an earlier process left."""
        with self._starting:
            if self._begun or self._stopped:
                return
            self._begun = True
            # A mail that is cut as the process ends is sent again. Processes that multiprocessing makes, as
            # Granian does, heed this and not atexit.
            # All are told before one is waited for: what they are doing ends at the same time.
            self._at_the_end = [
                util.Finalize(None, self.tell_to_stop, exitpriority=1),
                util.Finalize(None, self.stop, exitpriority=0),
            ]
            self._thread.start()

    @property
    def is_running(self) -> bool:
        """Return True while its thread runs."""
        return self._thread.is_alive()

    def deliver(self) -> None:
        """Deliver now, in the application context of the caller."""
        with self._logged():
            self._deliver(lambda: False)

    def tell_to_stop(self) -> None:
        """Have the thread end after what it is doing; nobody waits for it here."""
        self._stopped = True
        self._work.set()

    def stop(self) -> None:
        """End the thread after what it is doing."""
        self.tell_to_stop()
        if self._begun:
            self._thread.join()
            for finalizer in self._at_the_end:
                finalizer.cancel()

    def run(self) -> None:
        """Deliver until :meth:`stop`, in the thread that calls this; it looks at once."""
        self._work.set()
        tidied = time.monotonic()
        while not self._stopped:
            self._work.wait(LOOK_EVERY)
            with self._logged(), self._app.app_context():
                try:
                    # Neither puts the other off for long, however much there is of it.
                    self._deliver_for(LOOK_EVERY)
                    if time.monotonic() - tidied >= LOOK_EVERY:
                        tidied = time.monotonic()
                        self._tidy_up()
                finally:
                    database.close()

    def _deliver_for(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        self._work.clear()
        self._deliver(lambda: self._stopped or time.monotonic() >= end)
        if time.monotonic() >= end:
            self._work.set()  # for the rest

    def _tidy_up(self) -> None:
        for _ in self._tidy():
            if self._work.is_set():
                self._deliver_for(_TURN)
            if self._stopped:
                return

    @contextmanager
    def _logged(self) -> Iterator[None]:
        """Log what fails: the thread must outlive a database that is away, and a request what it has done."""
        try:
            yield
        except SQLAlchemyError as error:
            if database.is_away(error):
                said = str(getattr(error, "orig", error)).partition("\n")[0]
                self._app.logger.error("the outbox could not be delivered: %s", said)  # noqa: TRY400 (eighty lines more say nothing)
            else:
                self._app.logger.exception("the outbox could not be delivered")
        except Exception:
            self._app.logger.exception("the outbox could not be delivered")
