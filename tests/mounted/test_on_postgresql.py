"""A host on PostgreSQL, served by two processes, where the extension has a session of its own."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from sqlalchemy import URL, create_engine, func, select, text

from mfa import clock, pool, schema
from mfa.factors.models import RecoveryCode, SecondStep
from tests.mounted.hosts import SETTINGS, Protected, Shop
from tests.support import patience
from tests.support.crowd import AT_ONCE, at_once, copies
from tests.support.person import Person, Response, entered
from tests.support.postgresql import address
from tests.support.product import host
from tests.support.remote import RemoteClient, RemoteResponse
from tests.support.smtp import Inbox
from tests.support.stores import Servers, Stores
from tests.support.workers import SturdyWorkers

pytestmark = pytest.mark.servers
UPGRADED = "The tables of two-step are those of this version.\n"
ROUNDS = 2


class HostWorkers(SturdyWorkers):
    entry = "tests.mounted.served:app"
    first_page = "/login"


@dataclass
class Site:
    """The two processes, and a twin of the host in this one that makes its people.

    :param upgrades: what ``flask two-step db upgrade`` said, run twice.
    """

    workers: HostWorkers
    shop: Shop
    upgrades: list[str]
    clients: list[RemoteClient] = field(default_factory=list)
    people: int = 0

    def add(self) -> tuple[int, str]:
        """Add a user; return the id and the address."""
        self.people += 1
        email = f"mina{self.people}@example.com"
        return self.shop.add(email), email

    def client(self) -> RemoteClient:
        self.clients.append(RemoteClient(self.workers.url))
        return self.clients[-1]


@pytest.fixture(scope="session")
def stores(servers: Servers) -> Stores:
    return servers


@pytest.fixture(scope="module")
def database(stores: Stores) -> Iterator[URL]:
    assert isinstance(stores, Servers)
    url = stores.postgresql.create()
    yield url
    stores.postgresql.drop(url)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, database: URL) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("shop")
    workers = HostWorkers(folder, {**SETTINGS, "SQLALCHEMY_DATABASE_URI": address(database)})
    shop = Shop(folder, settings=workers.settings, is_upgraded=False)
    upgrades = []
    for _ in range(2):
        result = shop.app.test_cli_runner().invoke(args=["two-step", "db", "upgrade"])
        assert result.exit_code == 0, result.output
        upgrades.append(result.output)
    workers.start()
    yield Site(workers, shop, upgrades)
    workers.stop(signal.SIGINT)
    with shop.app.app_context():
        shop.db.session.remove()
        shop.db.engine.dispose()
    pool.dispose(shop.app)


@pytest.fixture
def site(house: Site) -> Iterator[Site]:
    clock.install(house.workers.clock)
    yield house
    while house.clients:
        house.clients.pop().close()


@pytest.fixture
def make_caller(site: Site, inbox: Inbox) -> Callable[..., Person]:
    """People, each with a browser and a network of their own."""

    def make(**options: object) -> Person:
        return Person(
            site.shop.app,
            inbox,
            site.workers.clock,
            client=site.client(),
            product=host("Shop"),
            **{"htmx": False, **options},  # type: ignore[arg-type]
        )

    return make


@pytest.fixture
def protect(site: Site, make_caller: Callable[..., Person]) -> Callable[[int, str], Person]:
    """Turn a user's 2-step verification on; return somebody who holds the phone and is not signed in."""

    def make(user_id: int, email: str) -> Person:
        held: Protected = site.shop.protect(user_id)
        made = make_caller(email=email)
        made.app_on_phone, made.recovery_codes = held.phone, held.recovery_codes
        return made

    return make


def workers_of(answers: list[Response]) -> set[str]:
    return {answer.worker for answer in answers if isinstance(answer, RemoteResponse)}


def failed(answers: list[Response]) -> list[str]:
    return [answer.text for answer in answers if answer.status_code >= 500]


def deadlocks(site: Site) -> int:
    """Return how many PostgreSQL has found in this database."""
    asked = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    with site.shop.app.app_context(), site.shop.db.engine.connect() as connection:
        return int(connection.scalar(asked) or 0)


def left(site: Site, user_id: int) -> tuple[int, int]:
    """Return how many second steps and recovery codes a user has."""
    asked = [
        select(func.count()).where(table.person_id == str(user_id)) for table in (SecondStep, RecoveryCode)
    ]
    with site.shop.app.app_context(), site.shop.db.engine.connect() as connection:
        second_steps, codes = (connection.scalar(one) or 0 for one in asked)
    return second_steps, codes


