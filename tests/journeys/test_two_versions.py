"""Servers of two versions behind one balancer, while one replaces the other."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Response
from werkzeug.serving import make_server

from console import create_app
from console.extensions import db
from console.web import assets
from tests.support.expecting import expect

pytestmark = pytest.mark.looks

STATIC = Path(__file__).resolve().parent.parent.parent / "static"


@pytest.fixture
def versions(
    config: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[Flask]]:
    """This version, and one with another stylesheet and another script, on the same database."""
    config = {**config, "MAIL_WORKER": "none"}
    changed = tmp_path / "static"
    copytree(STATIC, changed)
    for name in ("css/page.css", "js/follow.js"):
        with (changed / name).open("a") as source:
            source.write("\n/* changed */\n")
    real = assets.serve
    ours = create_app(config)
    monkeypatch.setattr(assets, "serve", lambda app, _folder, **how: real(app, changed, **how))
    yield [ours, create_app(config)]
    for app in [ours]:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def two_versions(versions: list[Flask], config: dict[str, Any]) -> Iterator[str]:
    """Hand each request to the other version than the one before it."""
    turns = itertools.cycle(versions)

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return next(turns).wsgi_app(environ, start_response)

    host, _, port = config["SERVER_NAME"].partition(":")
    server = make_server(host, int(port), serve, threaded=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://{host}:{port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_every_page_has_its_style_and_script_whichever_server_answers(
    browser: Browser, two_versions: str
) -> None:
    context = browser.new_context(base_url=two_versions)
    page = context.new_page()
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108
    for _ in range(3):
        page.goto("/sign-in")
        expect(page.locator("html.mfa-js")).to_be_attached()
    files = [answer for answer in answers if "/static/" in answer.url]
    assert {answer.status for answer in files} == {200}
    kept = {"no-store" in answer.headers["cache-control"] for answer in files}
    assert kept == {True, False}
    context.close()
