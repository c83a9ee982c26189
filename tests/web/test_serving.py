"""The server of production, as ``make serve`` starts it: with the settings of the environment."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from console import create_app
from console.accounts.models import Account
from console.extensions import db
from console.mail import messages
from mfa.database import transaction
from mfa.notices import outbox
from tests.conftest import SETTINGS
from tests.support import patience
from tests.support.clock import Clock
from tests.support.person import EMAIL, Person
from tests.support.remote import RemoteClient
from tests.support.smtp import Inbox, free_port
from tests.support.stores import Stores
from tests.support.workers import Workers

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parent.parent.parent
TOKEN = "only for Prometheus, 0123"


class HoldingInbox(Inbox):
    """A mail server that says when a mail has come, and takes it once it may."""

    def __init__(self) -> None:
        super().__init__()
        self.came, self.may_go = threading.Event(), threading.Event()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.came.set()
        await asyncio.to_thread(self.may_go.wait, 30)
        return await super().handle_DATA(server, session, envelope)


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    server = HoldingInbox()
    yield server
    server.may_go.set()
    server.stop()


class Served:
    """``python -m deploy.serve`` on a free port."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.config = {"MAIL_WORKER": "none", **config, "SERVER_NAME": f"127.0.0.1:{self.port}"}
        own = {name: value for name, value in os.environ.items() if not name.startswith("MFA_")}
        settings = {f"MFA_{name}": str(value) for name, value in self.config.items()}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "deploy.serve"],
            cwd=ROOT,
            env={**own, **settings, "PORT": str(self.port), "MFA_WORKERS": "2", "MFA_METRICS_TOKEN": TOKEN},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def stop(self) -> None:
        """End it with all its processes."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()

    def wait_for(self, line: str) -> None:
        """Read what it says until *line* is in it."""
        self.read_until(line)

    def read_until(self, line: str) -> list[str]:
        """Return the lines that it says until *line* is in one."""
        assert self.process.stdout
        said = [""]
        while line not in said[-1]:
            said.append(self.process.stdout.readline())
            assert said[-1], f"it ended without saying {line!r}"
        return said


@pytest.fixture
def served(config: dict[str, Any]) -> Iterator[Served]:
    served = Served(config)
    served.wait_for("Started worker-2")
    yield served
    served.stop()


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory, stores: Stores) -> Iterator[Served]:
    """A server for the tests that do not stop it."""
    folder = tmp_path_factory.mktemp("lasting")
    served = Served({**SETTINGS, **stores.fresh(folder), "INSTANCE_PATH": folder, "MAIL_SERVER": "127.0.0.1"})
    served.wait_for("Started worker-2")
    yield served
    served.stop()


@contextmanager
def stopping(served: Served, inbox: HoldingInbox, clock: Clock) -> Iterator[None]:
    """Stop the server while a sign-up is under way, which is answered at the end."""
    client = RemoteClient(served.url)
    person = Person(create_app(served.config), inbox, clock, client=client)
    person.get("/sign-up")
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(person.post, "/sign-up", {"email": EMAIL})
        assert inbox.came.wait(patience.SECONDS)
        served.process.terminate()
        yield
        inbox.may_go.set()
        assert answer.result().status_code == 200
    client.close()


def test_a_request_under_way_is_answered_when_the_server_is_told_to_stop(
    served: Served, inbox: HoldingInbox, clock: Clock
) -> None:
    with stopping(served, inbox, clock):
        served.wait_for("Stopping worker")
    assert inbox.wait_for("Create your").recipients == [EMAIL]


def test_it_asks_for_memory_in_large_pages(lasting: Served) -> None:
    environment = Path("/proc", str(lasting.process.pid), "environ").read_bytes()
    assert b"GLIBC_TUNABLES=glibc.malloc.hugetlb=1" in environment.split(b"\0")


@pytest.fixture
def drains(config: dict[str, Any]) -> Iterator[Served]:
    """A server that drains for longer than any test takes."""
    served = Served({**config, "DRAIN_SECONDS": 300})
    served.wait_for("Started worker-2")
    yield served
    served.stop()


def wait_until_draining(served: Served) -> None:
    end = time.monotonic() + patience.SECONDS
    while (answer := httpx.get(f"{served.url}/readyz")).status_code == 200 and time.monotonic() < end:
        pass
    assert (answer.status_code, answer.json()) == (503, {"ready": False, "reason": "draining"})


def test_told_to_stop_it_is_not_ready_and_serves_on_until_it_is_told_again(drains: Served) -> None:
    drains.process.terminate()
    wait_until_draining(drains)
    assert httpx.get(f"{drains.url}/sign-in").status_code == 200
    drains.process.terminate()
    assert drains.process.wait(timeout=patience.SECONDS) == 0


def test_stopped_from_the_keyboard_it_does_not_drain(drains: Served) -> None:
    drains.process.send_signal(signal.SIGINT)
    assert drains.process.wait(timeout=patience.SECONDS) == 0


def test_told_to_stop_while_it_loads_it_ends_by_itself_and_leaves_no_folder(tmp_path: Path) -> None:
    """As the first process of a container has to: Linux does not end it."""
    (tmp_path / "slow.py").write_text("import signal; print('loading', flush=True); signal.pause()")
    program = "from deploy import serve; serve.serve('slow:app', host='127.0.0.1', port=1)"
    own = {**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}", "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", program], env=own, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"loading\n"
        process.terminate()
        assert process.wait(patience.SECONDS) == 0
    assert not list(tmp_path.glob("twostep-metrics-*"))


def test_told_to_stop_while_its_processes_load_it_kills_none(config: dict[str, Any]) -> None:
    served = Served({**config, "DRAIN_SECONDS": 300})
    try:
        served.wait_for("Listening at")
        served.process.send_signal(signal.SIGINT)
        assert served.process.stdout
        said = served.process.stdout.read()
    finally:
        served.stop()
    assert "Stopped worker-2" in said
    assert "Killing worker" not in said


def test_the_port_is_closed_while_a_request_under_way_is_answered(
    served: Served, inbox: HoldingInbox, clock: Clock
) -> None:
    end = time.monotonic() + patience.SECONDS
    with stopping(served, inbox, clock), pytest.raises(httpx.ConnectError):
        while time.monotonic() < end:
            httpx.get(f"{served.url}/healthz")


def write_notification(config: dict[str, Any]) -> None:
    """One that is due, by the clock of the machine."""
    app = create_app({**config, "MAIL_WORKER": "none"})
    with app.app_context():
        with transaction():
            account = Account(email=EMAIL, name="Mina")
            outbox.post(messages.two_step_on, account, datetime(2020, 1, 1, tzinfo=UTC))
        db.engine.dispose()


def left_waiting(config: dict[str, Any]) -> int:
    app = create_app({**config, "MAIL_WORKER": "none"})
    with app.app_context():
        count = outbox.waiting()
        db.session.remove()
        db.engine.dispose()
    return count


@pytest.fixture
def mail_worker(config: dict[str, Any]) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts ``flask mail deliver --forever``."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("MFA_")}
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", "flask", "--app", "app", "mail", "deliver", "--forever"],
                cwd=ROOT,
                env={**own, **{f"MFA_{name}": str(value) for name, value in config.items()}},
                text=True,
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def ends_after_the_mail(process: subprocess.Popen[str], inbox: HoldingInbox) -> None:
    """*process* is told to stop while a mail is under way, and ends well, not before that has left."""
    assert inbox.came.wait(patience.SECONDS)
    process.terminate()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=1)
    inbox.may_go.set()
    assert process.wait(timeout=patience.SECONDS) == 0
    assert [letter.recipients for letter in inbox.take_all()] == [[EMAIL]]


def test_a_notification_under_way_leaves_once_when_the_server_is_told_to_stop(
    config: dict[str, Any], inbox: HoldingInbox
) -> None:
    write_notification(config)
    served = Served({**config, "MAIL_WORKER": "thread"})
    try:
        served.wait_for("Started worker-2")
        httpx.get(f"{served.url}/sign-in")
        ends_after_the_mail(served.process, inbox)
    finally:
        served.stop()
    assert left_waiting(config) == 0


def test_a_notification_under_way_leaves_once_when_the_mail_worker_is_told_to_stop(
    config: dict[str, Any], inbox: HoldingInbox, mail_worker: Callable[[], subprocess.Popen[str]]
) -> None:
    write_notification(config)
    ends_after_the_mail(mail_worker(), inbox)
    assert left_waiting(config) == 0


def test_the_mail_worker_that_is_told_to_stop_leaves_the_mails_that_it_has_not_begun(
    config: dict[str, Any], inbox: HoldingInbox, mail_worker: Callable[[], subprocess.Popen[str]]
) -> None:
    for _ in range(3):
        write_notification(config)
    ends_after_the_mail(mail_worker(), inbox)
    assert left_waiting(config) == 2


def test_told_to_stop_it_ends_well(served: Served) -> None:
    served.process.terminate()
    assert served.process.wait(timeout=patience.SECONDS) == 0


def test_a_process_that_is_told_to_stop_hears_it_in_whichever_thread_that_comes(
    config: dict[str, Any],
) -> None:
    server = Workers(config["INSTANCE_PATH"], config, processes=1)
    server.start()
    try:
        answer = httpx.get(f"{server.url}/sign-in", headers={"X-Take-Signal": str(int(signal.SIGTERM))})
        server.wait_for("Stopping worker-1")
    finally:
        server.stop()
    assert answer.status_code == 200


def test_metrics_are_those_of_all_processes_whichever_answers(lasting: Served) -> None:
    for _ in range(12):
        httpx.get(f"{lasting.url}/sign-in")
    counts = set()
    for _ in range(8):
        text = httpx.get(f"{lasting.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
        found = re.search(r'request_seconds_count\{route="accounts.sign_in",status="2xx"\} (\S+)', text)
        assert found
        counts.add(float(found[1]))
    assert counts == {12.0}


def test_what_waits_in_the_outbox_is_said_once_and_as_it_is_now(lasting: Served) -> None:
    def shown() -> list[str]:
        text = httpx.get(f"{lasting.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
        return re.findall(r"^twostep_mail_waiting.*", text, re.MULTILINE)

    write_notification(lasting.config)
    assert {tuple(shown()) for _ in range(8)} == {("twostep_mail_waiting 1.0",)}
    write_notification(lasting.config)
    assert {tuple(shown()) for _ in range(8)} == {("twostep_mail_waiting 2.0",)}


def test_a_setting_that_can_not_work_is_said_once(tmp_path: Path) -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith("MFA_")}
    stopped = subprocess.run(
        [sys.executable, "-m", "deploy.serve"],
        cwd=ROOT,
        env={**own, "MFA_INSTANCE_PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert stopped.returncode == 3
    assert stopped.stderr.count("MFA_SECRET_KEY is not set") == 1
    assert stopped.stderr.count("\n") == 1
