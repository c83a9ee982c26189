"""What delivers the outbox: a thread inside the server, woken by every commit that wrote to it, or a
process of its own (``flask mail deliver --forever``)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from multiprocessing import util

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from mfa import database

LOOK_EVERY = 15.0
"""Seconds between looks for mails whose time to be tried again has come."""


class Worker:
    """Calls what it is given in an application context of its own.

    Inside a server its thread starts with the first request, so that one which forks has one in each process.

    :param deliver: called whenever it is woken and now and then; asks what it is given, between two mails,
        whether it shall stop.
    :param tidy: called now and then.
    """

    def __init__(
        self, app: Flask, deliver: Callable[[Callable[[], bool]], object], tidy: Callable[[], object]
    ) -> None:
        self._app = app
        self._deliver, self._tidy = deliver, tidy
        self._work = threading.Event()
        self._stopped = False
        self._begun = False
        self._thread = threading.Thread(target=self.run, name="mail", daemon=True)
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
            self._at_the_end = util.Finalize(None, self.stop, exitpriority=0)
            self._thread.start()

    def stop(self) -> None:
        """End the thread after what it is doing."""
        self._stopped = True
        self._work.set()
        if self._begun:
            self._thread.join()
            self._at_the_end.cancel()

    def run(self) -> None:
        """Deliver until :meth:`stop`, in the thread that calls this; it looks at once."""
        self._work.set()
        tidied = time.monotonic()
        while True:
            self._work.wait(LOOK_EVERY)
            if self._stopped:
                return
            self._work.clear()
            try:
                with self._app.app_context():
                    self._deliver(lambda: self._stopped)
                    if time.monotonic() - tidied >= LOOK_EVERY:
                        tidied = time.monotonic()
                        self._tidy()
            # The thread must outlive a database that is away for a while.
            except SQLAlchemyError as error:
                if database.is_away(error):
                    said = str(getattr(error, "orig", error)).partition("\n")[0]
                    self._app.logger.error("the outbox could not be delivered: %s", said)  # noqa: TRY400 (eighty lines more say nothing)
                else:
                    self._app.logger.exception("the outbox could not be delivered")
            except Exception:
                self._app.logger.exception("the outbox could not be delivered")