def test_upgrade_makes_the_tables_once(site: Site) -> None:
    first, second = site.upgrades
    assert first.endswith(UPGRADED)
    assert len(first.splitlines()) > 1
    assert second == UPGRADED


def test_upgrade_waits_for_another_one(stores: Stores) -> None:
    assert isinstance(stores, Servers)
    url = stores.postgresql.create()
    engine = create_engine(url)
    steps: list[object] = []

    def upgrade() -> None:
        with engine.begin() as connection:
            schema.upgrade(connection, steps.append)

    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    with ThreadPoolExecutor(1) as executor:
        with engine.begin() as first, engine.connect() as watching:
            schema.upgrade(first)
            second = executor.submit(upgrade)
            watching.execution_options(isolation_level="AUTOCOMMIT")
            while not watching.scalar(waiting):
                assert not second.done()
        second.result(patience.SECONDS)
    assert steps == []
    engine.dispose()
    stores.postgresql.drop(url)


def test_race_of_one_code_in_one_challenge_has_one_winner(
    site: Site, make_caller: Callable[..., Person], protect: Callable[[int, str], Person]
) -> None:
    person = protect(*site.add())
    person.sign_in()
    people = copies(person, make_caller, AT_ONCE)
    code = person.code()
    answers = at_once(lambda number: people[number].verify(code), AT_ONCE)
    assert failed(answers) == []
    assert sum(map(entered, answers)) == sum(one.is_signed_in() for one in people) == 1
    assert len(workers_of(answers)) == 2


def test_race_of_one_code_in_several_challenges_has_one_winner(
    site: Site, make_caller: Callable[..., Person], protect: Callable[[int, str], Person]
) -> None:
    person = protect(*site.add())
    people = [make_caller(email=person.email) for _ in range(5)]
    for one in people:
        one.sign_in()
    code = person.code()
    answers = at_once(lambda number: people[number].verify(code), len(people))
    assert failed(answers) == []
    assert sum(map(entered, answers)) == sum(one.is_signed_in() for one in people) == 1


@pytest.mark.parametrize(
    "kinds",
    [
        ("verify", "complete"),
        ("verify", "change"),
        ("verify", "reset"),
        ("complete", "change"),
        ("complete", "reset"),
        ("change", "reset"),
        ("verify", "complete", "change", "reset"),
        ("verify", "forget"),
        ("complete", "forget"),
        ("change", "reset", "forget"),
    ],
    ids=" and ".join,
)
def test_changes_of_one_person_at_once_wait_in_one_order(
    site: Site,
    make_caller: Callable[..., Person],
    protect: Callable[[int, str], Person],
    kinds: tuple[str, ...],
) -> None:
    """A deadlock that PostgreSQL can't see, as one thread waits in two connections, is a time-out here."""
    before = deadlocks(site)
    user_id, email = site.add()
    for _ in range(ROUNDS):
        owner, others = protect(user_id, email), [make_caller(email=email) for _ in range(3)]
        for one in others:
            one.sign_in()
        owner.sign_in()
        assert entered(owner.verify(owner.next_code()))
        old = owner.app_on_phone
        assert old
        owner.begin_move().scan().enter_code()
        site.workers.clock.advance(seconds=30)
        code = old.code(site.workers.clock.seconds)

        def act(who: Person, kind: str, user_id: int = user_id, code: str = code) -> Callable[[], Response]:
            acts: dict[str, Callable[[], Response]] = {
                "verify": lambda: who.verify(code),
                "complete": who.complete,
            }
            return acts.get(kind, lambda: who.client.post(f"/people/{user_id}/{kind}"))

        staff = ("change", "reset", "forget")
        crowd = {
            "verify": [act(one, "verify") for one in others],
            "complete": [act(one, "complete") for one in copies(owner, make_caller, 3)],
            **{kind: [act(make_caller(), f"{kind}{how}") for how in ("", "?shared") * 2] for kind in staff},
        }
        acts = [one for kind in kinds for one in crowd[kind]]
        answers = at_once(lambda number, acts=acts: acts[number](), len(acts))
        assert failed(answers) == []
        assert sum("Your new phone is set up." in answer.text for answer in answers) <= 1
        assert sum(map(entered, answers)) <= 1
        assert left(site, user_id) == ((0, 0) if {"reset", "forget"} & {*kinds} else (1, 10))
        assert make_caller().client.post(f"/people/{user_id}/reset").status_code == 200
    assert deadlocks(site) == before
