"""Granian that stops without a failed request: first not ready, then closed to newcomers, then done.

A balancer that asks `/readyz` sends nobody to a server that drains. One that does not ask (nginx) sends
requests until the port refuses them, and the kernel resets a connection that waits when the port closes. So
the port takes no new connection for a moment before it closes, and what has connected is answered.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from types import FrameType
from typing import Any

from granian import loops
from granian.net import SocketSpec
from granian.server.mp import MPServer

UNTAKEN_SECONDS = 30
"""How long a client may take nothing of an answer until its connection closes; no thread waits for it."""
SETTLE_SECONDS = 0.5
"""How long connections that have begun get until the port closes: less than the second of a repeated SYN."""

_SO_ATTACH_FILTER = 26
_NO_SYN = (
    # Classic BPF over the TCP header: load the flags, keep SYN and ACK, drop what is SYN alone.
    (0x30, 0, 0, 13),
    (0x54, 0, 0, 0x12),
    (0x15, 0, 1, 0x02),
    (0x06, 0, 0, 0),
    (0x06, 0, 0, 0xFFFFFFFF),
)


class DrainingServer(MPServer):
    """Granian with one listening socket for all its processes, which it closes with care.

    A signal is handled by a thread of its own. Granian's handlers set an event; in the main thread, which
    waits for that event and may hold its lock at the moment, they would wait for themselves, for ever.
    """

    _seconds = 0.0
    _sign: Path | None = None
    _told: int | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # Its put is reentrant: it can be called by a handler.
        self._signals: SimpleQueue[int] = SimpleQueue()
        self._told_again = threading.Event()

    def drain_for(self, seconds: float, sign: Path) -> None:
        """Serve on for *seconds* after SIGTERM.

        :param sign: the file that exists from then on, for the processes that answer `/readyz`.
        """
        self._seconds, self._sign = seconds, sign

    def startup(self, spawn_target: Any, target_loader: Any) -> None:
        # Granian forks its processes with its own handlers. In one that has not loaded the application they
        # would take the signal and do nothing, and the end would come by force only, after KILL_AFTER.
        # It is held back around the fork: what comes before the child has handlers of its own is lost.
        os.register_at_fork(before=_hold_back, after_in_parent=_let_come, after_in_child=_end_when_told)
        self.heed_signals()
        super().startup(spawn_target, target_loader)

    def heed_signals(self) -> None:
        """Begin to do what signals say."""
        threading.Thread(target=self._heed, name="signals", daemon=True).start()

    def signal_handler_interrupt(self, signum: int, _frame: FrameType | None = None) -> None:
        self._signals.put(signum)

    signal_handler_reload = signal_handler_interrupt

    def _heed(self) -> None:
        while True:
            signum = self._signals.get()
            if signum == signal.SIGHUP:
                super().signal_handler_reload()
            elif self._told is None:
                self._told = signum
                super().signal_handler_interrupt()
            else:
                self._told_again.set()

    def _respawn_workers(self, *args: Any, **options: Any) -> None:
        super()._respawn_workers(*args, **options)
        # Before this, Granian clears the event that it waits for next. It may have been set just then.
        if self.interrupt_signal:
            self.main_loop_interrupt.set()

    def shutdown(self, exit_code: int = 0) -> None:
        if self._told == signal.SIGTERM:
            self._drain()
        super().shutdown(exit_code)

    def _init_shared_socket(self) -> None:
        # Granian gives each process a socket of its own on Linux; what waits in one is lost when it closes.
        self._shd = SocketSpec(self.bind_addr, self.bind_port, self.backlog).build()
        self._sfd = self._shd.get_fd()
        self._sso = socket.socket(fileno=self._sfd)
        self._sso.set_inheritable(True)
        # The connections inherit it (tcp(7)).
        self._sso.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1000 * UNTAKEN_SECONDS)

    def _drain(self) -> None:
        if self._sign:
            self._sign.touch()
        # A second signal ends the wait.
        if self._told_again.wait(self._seconds):
            return
        if refuse_newcomers(self._sso):
            self._told_again.wait(SETTLE_SECONDS)


class OnceTold(asyncio.SelectorEventLoop):
    """The loop of a process that serves: of signals, it does what the first one says.

    Called again, Granian's handler waits for a thread that is stopping the process, and does not let go of
    Python's lock, for which that thread waits. Who signals the whole group, as Ctrl+C does, has each process
    get two or three signals: SIGTERM comes from the first process, too.
    """

    _is_told = False

    def add_signal_handler(self, sig: int, callback: Callable[..., object], *args: Any) -> None:
        super().add_signal_handler(sig, self._tell_once, callback, *args)

    def _tell_once(self, callback: Callable[..., object], *args: Any) -> None:
        if not self._is_told:
            self._is_told = True
            callback(*args)


@loops.register("auto")  # type: ignore[untyped-decorator]  # Granian has no types
def _make_loop() -> OnceTold:
    loop = OnceTold()
    asyncio.set_event_loop(loop)
    return loop


def _hold_back() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])


def _let_come() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])


def _end_when_told() -> None:
    """Let SIGTERM end a process that serves nothing yet, and leave SIGINT, which all get, to the server."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _let_come()


def refuse_newcomers(listening: socket.socket) -> bool:
    """Let *listening* answer no new SYN while it accepts what has connected.

    Who gets no answer asks again after a second, and finds the port closed. Return False if the system can't
    do this.
    """
    program = b"".join(struct.pack("HBBI", *step) for step in _NO_SYN)
    steps = ctypes.create_string_buffer(program)
    filter_ = struct.pack("HP", len(_NO_SYN), ctypes.addressof(steps))
    try:
        listening.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filter_)
    except OSError:
        return False
    return True
