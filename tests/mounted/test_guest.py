"""A guest changes nothing: what a host is and answers, with the extension mounted in it and without."""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import alembic.autogenerate
import pytest
from alembic.migration import MigrationContext
from flask import Blueprint, Flask, Response, abort, jsonify, render_template_string, request
from flask.json.provider import DefaultJSONProvider
from flask.sessions import SecureCookieSessionInterface
from flask_babel import Babel
from flask_login import LoginManager, UserMixin
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect, generate_csrf
from sqlalchemy import Engine, Pool, create_engine
from sqlalchemy.event import registry
from sqlalchemy.orm import Mapped, Session, mapped_column

import mfa
from mfa import FlaskLoginAccounts, TwoStep, schema
from tests.mounted import tables
from tests.mounted.hosts import SETTINGS, PlainAccounts

Mount = Callable[[Flask], object]


class Plain:
    """Nothing but Flask."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "static").mkdir(exist_ok=True)
        (folder / "static" / "style.css").write_text("body {}")
        self.app = Flask("host", root_path=str(folder))
        self.app.config.update(SETTINGS)
        self.set_up()
        self.add_routes()

    def set_up(self) -> None:
        pass

    def mount(self) -> TwoStep:
        self.engine = create_engine(f"sqlite:///{self.folder / 'mfa.db'}")
        tables.upgrade(self.engine)
        two_step = TwoStep(PlainAccounts(self.engine))
        two_step.init_app(self.app)
        return two_step

    def add_routes(self) -> None:
        app = self.app
        app.add_url_rule("/login", "login", lambda: "Sign in")
        app.add_url_rule("/plain", "plain", lambda: "plain")
        app.add_url_rule("/json", "json", lambda: jsonify(request.get_json()), methods=["POST"])
        app.add_url_rule("/form", "form", lambda: dict(request.form), methods=["POST"])
        app.add_url_rule(
            "/upload", "upload", lambda: request.files["file"].stream.read().decode(), methods=["POST"]
        )
        app.add_url_rule("/abort/<int:code>", "stop", abort)
        app.add_url_rule("/broken", "broken", lambda: 1 / 0)
        app.add_url_rule(
            "/names",
            "names",
            lambda: render_template_string(
                "{{ nonce is defined }} {{ csrf_token is defined }} {{ clock_now is defined }}"
                " {{ asset is defined }} {{ _ is defined }} {{ gettext is defined }} {{ host is defined }}"
                " {{ url_for('plain') }} {{ language is defined }} {{ '<b>' }}"
            ),
        )


class WithLogin(Plain):
    """Flask-Login, Flask-SQLAlchemy and Flask-Migrate."""

    def set_up(self) -> None:
        self.db, self.login_manager = SQLAlchemy(), LoginManager()
        self.app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{self.folder / 'host.db'}"
        self.login_manager.login_view = "login"
        self.db.init_app(self.app)
        self.login_manager.init_app(self.app)
        Migrate(self.app, self.db)
        db = self.db

        class User(UserMixin, db.Model):  # type: ignore[misc, name-defined]
            id: Mapped[int] = mapped_column(primary_key=True)
            email: Mapped[str]

        self.User = User
        self.login_manager.user_loader(lambda user_id: db.session.get(User, int(user_id)))
        with self.app.app_context():
            db.create_all()

    def mount(self) -> TwoStep:
        two_step = TwoStep(FlaskLoginAccounts(self.db, self.User, check_password=lambda *_: True))
        two_step.init_app(self.app)
        with self.app.app_context():
            tables.upgrade(two_step.engine())
        return two_step


class WithProtection(Plain):
    """CSRFProtect over every route, with a field of another name."""

    def set_up(self) -> None:
        self.app.config["WTF_CSRF_FIELD_NAME"] = "shop_token"
        CSRFProtect(self.app)
        self.app.add_url_rule("/token", "token", generate_csrf)


class WithBabel(Plain):
    """Flask-Babel, in Korean."""

    def set_up(self) -> None:
        Babel(self.app, locale_selector=lambda: "ko")


class OwnJson(DefaultJSONProvider):
    sort_keys = False


class OwnSession(SecureCookieSessionInterface):
    def get_cookie_name(self, app: Flask) -> str:  # noqa: ARG002
        return "own-session"


class WithOwn(Plain):
    """Its own error pages, headers, session interface, JSON, and globals with the names of ours."""

    def set_up(self) -> None:
        app = self.app
        app.json = OwnJson(app)
        app.session_interface = OwnSession()
        for code in (403, 404, 405, 413, 500):
            app.register_error_handler(code, lambda error: (f"own page of {error.code}", error.code))
        app.before_request(lambda: None)
        app.context_processor(lambda: {"title": "own"})

        @app.after_request
        def add(response: Response) -> Response:
            response.headers["Content-Security-Policy"] = "default-src 'self'"
            response.headers["X-Frame-Options"] = "SAMEORIGIN"
            return response

        for name in ("nonce", "csrf_token", "clock_now", "asset", "_", "gettext", "language", "host"):
            app.jinja_env.globals[name] = f"own {name}"
        for name in ("moment", "day", "device"):
            app.jinja_env.filters[name] = str.upper
        app.url_build_error_handlers.append(lambda *_: "/own")


HOSTS = [Plain, WithLogin, WithProtection, WithBabel, WithOwn]
REQUESTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "page": ("GET", "/plain", {}),
    "head": ("HEAD", "/plain", {}),
    "options": ("OPTIONS", "/plain", {}),
    "template": ("GET", "/names", {}),
    "static": ("GET", "/static/style.css", {}),
    "not there": ("GET", "/nothing", {}),
    "not a static file": ("GET", "/static/nothing.css", {}),
    "not allowed": ("DELETE", "/plain", {}),
    "refused": ("GET", "/abort/403", {}),
    "too large": ("GET", "/abort/413", {}),
    "too many": ("GET", "/abort/429", {}),
    "broken": ("GET", "/broken", {}),
    "json": ("POST", "/json", {"json": {"b": 1, "a": [2]}}),
    "json of another site": ("POST", "/json", {"json": 1, "headers": {"Sec-Fetch-Site": "cross-site"}}),
    "not json": ("POST", "/json", {"data": "{", "content_type": "application/json"}),
    "form": ("POST", "/form", {"data": {"a": "b"}}),
    "form of another site": (
        "POST",
        "/form",
        {"data": {"a": "b"}, "headers": {"Sec-Fetch-Site": "cross-site"}},
    ),
    "by htmx": ("GET", "/nothing", {"headers": {"HX-Request": "true"}}),
}


@pytest.fixture(params=HOSTS, ids=lambda kind: kind.__name__)
def hosts(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Any, Any]]:
    """One host twice: without the extension, and with it."""
    without, guested = tmp_path / "without", tmp_path / "guested"
    without.mkdir()
    guested.mkdir()
    made = request.param(without), request.param(guested)
    made[1].mount()
    yield made
    for host in made:
        if hasattr(host, "db"):
            with host.app.app_context():
                host.db.engine.dispose()
        if hasattr(host, "engine"):
            host.engine.dispose()


def ask(app: Flask, name: str) -> tuple[int, list[tuple[str, str]], bytes]:
    method, path, more = REQUESTS[name]
    answer = app.test_client().open(path, method=method, **more)
    headers = [(key, value) for key, value in answer.headers if key not in ("Last-Modified", "ETag", "Date")]
    found = answer.status_code, headers, answer.data
    answer.close()
    return found


@pytest.mark.parametrize("name", REQUESTS)
def test_routes_of_the_host_answer_as_before(hosts: tuple[Any, Any], name: str) -> None:
    without, guested = hosts
    assert ask(guested.app, name) == ask(without.app, name)


def test_files_are_uploaded_as_before(hosts: tuple[Any, Any]) -> None:
    answers = []
    for host in hosts:
        body = {"file": (BytesIO(b"a file"), "a.txt")}
        answer = host.app.test_client().post("/upload", data=body)
        answers.append((answer.status_code, answer.data))
    assert answers[0] == answers[1]


def test_token_of_the_host_is_good_as_before(tmp_path: Path) -> None:
    host = WithProtection(tmp_path)
    host.mount()
    client = host.app.test_client()
    body = {"a": "b", "shop_token": client.get("/token").text}
    assert client.post("/form", data=body).status_code == 200
    assert client.post("/form", data={"a": "b"}).status_code == 400


def functions(app: Flask) -> dict[str, Any]:
    """What Flask calls for each request of the application, whatever its blueprint."""
    return {
        "before": list(app.before_request_funcs.get(None, [])),
        "after": list(app.after_request_funcs.get(None, [])),
        "teardown": list(app.teardown_request_funcs.get(None, [])),
        "end": list(app.teardown_appcontext_funcs),
        "values": list(app.url_value_preprocessors.get(None, [])),
        "defaults": list(app.url_default_functions.get(None, [])),
        "context": list(app.template_context_processors[None]),
        "shell": list(app.shell_context_processors),
        "build": list(app.url_build_error_handlers),
        "errors": {code: dict(each) for code, each in app.error_handler_spec[None].items() if each},
    }


def belongings(app: Flask) -> dict[str, Any]:
    """What the application has that an extension could replace."""
    return {
        "session": app.session_interface,
        "json": app.json,
        "key": app.secret_key,
        "config": dict(app.config),
        "login": app.extensions.get("login_manager") or getattr(app, "login_manager", None),
        "classes": (app.request_class, app.response_class, app.url_rule_class, app.test_client_class),
        "wsgi": "wsgi_app" in vars(app),
        "aborter": app.aborter,
        "converters": dict(app.url_map.converters),
        "strict": (app.url_map.strict_slashes, app.url_map.merge_slashes, app.url_map.host_matching),
        "testing": (app.testing, app.debug),
        "commands": set(app.cli.commands) - {"two-step"},
        "extensions": {name for name in app.extensions if "mfa" not in name} - {"two_step"},
    }


def mounted(kind: type[Plain], folder: Path, seen: Callable[[Flask], Any]) -> tuple[Any, Any]:
    """What is seen of a host before the extension is mounted, and after it and a request to each part."""
    host = kind(folder)
    before = seen(host.app)
    host.mount()
    client = host.app.test_client()
    for path in ("/plain", "/account/two-step", "/account/two-step/verify", "/nothing"):
        client.get(path)
    return before, seen(host.app)


@pytest.mark.parametrize("kind", HOSTS)
def test_functions_around_requests_are_the_hosts_alone(kind: type[Plain], tmp_path: Path) -> None:
    before, after = mounted(kind, tmp_path, functions)
    assert after == before


@pytest.mark.parametrize("kind", HOSTS)
def test_belongings_of_the_host_are_as_before(kind: type[Plain], tmp_path: Path) -> None:
    before, after = mounted(kind, tmp_path, belongings)
    assert after == before


def names(app: Flask) -> dict[str, Any]:
    env = app.jinja_env
    return {
        "globals": dict(env.globals),
        "filters": dict(env.filters),
        "tests": dict(env.tests),
        "extensions": list(env.extensions),
        "policies": dict(env.policies),
        "loader": env.loader,
        "undefined": env.undefined,
        "others": (env.trim_blocks, env.lstrip_blocks, env.autoescape, env.newline_sequence, env.finalize),
        "texts": [name for name in ("newstyle_gettext",) if getattr(env, name, False)],
    }


@pytest.mark.parametrize("kind", HOSTS)
def test_templates_of_the_host_get_one_name(kind: type[Plain], tmp_path: Path) -> None:
    before, after = mounted(kind, tmp_path, names)
    added = set(after["globals"]) - set(before["globals"])
    assert added == {"two_step"}
    after["globals"].pop("two_step")
    assert after == before


def loggers() -> dict[str, Any]:
    found = {"": logging.getLogger(), **logging.Logger.manager.loggerDict}
    return {
        name: (one.level, list(one.handlers), one.propagate, one.disabled, list(one.filters))
        for name, one in found.items()
        if isinstance(one, logging.Logger) and not name.startswith(("twostep", "alembic", "host"))
    }


@pytest.mark.parametrize("kind", HOSTS)
def test_logging_is_as_before(kind: type[Plain], tmp_path: Path) -> None:
    before, after = mounted(kind, tmp_path, lambda _app: loggers())
    assert {name: after[name] for name in before} == before


@pytest.mark.parametrize("kind", HOSTS)
def test_no_thread_and_no_signal_handler(kind: type[Plain], tmp_path: Path) -> None:
    def seen(_app: Flask) -> Any:
        return {one.name for one in threading.enumerate()}, {
            number: signal.getsignal(number) for number in signal.valid_signals()
        }

    before, after = mounted(kind, tmp_path, seen)
    assert after == before


def test_thread_for_mails_waits_for_the_first_page_of_ours(tmp_path: Path) -> None:
    host = WithLogin(tmp_path)
    host.app.config["MFA_MAIL_WORKER"] = "thread"
    host.mount()
    client = host.app.test_client()
    worker = host.app.extensions["mfa_mail_worker"]
    client.get("/plain")
    assert not worker.is_running
    client.get("/account/two-step")
    assert worker.is_running
    worker.stop()


def test_addresses_of_the_host_are_as_before(tmp_path: Path) -> None:
    host = WithLogin(tmp_path)
    before = {(rule.rule, rule.endpoint) for rule in host.app.url_map.iter_rules()}
    host.mount()
    added = {(rule.rule, rule.endpoint) for rule in host.app.url_map.iter_rules()} - before
    assert all(rule.startswith("/account/two-step") for rule, _ in added)
    assert all(endpoint.startswith("two_step.") for _, endpoint in added)


def test_blueprint_of_the_host_may_be_named_mfa(tmp_path: Path) -> None:
    host = WithLogin(tmp_path)
    host.app.register_blueprint(Blueprint("mfa", "theirs", url_prefix="/theirs"))
    host.mount()


# The database


def test_no_listener_at_the_engine_and_session_of_the_host(tmp_path: Path) -> None:
    host = WithLogin(tmp_path)
    with host.app.app_context():
        targets = [host.db.engine, host.db.engine.pool, host.db.session.session_factory.class_]
        targets += [Engine, Pool, Session, host.db.session.session_factory]

        def listeners() -> set[Any]:
            of = {id(target) for target in targets}
            return {key for key in registry._key_to_collection if key[0] in of}

        before = listeners()
        two_step = host.mount()
        host.app.test_client().get("/account/two-step")
        two_step.is_on(mfa.Person("1", "mina@example.com"))
        assert listeners() == before


MIGRATES: dict[str, Callable[[WithLogin], Any]] = {
    "at once": lambda host: Migrate(host.app, host.db, include_name=mfa.include_name),
    "without an app": lambda host: Migrate(include_name=mfa.include_name).init_app(host.app, host.db),
    "at init_app": lambda host: Migrate().init_app(host.app, host.db, include_name=mfa.include_name),
}


@pytest.mark.parametrize("how", MIGRATES)
def test_migrations_of_the_host_leave_our_tables_alone(tmp_path: Path, how: str) -> None:
    host = WithLogin(tmp_path)
    host.mount()
    MIGRATES[how](host)
    given = host.app.extensions["migrate"].configure_args
    with host.app.app_context(), host.db.engine.connect() as connection:

        def changes(**opts: Any) -> list[Any]:
            context = MigrationContext.configure(connection, opts=opts)
            return alembic.autogenerate.compare_metadata(context, host.db.metadata)

        assert changes(**given) == []
        dropped = {change[1].name for change in changes() if change[0] == "remove_table"}
        assert schema.VERSION_TABLE in dropped
        assert all(mfa.is_ours(name) for name in dropped)


def test_nothing_but_our_tables_is_left_out() -> None:
    assert mfa.include_name("users", "table", {})
    assert mfa.include_name(None, "schema", {})
    assert mfa.include_name("mfa_people", "column", {"table_name": "users"})
    assert not mfa.include_name("mfa_people", "table", {"schema_name": None})
    assert not mfa.is_ours(None)


def test_tables_of_the_host_are_not_made_by_ours(tmp_path: Path) -> None:
    host = WithLogin(tmp_path)
    host.mount()
    assert not any(mfa.is_ours(name) for name in host.db.metadata.tables)


IMPORT = """
import atexit, json, logging, mimetypes, signal, socket, sys, threading, warnings, locale, decimal
import flask, flask_login, flask_sqlalchemy, flask_wtf, flask_mail, alembic, babel, limits.strategies
import multiprocessing.util, PIL.Image  # both register something for the exit
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool

