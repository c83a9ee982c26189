"""A company's own look by settings alone: name, color and logo."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from console import create_app
from console.mail import messages
from mfa import colors, logo as logos
from tests.support.logos import LOGOS, icon
from tests.support.pages import static_files
from tests.support.person import Person

ROOT = Path(__file__).resolve().parent.parent.parent
HOSTILE = ["#ffff00", "#ffffff", "#000000", "#ff0000", "#00ff88", "#767676", "#777777"]


@pytest.fixture
def branded(config: dict[str, Any]) -> Callable[..., Flask]:
    """Makes applications that look as the settings say."""

    def make(**changes: Any) -> Flask:
        return create_app({**config, "MAIL_WORKER": "none", **changes})

    return make


def sign_in_page(app: Flask) -> str:
    return app.test_client().get("/sign-in").text


# Color


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#ffffff", "#000000", 21),
        ("#ffffff", "#ffffff", 1),
        ("#767676", "#ffffff", 4.54),
        ("#ff0000", "#000000", 5.25),
    ],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert colors.contrast(one, other) == pytest.approx(ratio, abs=0.01)
    assert colors.contrast(other, one) == colors.contrast(one, other)


@pytest.mark.parametrize("color", HOSTILE)
def test_the_text_on_a_color_is_read(color: str) -> None:
    assert colors.contrast(colors.text_on(color), color) >= 4.5


@pytest.mark.parametrize("color", HOSTILE)
def test_the_edge_of_a_button_is_seen_on_white(color: str) -> None:
    assert colors.contrast(colors.edge_of(color), "#ffffff") >= 3


def test_the_accent_is_in_the_stylesheet(branded: Callable[..., Flask]) -> None:
    app = branded(ACCENT_COLOR="#00ff88")
    assert ".mfa { --brand: #00ff88; }" in app.test_client().get(static_files(sign_in_page(app))[0]).text


def test_the_icon_takes_the_accent_and_asks_for_nothing(branded: Callable[..., Flask]) -> None:
    drawn = icon(sign_in_page(branded(ACCENT_COLOR="#00ff88")))
    assert drawn.startswith("data:image/svg+xml,<svg ")
    assert 'fill="#00ff88"' in drawn
    assert 'stroke="#000000"' in drawn


@pytest.mark.parametrize("color", HOSTILE)
def test_the_button_of_a_mail_takes_the_accent_and_is_read(branded: Callable[..., Flask], color: str) -> None:
    app = branded(ACCENT_COLOR=color)
    with app.test_request_context():
        html = messages.sign_up("mina@example.com", token="token").html
    assert f"background:{color};color:{colors.text_on(color)};" in html
    assert f"border:1px solid {colors.edge_of(color)};" in html


def test_no_other_template_of_a_mail_holds_a_color_of_its_own(app: Flask) -> None:
    folders = (ROOT / "templates/mail", ROOT / "mfa/templates/mfa/mail")
    assert [
        path.name
        for folder in folders
        for path in folder.glob("*.html")
        if re.search("#[0-9a-f]{6}", path.read_text())
    ] == []


# Logo


@pytest.mark.parametrize("kind", LOGOS)
def test_a_logo_is_served_as_what_it_is(
    branded: Callable[..., Flask], logo: Callable[[str], Path], kind: str
) -> None:
    app = branded(LOGO=str(logo(kind)))
    url = next(url for url in static_files(sign_in_page(app)) if "/logo." in url)
    response = app.test_client().get(url)
    assert re.fullmatch(rf"/static/logo\.[0-9a-f]{{12}}\.{kind}", url)
    assert (response.mimetype, response.data) == (LOGOS[kind][1], LOGOS[kind][0])
    assert "immutable" in response.headers["Cache-Control"]


def test_a_logo_is_what_it_holds_and_not_what_it_is_called(
    branded: Callable[..., Flask], tmp_path: Path
) -> None:
    (tmp_path / "logo.gif").write_bytes(LOGOS["png"][0])
    assert re.search(r"/static/logo\.\w+\.png", sign_in_page(branded(LOGO=str(tmp_path / "logo.gif"))))


def test_a_script_in_a_logo_has_no_way_to_run(
    branded: Callable[..., Flask], logo: Callable[[str], Path]
) -> None:
    """Opened by itself it would be a document of this site."""
    app = branded(LOGO=str(logo("svg")))
    url = next(url for url in static_files(sign_in_page(app)) if "/logo." in url)
    policy = app.test_client().get(url).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_a_logo_stands_in_the_place_of_the_shield_and_of_the_icon(
    branded: Callable[..., Flask], logo: Callable[[str], Path]
) -> None:
    page = sign_in_page(branded(LOGO=str(logo("svg"))))
    assert icon(page).startswith("/static/logo.")
    assert f'<img class="brand__logo" src="{icon(page)}" alt="">' in page
    assert 'class="brand__mark"' not in page


def test_without_a_logo_there_is_the_shield(person: Person) -> None:
    page = person.get("/sign-in", headers={"HX-Request": ""}).text
    assert 'class="brand__mark"' in page
    assert "<img" not in page


def test_a_color_and_a_logo_may_come_from_the_environment(
    branded: Callable[..., Flask], logo: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MFA_ACCENT_COLOR", "#123456")
    monkeypatch.setenv("MFA_LOGO", str(logo("png")))
    page = sign_in_page(branded())
    assert icon(page).startswith("/static/logo.")


def test_a_logo_that_is_too_large_stops_the_start(branded: Callable[..., Flask], tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(LOGOS["png"][0].ljust(logos.MAX_BYTES, b"\0"))
    branded(LOGO=str(path))
    path.write_bytes(LOGOS["png"][0].ljust(logos.MAX_BYTES + 1, b"\0"))
    with pytest.raises(ValueError, match=r"^MFA_LOGO must be the path of .* at most 64 KB\.$"):
        branded(LOGO=str(path))
