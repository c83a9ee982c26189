"""What signals do to the server of production, whatever its main thread does at that moment."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from granian.server import common
from granian.server.mp import MPServer

from deploy.draining import DrainingServer
from tests.support import patience

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parent.parent.parent


def test_a_signal_is_heeded_though_the_main_thread_holds_the_lock_of_its_event() -> None:
    server = DrainingServer("app:app")
    server.heed_signals()
    # As while the main thread goes into its wait for the event, or comes out.
    with server.main_loop_interrupt._cond:  # type: ignore[attr-defined]
        handled = threading.Thread(
            target=server.signal_handler_interrupt, args=(signal.SIGTERM,), daemon=True
        )
        handled.start()
        handled.join(patience.SECONDS)
        assert not handled.is_alive()
    assert server.main_loop_interrupt.wait(patience.SECONDS)
    assert server.interrupt_signal


def test_told_to_stop_twice_before_it_drains_it_does_not_wait(tmp_path: Path) -> None:
    server = DrainingServer("app:app")
    server.drain_for(300, tmp_path / "draining")
    server.heed_signals()
    server.signal_handler_interrupt(signal.SIGTERM)
    server.signal_handler_interrupt(signal.SIGTERM)
    drained = threading.Thread(target=server._drain, daemon=True)
    drained.start()
    drained.join(patience.SECONDS)
    assert not drained.is_alive()


def test_told_to_stop_as_it_begins_to_reload_it_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    server = DrainingServer("app:app")
    server.heed_signals()

    def tell(_line: str) -> None:
        """Tell it between its look at what it was told and the moment when it clears the event."""
        server.signal_handler_interrupt(signal.SIGTERM)
        assert server.main_loop_interrupt.wait(patience.SECONDS)

    monkeypatch.setattr(common.logger, "info", tell)
    monkeypatch.setattr(MPServer, "_respawn_workers", lambda *_, **__: None)
    server._reload(None, None)
    assert server.main_loop_interrupt.is_set()


def test_a_process_does_what_the_first_signal_says_alone() -> None:
    """Granian's handler, called again, would wait for ever. In a process of its own: here a loop may run."""
    program = """
import asyncio, signal
from granian import loops
from deploy import draining
loop, heard = loops.get("auto"), []
assert isinstance(loop, draining.OnceTold)
for number in (signal.SIGINT, signal.SIGTERM):
    loop.add_signal_handler(number, heard.append, number)
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGTERM):
    signal.raise_signal(number)
    loop.run_until_complete(asyncio.sleep(0))
print(heard == [signal.SIGINT], heard)
"""
    said = subprocess.check_output([sys.executable, "-c", program], cwd=ROOT, text=True)
    assert said.startswith("True"), said
