"""Where the time goes: the tab and a sign-in under cProfile, by package; printed as JSON.

Run in a contender's environment, as ``bench.fill`` is. A profile makes all of Python slower and nothing else:
it is good for shares, and no figure of it is a time.
"""

from __future__ import annotations

import cProfile
import inspect
import json
import pstats
import re
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import flask
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session

from bench import people
from bench.browser import AGENT
from bench.journeys import code
from bench.served import twostep
from console.passwords import rules as passwords
from console.sessions import rules as sessions
from mfa.attempts import rules as attempts
from mfa.enrollment import rules as enrollment, slot
from mfa.sign_in import challenges, rules as sign_in
from mfa.web import ranges, templates

_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]*)"')
_PACKAGES = {
    "SQLAlchemy": ("/sqlalchemy/", "/flask_sqlalchemy/"),
    "Jinja and the templates": ("/jinja2/", "/markupsafe/", "/templates/"),
    "Flask and Werkzeug": ("/flask/", "/werkzeug/", "/itsdangerous/", "/flask_login/", "/blinker/"),
    "forms": ("/wtforms/", "/flask_wtf/"),
    "limits": ("/limits/",),
    "languages": ("/flask_babel/", "/babel/", "gettext.py"),
    "Twostep itself": ("/mfa/", "/console/"),
}
_PARTS: dict[str, Callable[..., Any]] = {
    "session and account read": sessions.load,
    "state of the second step read": enrollment.state,
    "open enrollment looked for": slot.begun,
    "attempts counted, with their commits": attempts.count,
    "challenge begun": challenges.begin,
    "challenge answered": sign_in.answer,
    "session begun": sessions.begin,
    "commits": Session.commit,
    "password hash (cheap)": passwords.Hasher.verify,
    "limits by network": ranges.Ranges.ask,
    "templates of the extension": templates.render,
    "templates of the console": flask.render_template,
    "forms made": FlaskForm.__init__,
    "cookie read": SecureCookieSessionInterface.open_session,
    "headers and cookies written": flask.Flask.process_response,
}
"""Some functions; one may be within another."""
TIMES = 300


def main() -> None:
    client, headers = _sign_in(0)
    found = {"tab": _shares(lambda: [client.get("/account/two-step", headers=headers) for _ in range(TIMES)])}
    found["sign-in"] = _shares(lambda: [_sign_in(number) for number in range(1, people.count() - 1)])
    json.dump(found, sys.stdout)


def _sign_in(number: int) -> tuple[FlaskClient, dict[str, str]]:
    client = twostep.flask.test_client()
    cookies = json.loads((people.folder() / twostep.DEVICES).read_text())
    client.set_cookie("twostep-device", cookies[number], domain="127.0.0.1")
    headers = {"User-Agent": AGENT, "HX-Request": "true"}
    page = client.get("/sign-in", headers={"User-Agent": AGENT}).text
    fields = {"email": people.protected(number), "password": people.PASSWORD}
    page = client.post("/sign-in", data={**fields, **_token(page)}, headers=headers).text
    client.post("/sign-in/verify", data={"code": code(), **_token(page)}, headers=headers)
    assert client.get("/", headers={"User-Agent": AGENT}).status_code == 200
    return client, headers


def _token(page: str) -> dict[str, str]:
    found = _TOKEN.search(page)
    assert found, page
    return {"csrf_token": found[1]}


def _shares(act: Callable[[], Any]) -> dict[str, dict[str, float]]:
    """How much of the time, from 0 to 1, is spent in each package and each part.

    Of a package: what it takes itself, C code counting to who calls it. Of a part: with all that it calls.
    """
    profile = cProfile.Profile()
    profile.runcall(act)
    stats = pstats.Stats(profile).stats
    known = {_place(function): part for part, function in _PARTS.items()}
    spent: Counter[str] = Counter()
    parts: Counter[str] = Counter()
    for (file, line, function), (_, _, own, whole, callers) in stats.items():
        if part := known.get((file, line, function)):
            parts[part] += whole
        if file == "~":
            for (caller, _, _), (_, _, called, _) in callers.items():
                spent[_package(caller)] += called
        else:
            spent[_package(file)] += own
    total = spent.total()
    return {
        "packages": {name: part / total for name, part in spent.most_common()},
        "parts": {name: part / total for name, part in parts.most_common()},
    }


def _place(function: Callable[..., Any]) -> tuple[str, int, str]:
    """Where a profile says that *function* stands."""
    code = inspect.unwrap(function).__code__
    return code.co_filename, code.co_firstlineno, code.co_name


def _package(file: str) -> str:
    if "/werkzeug/test.py" in file or "/flask/testing.py" in file:
        return "the test client"
    for name, parts in _PACKAGES.items():
        if any(part in file for part in parts):
            return name
    return "other packages" if "site-packages" in file else "Python’s library"


if __name__ == "__main__":
    main()
