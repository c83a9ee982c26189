"""What no browser sends, to every route: a calm refusal, never a fault of the server's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.attacks.conftest import Site
from tests.support.addresses import address
from tests.support.cookies import read_cookie
from tests.support.person import PASSWORD, Person
from tests.support.remote import RemoteClient

Make = Callable[..., Person]
FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=b"
LARGEST = 64 * 1024
FEW = 20
"""Refusals that no network has to wait for."""
ENDING = ("/sign-out", "/cancel")
FIELDS = (
    "email", "name", "password", "current_password", "new_password", "code", "number", "recovery_code",
    "factor", "pending", "saved", "session", "next",
)  # fmt: skip


def every_field(value: str) -> bytes:
    return "&".join(f"{name}={value}" for name in FIELDS).encode()


def parts(value: bytes, end: bytes = b"--b--\r\n") -> bytes:
    heads = (b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n' % name.encode() for name in FIELDS)
    return b"".join(head + value + b"\r\n" for head in heads) + end


BODIES: dict[str, tuple[str, bytes]] = {
    "a byte too much": (FORM, b"x=" + b"a" * (LARGEST - 1)),
    "far too much": (FORM, b"x=" + b"a" * 1_000_000),
    "too much of one part": (PARTS, parts(b"a" * LARGEST)),
    "as much as there may be": (FORM, b"code=" + b"9" * (LARGEST - 5)),
    "thousands of fields": (FORM, b"&".join(b"f%d=1" % number for number in range(6000))),
    "a thousand parts and more": (
        PARTS,
        b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n\r\n' * 1100,
    ),
    "parts without an end": (PARTS, parts(b"x", end=b"")),
    "parts without a boundary": ("multipart/form-data", parts(b"x")),
    "parts of another boundary": ("multipart/form-data; boundary=other", parts(b"x")),
    "parts without heads": (PARTS, b"--b\r\n\r\nx\r\n--b--\r\n"),
    "parts with broken heads": (PARTS, b"--b\r\n\xff\xfe: \x00\r\nContent-Disposition\r\n\r\nx\r\n--b--\r\n"),
    "parts that are not utf-8": (PARTS, parts(b"\xff\xfe\xfa")),
    "parts in a charset that is none": (f"{PARTS}; charset=x", parts(b"x")),
    "a file for every field": (PARTS, parts(b"x").replace(b'"\r\n\r\n', b'"; filename="../x"\r\n\r\n')),
    "broken json": ("application/json", b"{"),
    "json": ("application/json", b'{"code": "000000", "email": {"$ne": null}}'),
    "a list of json": ("application/json", b"[1, 2]"),
    "a text of json": ("application/json", b'"x"'),
    "numbers of json": (
        "application/json",
        b'{"email": 1, "password": 1, "name": 1, "code": 1, "new_password": 1, "session": 1, "next": 1}',
    ),
    "xml": ("application/xml", b'<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>'),
    "plain text": ("text/plain", b"code=000000"),
    "a type that is none": ("\x7f/;;==", b"code=000000"),
    "a form in utf-7": (f"{FORM}; charset=utf-7", every_field("+AAA-")),
    "nothing": (FORM, b""),
    "nul": (FORM, every_field("a%00b")),
    "not utf-8": (FORM, every_field("%ff%fe%fa")),
    "bare bytes": (FORM, every_field("x").replace(b"x", b"\xff\x00")),
    "half a surrogate": (FORM, every_field("%ed%a0%80")),
    "half a percent": (FORM, every_field("%f%")),
    "long digits": (FORM, every_field("9" * 4400)),
    "huge numbers": (FORM, every_field("-99999999999999999999999999")),
    "not a number": (FORM, every_field("NaN")),
    "everything twice": (FORM, every_field("1") + b"&" + every_field("2")),
}
QUERIES = {
    "nul": "?next=%00&factor=%00",
    "not utf-8": "?next=%ff%fe&factor=%ff",
    "long": f"?next=/{'a' * 3500}",
    "brackets": "?next[]=/&factor[$ne]=recovery",
    "an address that is none": "?next=//[&ended=[",
    "many": f"?{'x=1&' * 800}",
}
HEADERS = {
    "a place that is none": {"HX-Request": "true", "HX-Current-URL": "http://[/x"},
    "a huge cookie": {"Cookie": "twostep-session=" + "A" * 8000},
    "many cookies": {"Cookie": "; ".join(f"c{number}=1" for number in range(700))},
    "a cookie that is not base64": {"Cookie": "session=!!!.***.###"},
    "a cookie of dots": {"Cookie": "twostep-session=" + "." * 50},
    "a packed cookie that is none": {"Cookie": "session=.eJwAAAA.aWVEFA.AAAA"},
    "a cookie with quotes": {"Cookie": 'session="\\000\\377\\"; session=\\"'},
    "a huge header": {"X-Anything": "x" * 8000},
    "many headers": {f"X-Header-{number}": "x" for number in range(80)},
    "a place in a strange alphabet": {"HX-Request": "true", "HX-Current-URL": "http://x\u2100/".encode()},
    "a place of bytes": {"HX-Request": "true", "HX-Current-URL": b"\xff\xfe"},
    "a browser of bytes": {"User-Agent": b"\xff\xfe\x80" * 100},
    "no browser": {"User-Agent": ""},
    "languages": {"Accept-Language": "x" * 2000 + ";q=nan, de;q=-1, *;q=9e999"},
    "what is accepted": {"Accept": "*/*;q=x,,,;;;", "Accept-Encoding": "\x7f"},
    "a range": {"Range": "bytes=9999999999999999999999-1,-,x", "If-Range": "x"},
    "a date": {"If-Modified-Since": "Thu, 99 Foo 99999999 99:99:99 GMT", "If-None-Match": '"' * 99},
    "a site": {"Sec-Fetch-Site": b"\xff", "Origin": "null", "Referer": "http://["},
    "a token of bytes": {"X-CSRFToken": b"\xff\xfe"},
    "proxies": {"X-Forwarded-For": "1" * 4000, "Forwarded": "for=\";;", "X-Forwarded-Proto": "gopher"},
    "another method": {"X-HTTP-Method-Override": "DELETE"},
    "a host with a port that is none": {"Host": "127.0.0.1:99999999"},
    "a host that is none": {"Host": "[:::"},
    "no host": {"Host": ""},
    "an upgrade": {"Upgrade": "websocket", "Connection": "Upgrade", "Expect": "x"},
}  # fmt: skip


@pytest.fixture(scope="module")
def anonymous(site: Site) -> Person:
    person = site.person()
    person.get("/sign-in")
    return person


@pytest.fixture(scope="module")
def signed_in(site: Site) -> Person:
    person = site.person().sign_up().activate()
    person.get("/account/profile")
    return person


@pytest.fixture(scope="module")
def enrolling(site: Site) -> Person:
    person = site.person().sign_up().begin().verify_email().scan()
    person.get("/account/profile")
    return person


@pytest.fixture(params=["anonymous", "signed_in", "enrolling"])
def sender(request: pytest.FixtureRequest) -> Iterator[Person]:
    """One of these, at the end still what it was: else the tests would be of somebody else."""
    person: Person = request.getfixturevalue(request.param)
    cookie = person.cookie()
    yield person
    person.put_cookie(cookie)
    assert person.is_signed_in() == (request.param != "anonymous")


OUTSIDE_AND_IN = ("anonymous", "signed_in")


def routes(site: Site, method: str, person: Person) -> list[str]:
    """Every address that takes *method*, and that *person* gets to: not just what leads back to sign-in, or
    says that there is nothing to go on with; nor what would end what *person* is in the middle of."""
    held = read_cookie(person.cookie())

    def reached(path: str) -> bool:
        if "_user_id" not in held:
            return not path.startswith("/account") or "token" in path or path == "/account/profile"
        return ("two_step_pending" in held) == ("/enroll" in path) and not path.endswith(ENDING)

    return [
        address(rule)
        for rule in site.app.url_map.iter_rules()
        if method in (rule.methods or ()) and reached(rule.rule)
    ]


def faults(person: Person, method: str, urls: list[str], **options: Any) -> list[str]:
    """Which of *urls* answer that the fault is the server's."""
    token = {"X-CSRFToken": person.hidden()["csrf_token"]}
    headers = {**token, **options.pop("headers", {})}
    assert isinstance(person.client, RemoteClient)
    cookie, found = person.cookie(), []
    for number, url in enumerate(urls):
        # An answer may empty the cookie; and so many refusals to one network would make it wait.
        person.put_cookie(cookie)
        if number % FEW == 0:
            person.client.move()
        if person.client.open(url, method=method, headers=headers, **options).status_code >= 500:
            found.append(url)
    return found


