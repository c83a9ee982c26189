"""Where the time goes: the tab and a sign-in under cProfile, by package; printed as JSON.

Run in a contender's environment, as ``bench.fill`` is. A profile makes all of Python slower and nothing else:
it is good for shares, and no figure of it is a time.
"""

from __future__ import annotations

import cProfile
import json
import pstats
import re
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient

from bench import people
from bench.browser import AGENT
from bench.journeys import code
from bench.served import twostep

_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]*)"')
_PACKAGES = {
    "SQLAlchemy": ("/sqlalchemy/", "/flask_sqlalchemy/"),
    "Jinja and the templates": ("/jinja2/", "/markupsafe/", "/templates/"),
    "Flask and Werkzeug": ("/flask/", "/werkzeug/", "/itsdangerous/", "/flask_login/", "/blinker/"),
    "forms": ("/wtforms/", "/flask_wtf/"),
    "Flask-Limiter": ("/flask_limiter/", "/limits/"),
    "languages": ("/flask_babel/", "/babel/", "gettext.py"),
    "Twostep itself": ("/mfa/",),
}
TIMES = 300


def main() -> None:
    client, headers = _sign_in(0)
    found = {"tab": _shares(lambda: [client.get("/account/two-step", headers=headers) for _ in range(TIMES)])}
    found["sign-in"] = _shares(lambda: [_sign_in(number) for number in range(1, people.count() - 1)])
    json.dump(found, sys.stdout)


def _sign_in(number: int) -> tuple[FlaskClient, dict[str, str]]:
    client = twostep.flask.test_client()
    cookies = json.loads((people.folder() / twostep.DEVICES).read_text())
    client.set_cookie("device", cookies[number], domain="127.0.0.1")
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


def _shares(act: Callable[[], Any]) -> dict[str, float]:
    """The part of the time, from 0 to 1, that each package takes itself; C code counts to who calls it."""
    profile = cProfile.Profile()
    profile.runcall(act)
    spent: Counter[str] = Counter()
    for (file, _, _), (_, _, own, _, callers) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        if file == "~":
            for (caller, _, _), (_, _, part, _) in callers.items():
                spent[_package(caller)] += part
        else:
            spent[_package(file)] += own
    total = spent.total()
    return {name: part / total for name, part in spent.most_common()}


def _package(file: str) -> str:
    if "/werkzeug/test.py" in file or "/flask/testing.py" in file:
        return "the test client"
    for name, parts in _PACKAGES.items():
        if any(part in file for part in parts):
            return name
    return "other packages" if "site-packages" in file else "Python’s library"


if __name__ == "__main__":
    main()
