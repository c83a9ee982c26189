"""A company's logo, as the browser shows it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

from tests.support.logos import WITH_SCRIPT

pytestmark = pytest.mark.looks


@pytest.fixture
def config(config: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "company.svg").write_bytes(WITH_SCRIPT)
    return {**config, "LOGO": str(tmp_path / "company.svg")}


def test_the_logo_stands_beside_the_name_in_its_own_shape(
    open_browser: Callable[..., BrowserContext],
) -> None:
    page = open_browser().new_page()
    page.goto("/sign-in")
    shown = page.locator(".brand img").bounding_box()
    assert shown
    assert shown["width"] == pytest.approx(4 * shown["height"])


def test_a_script_in_the_logo_does_not_run_even_where_the_logo_is_opened(
    open_browser: Callable[..., BrowserContext],
) -> None:
    page = open_browser().new_page()
    page.goto("/sign-in")
    ran: list[str] = []
    alone = page.context.browser.new_page()
    alone.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    alone.goto(page.evaluate("document.querySelector('.brand img').src"))
    assert alone.locator("rect").count() == 1
    alone.close()
    assert ran == []
