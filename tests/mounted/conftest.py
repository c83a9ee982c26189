"""Hosts, and the people in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.mounted.shop import SHOP, Shop
from tests.support.clock import Clock
from tests.support.database import hang_up
from tests.support.person import Person
from tests.support.smtp import Inbox


@pytest.fixture
def make_shop(tmp_path: Path, inbox: Inbox) -> Iterator[Callable[..., Shop]]:
    made: list[Shop] = []

    def make(**options: Any) -> Shop:
        made.append(Shop(tmp_path, inbox, **options))
        return made[-1]

    yield make
    for shop in made:
        shop.stop()
    hang_up()


@pytest.fixture
def make_customer(inbox: Inbox, clock: Clock) -> Callable[..., Person]:
    """Mina, in a browser of her own; htmx is what the pages of the extension bring."""

    def make(shop: Shop, **options: Any) -> Person:
        return Person(shop.app, inbox, clock, product=SHOP, **{"htmx": False, **options})

    return make
