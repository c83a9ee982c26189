"""Fragments, pages and refused forms in an application that has nothing of the console."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask, Response, render_template, session
from flask.testing import FlaskClient
from jinja2 import DictLoader
from wtforms import StringField
from wtforms.validators import InputRequired

from mfa.crypto.keys import KeyRing
from mfa.web import hx, posted
from mfa.web.forms import Form
from mfa.web.host import Host

ROOT = Path(__file__).resolve().parent.parent.parent
NAVIGATES = {"Sec-Fetch-Mode": "navigate"}
TEMPLATES = {
    "base.html": "<html><title>{{ title }}</title>{{ content }}</html>",
    "_name.html": "<form>{{ form.name }}{{ form.name.errors|join }}</form>",
}


class NameForm(Form):
    shown_again = ("name",)

    name = StringField(validators=[InputRequired("Enter your name.")])
    secret = StringField(validators=[InputRequired("Enter your secret.")])


@pytest.fixture
def client() -> FlaskClient:
    app = Flask("host")
    app.config.update(SECRET_KEY="a host's own key", WTF_CSRF_ENABLED=False)
    app.jinja_loader = DictLoader(TEMPLATES)
    ring = KeyRing([b"0123456789abcdef" * 2])
    Host(product="Shop", language=lambda: "fr", ring=ring, posted_cookie="shop-posted").take_in(app)
    posted.forget(app)

    @app.get("/name")
    def name() -> Response:
        session["seen"] = True
        return show(NameForm(formdata=None))

    @app.post("/name")
    def change() -> Response:
        form = NameForm()
        return hx.leave("/done") if form.validate() else show(form, 422)

    return app.test_client()


def show(form: NameForm, status: int = 200) -> Response:
    return hx.render("_name.html", "base.html", title="Name", status=status, form=form)


def test_whole_page_stands_in_the_layout_of_the_host(client: FlaskClient) -> None:
    answer = client.get("/name")
    assert answer.text.startswith("<html><title>Name</title><form>")
    assert answer.headers["Content-Language"] == "fr"


def test_fragment_ends_its_title_with_the_name_of_the_host(client: FlaskClient) -> None:
    answer = client.get("/name", headers={"HX-Request": "true"})
    assert answer.text.startswith("<title>Name · Shop</title><form>")


def test_refused_form_is_shown_once_by_its_page(client: FlaskClient) -> None:
    client.get("/name")
    answer = client.post("/name", data={"name": "", "secret": ""}, headers=NAVIGATES)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/name")
    assert re.search("^shop-posted=", answer.headers["Set-Cookie"])
    assert "Enter your name." in client.get("/name", headers=NAVIGATES).text
    assert "Enter your name." not in client.get("/name", headers=NAVIGATES).text


def test_only_the_fields_that_a_form_names_are_shown_again(client: FlaskClient) -> None:
    client.get("/name")
    client.post("/name", data={"name": "Mina", "secret": ""}, headers=NAVIGATES)
    page = client.get("/name", headers=NAVIGATES)
    assert 'value="Mina"' in page.text
    assert page.status_code == 422


def test_templates_of_the_extension_are_found(client: FlaskClient) -> None:
    env = client.application.jinja_env
    assert env.loader
    assert "macro field(" in env.loader.get_source(env, "mfa/_fields.html")[0]


def test_host_replaces_a_template_by_its_name(client: FlaskClient) -> None:
    client.application.jinja_loader = DictLoader({**TEMPLATES, "mfa/_beside.html": "the host's own"})
    with client.application.app_context():
        assert render_template("mfa/_beside.html") == "the host's own"


def test_templates_name_no_page_of_a_host() -> None:
    own = {"two_step", "wizard", "second_step", "enrollment_link"}
    sources = [path.read_text() for path in (ROOT / "mfa/templates").rglob("*.html")]
    named = {name for source in sources for name in re.findall(r"url_for\(['\"](\w+)\.", source)}
    assert named <= own
