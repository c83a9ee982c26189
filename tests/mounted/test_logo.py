"""A host's logo, on the pages that stand in no layout of the host."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page

from mfa import SetUpWrong
from mfa.logo import MAX_BYTES
from tests.mounted.hosts import PASSWORD, Shop, shops
from tests.support.logos import LOGOS, WITH_SCRIPT, icon
from tests.support.smtp import free_port

VERIFY = "/account/two-step/verify"


@pytest.fixture
def make_shop(tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    yield from shops(tmp_path)


def page(shop: Shop) -> str:
    """Return the page that asks for the code."""
    shop.protect(shop.add())
    visitor = shop.visitor()
    visitor.type_password()
    return visitor.get(VERIFY).text


@pytest.mark.parametrize("kind", LOGOS)
def test_logo_is_served_to_everybody_as_what_it_is(
    make_shop: Callable[..., Shop], logo: Callable[[str], Path], kind: str
) -> None:
    shop = make_shop(settings={"MFA_LOGO": str(logo(kind))})
    url = icon(page(shop))
    assert re.fullmatch(rf"/account/two-step/assets/logo\.[0-9a-f]{{12}}\.{kind}", url)
    answer = shop.visitor().get(url)
    assert (answer.mimetype, answer.data) == (LOGOS[kind][1], LOGOS[kind][0])
    assert "immutable" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers


def test_logo_stands_beside_the_name(make_shop: Callable[..., Shop], logo: Callable[[str], Path]) -> None:
    text = page(make_shop(settings={"MFA_LOGO": logo("svg")}))
    head = re.search(r"<header.*?</header>", text, re.DOTALL)
    assert head
    assert f'<img class="standalone__logo" src="{icon(text)}" alt="">\n    Shop\n' in head[0]


def test_without_a_logo_the_name_stands_alone(make_shop: Callable[..., Shop]) -> None:
    text = page(make_shop())
    assert "Shop\n" in text
    assert "<img" not in text
    assert 'rel="icon"' not in text


def test_page_in_a_layout_of_the_host_has_the_hosts_look_alone(
    make_shop: Callable[..., Shop], logo: Callable[[str], Path]
) -> None:
    shop = make_shop(
        settings={"MFA_LOGO": str(logo("svg"))}, given={"layout": "base.html", "layout_block": None}
    )
    folder = shop.folder / "templates"
    folder.mkdir()
    (folder / "base.html").write_text("<h1>Shop</h1>{{ content }}")
    shop.app.root_path = str(shop.folder)
    text = page(shop)
    assert text.startswith("<h1>Shop</h1>")
    assert "logo" not in text


def test_path_is_that_below_the_application(make_shop: Callable[..., Shop]) -> None:
    def move(shop: Shop) -> None:
        shop.app.root_path = str(shop.folder)
        (shop.folder / "company.png").write_bytes(LOGOS["png"][0])

    assert icon(page(make_shop(settings={"MFA_LOGO": "company.png"}, before_mounting=move))).endswith(".png")


@pytest.mark.parametrize(
    "content",
    [None, b"", b"GIF89a", LOGOS["png"][0].ljust(MAX_BYTES + 1, b"\0")],
    ids=["none", "empty", "another kind", "too large"],
)
def test_logo_that_can_not_be_one_stops_the_mounting(
    make_shop: Callable[..., Shop], tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "company.svg"
    if content is not None:
        path.write_bytes(content)
    must = r"^MFA_LOGO must be the path of an SVG, PNG or WebP file of at most 64 KB\.$"
    with pytest.raises(SetUpWrong, match=must):
        make_shop(settings={"MFA_LOGO": str(path)})


def test_two_hosts_have_their_own_logos(make_shop: Callable[..., Shop], logo: Callable[[str], Path]) -> None:
    bakery, bank = (make_shop(settings={"MFA_LOGO": str(logo(kind))}) for kind in ("svg", "png"))
    urls = [icon(page(shop)) for shop in (bakery, bank)]
    assert [url.rpartition(".")[2] for url in urls] == ["svg", "png"]
    assert bank.visitor().get(urls[0]).status_code == 404


# In a browser


@pytest.fixture
def app(make_shop: Callable[..., Shop], tmp_path: Path) -> Flask:
    path = tmp_path / "company.svg"
    path.write_bytes(WITH_SCRIPT)
    shop = make_shop(settings={"MFA_LOGO": str(path), "SERVER_NAME": f"127.0.0.1:{free_port()}"})
    shop.protect(shop.add())
    return shop.app


@pytest.fixture
def verify_page(open_browser: Callable[..., BrowserContext]) -> Page:
    """The page that asks for the code, in a browser."""
    context = open_browser()
    context.request.post("/login", form={"email": "mina@example.com", "password": PASSWORD})
    page = context.new_page()
    page.goto(VERIFY)
    return page


@pytest.mark.looks
def test_logo_is_seen_in_its_own_shape(verify_page: Page) -> None:
    shown = verify_page.locator(".standalone__head img").bounding_box()
    assert shown
    assert shown["width"] == pytest.approx(4 * shown["height"])


@pytest.mark.looks
def test_script_in_the_logo_does_not_run_where_it_is_opened(verify_page: Page, browser: Browser) -> None:
    ran: list[str] = []
    alone = browser.new_page()
    alone.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    alone.goto(verify_page.evaluate("document.querySelector('.standalone__head img').src"))
    assert alone.locator("rect").count() == 1
    alone.close()
    assert ran == []
