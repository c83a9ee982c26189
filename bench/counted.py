"""What :mod:`bench.instructions` counts: each request of a sign-in, and the tab, by half of the people.

Run under callgrind, in the environment of a contender, as ``bench.fill`` is; the checkout may be older than
this file. Only what the application does is counted: its requests are made before, its answers read after.
"""

from __future__ import annotations

import gc
import json
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

from bench import people
from bench.browser import AGENT
from bench.journeys import code
from bench.served import twostep

_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]*)"')


@dataclass
class _Visitor:
    """Somebody with a second step, at a device that is known."""

    number: int
    cookies: dict[str, str]
    page: str = field(default="", init=False)

    def request(self, path: str, fields: dict[str, str] | None = None, *, htmx: bool = False) -> Any:
        """Return the WSGI environment of a GET, or of a post of the form that is open."""
        token = _TOKEN.search(self.page)
        headers = {
            "User-Agent": AGENT,
            "Accept": "text/html",
            "Accept-Language": "en",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }
        made = EnvironBuilder(
            path,
            base_url="http://127.0.0.1",
            method="GET" if fields is None else "POST",
            data=None if fields is None else {"csrf_token": token[1] if token else "", **fields},
            headers=Headers({**headers, "HX-Request": "true"} if htmx else headers),
            environ_base={"REMOTE_ADDR": f"127.1.{self.number}.1"},
        )
        return made.get_environ()

    def take(self, page: bytes, headers: Headers) -> None:
        """Keep the page of an answer, and its cookies."""
        for cookie in headers.getlist("Set-Cookie"):
            name, _, rest = cookie.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        self.page = page.decode()


def main() -> None:
    devices = json.loads((people.folder() / twostep.DEVICES).read_text())
    known = [_Visitor(number, {"twostep-device": device}) for number, device in enumerate(devices)]
    first, rest = known[: len(known) // 2], known[len(known) // 2 :]
    # What is done once in a process is done by then.
    _sign_in(first, lambda _name: None)
    _show_pages(first, lambda _name: None)
    # It runs whenever it likes.
    gc.disable()
    _control("--instr=on")
    # What the counting itself takes.
    _dump("nothing")
    _sign_in(rest, _dump)
    _show_pages(rest, _dump)


def _sign_in(visitors: list[_Visitor], dump: Callable[[str], None]) -> None:
    fields = {"password": people.PASSWORD}
    _ask(visitors, lambda one: one.request("/sign-in"), "GET /sign-in", dump)
    _ask(
        visitors,
        lambda one: one.request("/sign-in", {"email": people.protected(one.number), **fields}, htmx=True),
        "POST password",
        dump,
    )
    _ask(visitors, lambda one: one.request("/sign-in/verify", {"code": code()}, htmx=True), "POST code", dump)
    _ask(visitors, lambda one: one.request("/"), "GET /", dump)


def _show_pages(visitors: list[_Visitor], dump: Callable[[str], None]) -> None:
    _ask(visitors, lambda one: one.request("/account/two-step", htmx=True), "the tab", dump)
    _ask(visitors, lambda one: one.request("/account/two-step"), "the tab’s page", dump)


def _ask(
    visitors: list[_Visitor],
    request: Callable[[_Visitor], Any],
    name: str,
    dump: Callable[[str], None],
) -> None:
    asked = [request(visitor) for visitor in visitors]
    _control("--zero")
    answers = [run_wsgi_app(twostep.flask.wsgi_app, environ, buffered=True) for environ in asked]
    dump(name)
    for visitor, answer in zip(visitors, answers, strict=True):
        body, status, headers = answer
        assert status[0] in "23", (name, status)
        visitor.take(b"".join(body), headers)


def _dump(name: str) -> None:
    _control(f"--dump={name}")


def _control(command: str) -> None:
    subprocess.run(["callgrind_control", command, str(os.getpid())], check=True, capture_output=True)


if __name__ == "__main__":
    main()
