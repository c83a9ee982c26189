"""Many sign in at once: those who find no place are told so, and pages are served meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from tests.attacks.conftest import Site
from tests.support.person import PASSWORD, Person, entered
from tests.support.remote import RemoteResponse
from tests.support.workers import PROCESSES, THREADS

MANY = 40
HELD = PROCESSES * (THREADS - 1)
"""Those that hash or wait: of each process one thread is left."""


@pytest.fixture(scope="module")
def site(start_site: Callable[..., Site]) -> Site:
    return start_site(HASHES_AT_ONCE=None)


def test_pages_are_served_while_the_line_is_full(site: Site, tmp_path: Path) -> None:
    owner, reader = site.person().sign_up(), site.person().sign_up()
    owner.sign_out()
    crowd = [site.person(email=f"nobody{number}@example.com") for number in range(MANY)]
    for person in [*crowd, owner]:
        person.get("/sign-in")
    slow = tmp_path / "hashes take as long as this is there"
    slow.touch()
    with ThreadPoolExecutor(MANY) as pool:
        answers = [pool.submit(sign_in, person, slow) for person in crowd]
        try:
            sent_away = [answer.result() for answer in islice(as_completed(answers), MANY - HELD)]
            assert {answer.status_code for answer in sent_away} == {503}
            for _ in range(20):
                assert reader.get("/readyz").status_code == 200
                assert reader.get("/account/two-step").status_code == 200
            known: Future[Any] = pool.submit(sign_in, owner, slow)
        finally:
            slow.unlink()
        held = [answer.result() for answer in answers if answer.result() not in sent_away]
        # In a process of the few it is let in; where many wait it takes the place of one who is not known.
        assert entered(known.result())
    assert {answer.status_code for answer in held} <= {422, 503}
    assert 422 in {answer.status_code for answer in held}
    assert crowd[0].sign_in(crowd[0].email).status_code == 422


def sign_in(person: Person, slow: Path) -> RemoteResponse:
    fields = {"email": person.email, "password": PASSWORD}
    answer: Any = person.post("/sign-in", fields, headers={"X-Hash-While": str(slow)})
    return answer