@pytest.mark.parametrize("kind", BODIES)
def test_a_malformed_body_is_no_fault_of_the_server(site: Site, sender: Person, kind: str) -> None:
    content_type, body = BODIES[kind]
    assert faults(sender, "POST", routes(site, "POST", sender), data=body, content_type=content_type) == []


@pytest.mark.parametrize("sender", OUTSIDE_AND_IN, indirect=True)
@pytest.mark.parametrize("kind", QUERIES)
def test_a_malformed_query_is_no_fault_of_the_server(site: Site, sender: Person, kind: str) -> None:
    assert faults(sender, "GET", [url + QUERIES[kind] for url in routes(site, "GET", sender)]) == []


@pytest.mark.parametrize("sender", OUTSIDE_AND_IN, indirect=True)
@pytest.mark.parametrize("kind", HEADERS)
def test_a_malformed_header_is_no_fault_of_the_server(site: Site, sender: Person, kind: str) -> None:
    assert faults(sender, "GET", routes(site, "GET", sender), headers=HEADERS[kind]) == []


@pytest.mark.parametrize("kind", HEADERS)
def test_a_malformed_header_of_a_post_is_no_fault_of_the_server(
    site: Site, anonymous: Person, kind: str
) -> None:
    assert faults(anonymous, "POST", routes(site, "POST", anonymous), headers=HEADERS[kind]) == []


