"""What stands around the extension's partials in a host: its own page, or one of ours."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Blueprint, Flask, Response
from flask.testing import FlaskClient
from jinja2 import DictLoader

from mfa import SetUpWrong
from mfa.crypto.keys import KeyRing
from mfa.web import assets, hx
from mfa.web.host import Host

BASE = """<!doctype html><html><head><title>{% block title %}Shop{% endblock %} - {{ shop }}</title></head>
<body>{% block main %}{% endblock %}<p>{{ partial }}{{ tab }}{{ heading }}</p></body></html>"""
OWN = "<html><title>{{ title }}</title><b>{{ tab }}</b>{{ content }}{{ heading }}</html>"
MARK = '<section id="mfa-page" class="account frame__page" data-mfa-page'
Make = Callable[..., FlaskClient]


@pytest.fixture
def make() -> Make:
    """Applications with a page of each kind at ``/account``, ``/sign_in`` and ``/sheet``."""

    def _make(texts: dict[str, str] | None = None, **options: Any) -> FlaskClient:
        app = Flask("host")
        app.config["SECRET_KEY"] = "a host's own key"
        app.jinja_loader = DictLoader(texts or {})
        app.context_processor(lambda: {"shop": "Flowers"})
        ring = KeyRing([b"0123456789abcdef" * 2])
        Host(product="Shop", ring=ring, posted_cookie="posted", **options).take_in(app)
        two_step = Blueprint("two_step", __name__, url_prefix="/two-step")
        two_step.register_blueprint(assets.blueprint)
        app.register_blueprint(two_step)

        @app.get("/<kind>")
        def page(kind: str) -> Response:
            values = {"heading": "Ended <now>", "sentence": "It is over.", "way_url": "/"}
            return hx.render("mfa/_ended.html", kind, title="A & B", tab="two-step", **values)

        return app.test_client()

    return _make


def test_layout_of_the_host_prints_the_content(make: Make) -> None:
    page = make({"own.html": OWN}, layouts={"account": "own.html"}).get("/account").text
    assert page.startswith("<html><title>A &amp; B</title><b>two-step</b>\n<div data-tab")
    assert "Ended &lt;now&gt;</h3>" in page
    assert page.endswith("</div></html>")  # the partial's values are not the layout's


def test_block_of_the_host_takes_the_content(make: Make) -> None:
    client = make({"base.html": BASE}, layouts={"account": "base.html"}, block="main")
    page = client.get("/account").text
    assert page.startswith("<!doctype html><html><head><title>A &amp; B - Flowers</title></head>")
    assert page.endswith("<p></p></body></html>")
    assert MARK in page
    assert "Ended &lt;now&gt;</h3>" in page


def test_block_is_found_in_a_host_of_other_delimiters(make: Make) -> None:
    base = BASE.replace("{%", "<%").replace("%}", "%>").replace("{{", "[[").replace("}}", "]]")
    client = make({"base.html": base}, layouts={"account": "base.html"}, block="main")
    env = client.application.jinja_env
    env.block_start_string, env.block_end_string = "<%", "%>"
    env.variable_start_string, env.variable_end_string = "[[", "]]"
    assert MARK in client.get("/account").text


MISSING = {
    "": "{% block body %}{% endblock %}",
    "in a layout of the layout": "{% extends 'base.html' %}{% block body %}{% endblock %}",
    "in a block that is replaced": "{% extends 'outer.html' %}{% block outer %}mine{% endblock %}",
    "under a condition": "{% if shop != 'Flowers' %}{% block main %}{% endblock %}{% endif %}",
}


@pytest.mark.parametrize("layout", MISSING)
def test_block_that_is_not_printed_is_named(make: Make, layout: str) -> None:
    outer = "{% block outer %}{% block main %}{% endblock %}{% endblock %}"
    texts = {"base.html": BASE, "outer.html": outer, "own.html": MISSING[layout]}
    block = "content" if layout == "in a layout of the layout" else "main"
    client = make(texts, layouts={"account": "own.html"}, block=block)
    client.application.testing = True
    with pytest.raises(SetUpWrong, match=f"^The layout 'own.html' prints no block '{block}': "):
        client.get("/account")


def test_page_in_a_block_leaves_nothing_to_an_htmx_of_the_host(make: Make) -> None:
    page = make({"base.html": BASE}, layouts={"account": "base.html"}, block="main").get("/account").text
    root = re.findall('<div class="mfa frame[^>]*>', page, re.DOTALL)[0]
    assert {"data-hx-disable", "data-hx-ignore", 'data-hx-history="false"'} <= set(root[:-1].split())
    assert "htmx.min" not in page


@pytest.mark.parametrize("kind", ["account", "sign_in", "sheet"])
def test_host_without_a_layout_has_a_page_of_ours(make: Make, kind: str) -> None:
    client = make()
    page = client.get(f"/{kind}").text
    assert page.startswith("<!doctype html>")
    assert '<html lang="en">' in page
    assert "<title>A &amp; B · Shop</title>" in page
    files = re.findall(r'(?:src|href)="(/two-step/assets/[^"]+)"', page)
    assert [name.rpartition(".")[2] for name in files] == ["css", "js", "js", "js"]
    assert [client.get(name).headers["Cache-Control"] for name in files] == [
        "public, max-age=31536000, immutable"
    ] * 4


def test_file_of_another_version_is_kept_by_nobody(make: Make) -> None:
    client = make()
    answer = client.get("/two-step/assets/mfa.0123456789ab.css")
    assert answer.headers["Cache-Control"] == "public, no-store"
    assert client.get("/two-step/assets/mfa.css").status_code == 404
    assert client.get("/two-step/assets/../settings.py").status_code == 404


def test_fragment_stands_in_no_layout(make: Make) -> None:
    page = make().get("/account", headers={"HX-Request": "true"}).text
    assert page.startswith("<title>A &amp; B · Shop</title>\n<div data-tab")


def test_page_whose_host_is_below_a_path_names_its_files_there(make: Make) -> None:
    page = make().get("/account", base_url="http://localhost/shop").text
    assert 'href="/shop/two-step/assets/mfa.' in page
    assert 'class="standalone__name" href="/shop/"' in page


def test_pages_change_nothing_in_the_environment_of_the_host(make: Make) -> None:
    client = make({"base.html": BASE}, layouts={"account": "base.html"}, block="main")
    env = client.application.jinja_env
    before = [dict(each) for each in (env.globals, env.filters, env.extensions)]
    client.get("/account")
    client.get("/sign_in")
    assert [dict(each) for each in (env.globals, env.filters, env.extensions)] == before
