"""The page about speed is made from what was measured: here a moment of the floors alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import report, stages
from bench.contenders import Contender
from bench.stages import Effort
from tests.support.smtp import Inbox

pytestmark = pytest.mark.process

MOMENT = Effort(rounds=1, seconds=1, people=1, accounts=(1, 1), soak=0)


def test_the_page_holds_what_the_floors_answered(tmp_path: Path, inbox: Inbox) -> None:
    floors = [Contender("floor", "floors", "bench.served.floor")]
    with stages.served(floors, tmp_path, MOMENT, inbox) as servers:
        pages = stages.pages(servers, MOMENT, inbox, clients=(8,))
    assert all(by_clients["8"]["rate"] > 0 for by_clients in pages.values())
    assert all(by_clients["8"]["errors"] == 0 for by_clients in pages.values())
    page = report.page({"load": {"pages": pages}})
    assert f"| bare Flask | {pages['bare Flask']['8']['rate']:,.0f}/s" in page
    assert f"| Flask + SELECT + fragment | {pages['Flask + SELECT + fragment']['8']['rate']:,.0f}/s" in page