def seen():
    mimetypes.init()
    ours = {id(Engine), id(Pool), id(Session)}
    return {
        "signals": [str(signal.getsignal(one)) for one in sorted(signal.valid_signals())],
        "threads": threading.active_count(),
        "at exit": atexit._ncallbacks(),
        "types": sorted(mimetypes.types_map.items()),
        "warnings": [str(one) for one in warnings.filters],
        "hooks": [str(sys.excepthook), str(sys.unraisablehook), str(threading.excepthook)],
        "timeout": socket.getdefaulttimeout(),
        "locale": locale.setlocale(locale.LC_ALL),
        "root": [logging.root.level, len(logging.root.handlers)],
        "ours": [(one.level, len(one.handlers), one.propagate) for one in [logging.getLogger("twostep")]],
        "listeners": len([key for key in event.registry._key_to_collection if key[0] in ours]),
        "decimal": str(decimal.getcontext()),
        "recursion": sys.getrecursionlimit(),
        "path": sys.path,
    }

before = seen()
import mfa
from mfa import FlaskLoginAccounts
app = flask.Flask("host")
app.config.update(json.loads(sys.argv[1]))
db = flask_sqlalchemy.SQLAlchemy(app)
flask_login.LoginManager(app)
mfa.TwoStep(FlaskLoginAccounts(db, object)).init_app(app)
after = seen()
print(json.dumps({name: [before[name], after[name]] for name in before if before[name] != after[name]}))
"""


@pytest.mark.process
def test_import_changes_nothing_of_the_process() -> None:
    settings = json.dumps({**SETTINGS, "SQLALCHEMY_DATABASE_URI": "sqlite://"})
    asked = [sys.executable, "-c", IMPORT, settings]
    answer = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(answer.stdout) == {}


# Two hosts in one process


def test_two_hosts_have_their_own_settings(tmp_path: Path) -> None:
    titles, keys = [], []
    for name in ("Bakery", "Bank"):
        folder = tmp_path / name
        folder.mkdir()
        app = Flask(name)
        app.config.update({**SETTINGS, "MFA_PRODUCT_NAME": name, "SECRET_KEY": name * 32})
        engine = create_engine(f"sqlite:///{folder / 'mfa.db'}")
        tables.upgrade(engine)
        app.add_url_rule("/login", "login", lambda: "Sign in")
        two_step = TwoStep(PlainAccounts(engine), url_prefix=f"/{name}")
        two_step.init_app(app)
        with app.test_client() as client:
            with client.session_transaction() as session:
                session["user"] = "1"
            page = client.get(f"/{name}")
            titles.append(page.text.partition("</title>")[0].rpartition("·")[2].strip())
            keys.append(app.extensions["mfa_ring"].current)
        engine.dispose()
    assert titles == ["Bakery", "Bank"]
    assert keys[0] != keys[1]