@pytest.mark.parametrize("sender", OUTSIDE_AND_IN, indirect=True)
@pytest.mark.parametrize("method", ["TRACE", "OPTIONS", "PUT", "DELETE", "PATCH", "PROPFIND", "SEARCH"])
def test_an_odd_method_is_no_fault_of_the_server(site: Site, sender: Person, method: str) -> None:
    assert faults(sender, method, [*routes(site, "GET", sender), *routes(site, "POST", sender)]) == []


@pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "PATCH", "PROPFIND"])
def test_an_odd_method_changes_nothing(site: Site, signed_in: Person, method: str) -> None:
    before = site.dump(without={"mfa_outbox"})
    for url in [*routes(site, "GET", signed_in), *routes(site, "POST", signed_in)]:
        signed_in.client.open(url, method=method, data=signed_in.hidden())
    assert site.dump(without={"mfa_outbox"}) == before


def test_trace_does_not_send_the_cookie_back(signed_in: Person) -> None:
    answer = signed_in.client.open("/", method="TRACE")
    assert answer.status_code == 405
    assert signed_in.cookie() not in answer.text


@pytest.mark.parametrize("kind", ["a byte too much", "far too much", "too much of one part"])
def test_too_much_is_said_to_be_too_much(anonymous: Person, kind: str) -> None:
    content_type, body = BODIES[kind]
    token = {"X-CSRFToken": anonymous.hidden()["csrf_token"]}
    answer = anonymous.client.post("/sign-in", data=body, content_type=content_type, headers=token)
    assert answer.status_code == 413


HOST = b"Host: 127.0.0.1\r\n"
GET = b"GET /sign-in HTTP/1.1\r\n" + HOST
POST = b"POST /sign-in HTTP/1.1\r\n" + HOST
RAW = {
    "a nul in the path": b"GET /sign-in\x00x HTTP/1.1\r\n" + HOST + b"\r\n",
    "a path of bytes": b"GET /\xff\xfe HTTP/1.1\r\n" + HOST + b"\r\n",
    "a path out of the house": b"GET /static/../../../../etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n",
    "an encoded path out of the house": b"GET /static/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n",
    "a whole address": b"GET http://evil.example/account/profile HTTP/1.1\r\n" + HOST + b"\r\n",
    "a tunnel": b"CONNECT evil.example:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    "a method that is none": b"get /sign-in HTTP/1.1\r\n" + HOST + b"\r\n",
    "a version that is none": b"GET /sign-in HTTP/9.9\r\n" + HOST + b"\r\n",
    "two hosts": GET + b"Host: evil.example\r\n\r\n",
    "a header without a colon": GET + b"Cookie\r\n\r\n",
    "a header with a nul": GET + b"Cookie: a\x00b\r\n\r\n",
    "two lengths": POST + b"Content-Length: 3\r\nContent-Length: 5\r\n\r\nx=123",
    "a length and chunks": (
        POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    ),
    "a negative length": POST + b"Content-Length: -1\r\n\r\n",
    "less than was said": POST + b"Content-Length: 500\r\n\r\nx=1",
    "broken chunks": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nx=1\r\n",
    "endless chunks": (
        POST + b"Transfer-Encoding: chunked\r\n\r\n"
        + b"1000\r\n" + b"x" * 4096 + b"\r\n"
    ),
    "more chunks than there may be": (
        POST + b"Content-Type: " + FORM.encode() + b"\r\nTransfer-Encoding: chunked\r\n\r\n"
        + 300 * (b"1000\r\n" + b"x" * 4096 + b"\r\n") + b"0\r\n\r\n"
    ),
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(32),
    "nothing": b"\r\n\r\n",
}  # fmt: skip


@pytest.mark.parametrize("kind", RAW)
def test_broken_http_is_no_fault_of_the_server(site: Site, kind: str) -> None:
    client = site.client()
    answer = client.raw(RAW[kind])
    client.close()
    assert not answer.startswith(b"HTTP/1.1 5"), answer[:500]
    assert b"root:" not in answer


@pytest.mark.parametrize("kind", ["a length and chunks", "two lengths"])
def test_after_a_request_with_two_ends_nothing_is_served(site: Site, kind: str) -> None:
    """A proxy in front might see another request begin where we see this one go on (RFC 9112 §6.1)."""
    client = site.client()
    answer = client.raw(RAW[kind] + b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n", hang_up=False)
    client.close()
    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1") == 1


def test_the_log_of_all_this_holds_no_traceback(site: Site, signed_in: Person) -> None:
    assert "Traceback" not in site.log()


def test_the_log_holds_no_secret_of_a_whole_journey(site: Site, halfway: Person) -> None:
    code = halfway.next_code()
    halfway.verify(code)
    assert halfway.app_on_phone
    log = site.log()
    secrets = [PASSWORD, code, halfway.app_on_phone.secret, halfway.cookie(), *halfway.recovery_codes]
    assert [secret for secret in [*secrets, halfway.email] if secret in log] == []
