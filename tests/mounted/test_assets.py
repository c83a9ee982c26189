"""The extension's styles and scripts on the page of a host."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from mfa.web import assets
from tests.support.still import settle

HOST_PAGE = """<!doctype html>
<html lang="en"><head><title>Shop</title></head>
<body>
  <h1>Shop</h1><p>Text with a <a href="#">link</a>.</p><label for="q">Search</label>
  <form id="theirs"><input id="q" type="text"><button class="button" data-copy="#q">Go</button></form>
  <div class="card notice"><ul><li class="js-only">One</li></ul><time data-kind="day">today</time></div>
  <section class="mfa" style="height: 0; overflow: hidden">
    <p><button class="button button--primary">Next</button></p>
  </section>
</body></html>"""
LOOKS = """() => [...document.querySelectorAll("*")]
  .filter((one) => !one.closest(".mfa") && !one.matches("style, script"))
  .map((one) => getComputedStyle(one))
  .map((looks) => [...looks].map((name) => `${name}: ${looks[name]}`).join("; "))"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """The page of a host that knows nothing of the extension but its class."""
    context = browser.new_context()
    page = context.new_page()
    page.set_content(HOST_PAGE)
    yield page
    context.close()


def add_extension(page: Page) -> list[Any]:
    """Add styles and scripts of the extension; return what went wrong."""
    wrong: list[Any] = []
    page.on("pageerror", lambda error: wrong.append(error))  # noqa: PLW0108
    own = assets.own()
    page.add_style_tag(content=own["mfa.css"].decode())
    page.add_script_tag(content=own["mfa.js"].decode(), type="module")
    page.wait_for_selector("html.mfa-js", state="attached")
    return wrong


def test_elements_of_the_host_look_as_before(page: Page) -> None:
    before = page.evaluate(LOOKS)
    add_extension(page)
    settle(page)
    assert page.evaluate(LOOKS) == before
    assert len(before) > 10


def test_scripts_run_without_a_modal(page: Page) -> None:
    assert add_extension(page) == []


def test_scripts_leave_forms_and_times_of_the_host_alone(page: Page) -> None:
    add_extension(page)
    page.evaluate("document.addEventListener('submit', (event) => event.preventDefault())")
    page.click("#theirs button")
    assert page.locator("[aria-busy]").count() == 0
    assert page.locator("time").inner_text() == "today"


@pytest.mark.parametrize(("theme", "hue"), [(".mfa {}", "blue"), (".mfa { --brand: #c00000; }", "red")])
def test_host_sets_the_color(page: Page, theme: str, hue: str) -> None:
    page.add_style_tag(content=theme)
    add_extension(page)
    settle(page)
    color = page.locator(".mfa .button").evaluate(
        """(button) => {
          const canvas = document.createElement("canvas").getContext("2d");
          canvas.fillStyle = getComputedStyle(button).backgroundColor;
          canvas.fillRect(0, 0, 1, 1);
          const [red, , blue] = canvas.getImageData(0, 0, 1, 1).data;
          return red > blue ? "red" : "blue";
        }"""
    )
    assert color == hue
