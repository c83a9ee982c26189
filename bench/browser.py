"""A browser as the journeys need it: cookies, forms, redirects, and a note of what each request cost."""

from __future__ import annotations

import http.client
import itertools
import re
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urljoin, urlsplit

from bench import meter

_APART = 1 << 15
_FORM = re.compile(r"<form[^>]*>.*?</form>", re.DOTALL)
_INPUT = re.compile(r"<input[^>]*>")
_ATTRIBUTE = re.compile(r'([a-z-]+)\s*=\s*"([^"]*)"')
AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)


@dataclass(frozen=True)
class Cost:
    """What one request cost.

    :param took: seconds until the answer was there, as the browser sees it.
    :param statements: rows of an executemany count one each.
    :param commits: of transactions that wrote.
    :param trips: to the database server and back; none to SQLite.
    :param wall: seconds inside the server's application, and *processor* those of its processor.
    :param head: bytes of the status line and the headers, without the bench's own.
    :param size: bytes of head and body, and *gzipped* with the body compressed.
    """

    name: str
    status: int
    took: float
    statements: int
    commits: int
    trips: int
    wall: float
    processor: float
    head: int
    size: int
    gzipped: int


class Refused(AssertionError):
    """An answer that the journey does not expect.

    :param status: of the answer; 0 where that is not what is wrong.
    :param wait: seconds after which to try again, by what the answer says.
    """

    def __init__(self, what: str, status: int = 0, wait: float = 0) -> None:
        super().__init__(what)
        self.status, self.wait = status, wait


def take_other_networks() -> None:
    """Give the browsers of this process networks that those of the process that started it don't have."""
    Browser.numbers = itertools.count(_APART)


def insist(act: Callable[[], object], until: float = float("inf")) -> int:
    """Do *act*, and again as often as the server asks to come again, but not after *until*.

    :param until: by the clock of ``time.perf_counter``.
    :returns: how often it was refused.
    """
    refused = 0
    while True:
        try:
            act()
        except Refused as error:
            if error.status != 503 or time.perf_counter() > until:
                raise
            refused += 1
            time.sleep(error.wait)  # as the answer says
        else:
            return refused


class Browser:
    """One browser, on a network of its own: all of 127.0.0.0/8 is this machine."""

    numbers = itertools.count(256)
    """Those of the networks that are still to be given."""

    def __init__(self, host: str, port: int, *, cookies: dict[str, str] | None = None) -> None:
        number = next(self.numbers)
        address = f"127.{number // 256 % 255}.{number % 256}.1"
        self._connection = http.client.HTTPConnection(host, port, timeout=60, source_address=(address, 0))
        self.origin = f"http://{host}:{port}"
        self.cookies = dict(cookies or {})
        self.page, self.url = "", "/"
        self.costs: list[Cost] = []

    def close(self) -> None:
        self._connection.close()

    def get(self, url: str, *, htmx: bool = False, name: str | None = None) -> str:
        """Ask for a page, or for a part of one as htmx does; follow where it leads."""
        return self._open("GET", url, None, htmx=htmx, name=name)

    def post(self, url: str, fields: dict[str, str], *, htmx: bool = False, name: str | None = None) -> str:
        """Send the form of the page that posts to *url*, with what its hidden fields hold."""
        sent = {**self.hidden(url), **fields}
        return self._open("POST", url, urlencode(sent), htmx=htmx, name=name)

    def hidden(self, url: str) -> dict[str, str]:
        """The hidden fields of the form that posts to *url*, or else of the whole page."""
        forms = _FORM.findall(self.page)
        own = [form for form in forms if f'action="{url}"' in unescape(form.split(">")[0] + ">")]
        found = [dict(_ATTRIBUTE.findall(tag)) for tag in _INPUT.findall(own[0] if own else self.page)]
        return {
            tag["name"]: unescape(tag.get("value", ""))
            for tag in found
            if tag.get("type") == "hidden" and "name" in tag
        }

    def headers(self, *, htmx: bool = False) -> dict[str, str]:
        """What it sends along."""
        headers = {
            "User-Agent": AGENT,
            "Accept": "text/html",
            "Accept-Language": "en",
            "Accept-Encoding": "gzip, br",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }
        return {**headers, "HX-Request": "true"} if htmx else headers

    def request(self, url: str, *, htmx: bool = False) -> bytes:
        """The bytes of a GET, for the load generator."""
        headers = {"Host": urlsplit(self.origin).netloc, **self.headers(htmx=htmx)}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"GET {url} HTTP/1.1\r\n{head}\r\n".encode()

    def _open(self, method: str, url: str, body: str | None, *, htmx: bool, name: str | None) -> str:
        headers = self.headers(htmx=htmx)
        if body is not None:
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": self.origin,
                "Referer": self.origin + self.url,
            }
        began = time.perf_counter()
        self._connection.request(method, url, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        took = time.perf_counter() - began
        for line in answer.headers.get_all("Set-Cookie", []):
            for key, morsel in SimpleCookie(line).items():
                self.cookies[key] = morsel.value
        self._note(name or f"{method} {urlsplit(url).path}", took, answer, content)
        self.url = url
        if answer.status >= 400:
            # Until it comes again, the server may close a connection that nobody uses.
            self.close()
            said = f"{method} {url}: {answer.status}\n{content[:2000].decode(errors='replace')}"
            raise Refused(said, answer.status, float(answer.headers.get("Retry-After") or 0))
        target = answer.headers.get("Location") or answer.headers.get("HX-Redirect")
        if target:
            return self.get(_path(urljoin(self.origin + url, target)))
        self.page = content.decode(errors="replace")
        return self.page

    def _note(self, name: str, took: float, answer: http.client.HTTPResponse, content: bytes) -> None:
        headers, head = answer.headers, _size_of_head(answer)
        # Nobody asks about the bytes where the time is not told: and compressing takes a client's time.
        gzipped = len(zlib.compress(content, 6, 31)) if content and meter.WALL in headers else len(content)
        self.costs.append(
            Cost(
                name,
                answer.status,
                took,
                int(headers.get(meter.STATEMENTS, 0)),
                int(headers.get(meter.COMMITS, 0)),
                int(headers.get(meter.TRIPS, 0)),
                float(headers.get(meter.WALL, 0)),
                float(headers.get(meter.PROCESSOR, 0)),
                head,
                head + len(content),
                head + gzipped,
            )
        )


def _size_of_head(answer: http.client.HTTPResponse) -> int:
    status = f"HTTP/1.1 {answer.status} {answer.reason}\r\n\r\n"
    lines = (f"{name}: {value}\r\n" for name, value in answer.headers.items() if name not in meter.OWN)
    return len(status) + sum(map(len, lines))


def _path(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")
