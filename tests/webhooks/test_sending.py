"""How an event is posted: signed, to an address that was checked, within seconds, and nowhere else."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from console.config import webhooks as settings
from console.webhooks import sending
from console.webhooks.receiver import Receiver
from console.webhooks.sending import Message, NotTaken
from tests.support.hooks import NAME, OK, OLD_SECRET, SECRET, Authority, HookServer
from tests.support.smtp import free_port

NOW = datetime(2026, 11, 24, 12, 0, 10, tzinfo=UTC)
EVENT = Message("msg_1", '{"type":"test","timestamp":"2026-11-24T12:00:10Z","data":{}}')
HERE = ("127.0.0.1/32",)
LookUps = dict[str, list[list[str]]]


@pytest.fixture
def dns(monkeypatch: pytest.MonkeyPatch) -> LookUps:
    """Names with their addresses: a list for each look-up, of which the last one stays."""
    names: LookUps = {}
    real = socket.getaddrinfo

    def look_up(host: Any, port: Any, *more: Any, **options: Any) -> Any:
        if host not in names:
            return real(host, port, *more, **options)
        found = names[host].pop(0) if len(names[host]) > 1 else names[host][0]
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [entry for address in found for entry in real(address, port, *more, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return names


@pytest.fixture
def hooks(authority: Authority) -> Iterator[HookServer]:
    server = HookServer(authority.tls(NAME, "127.0.0.1"))
    yield server
    server.stop()


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "WITHIN", 1.0)
    monkeypatch.setattr(sending, "_CONNECT_WITHIN", 0.5)


def receiver(
    authority: Authority,
    url: str,
    *,
    private: tuple[str, ...] = HERE,
    secrets: tuple[str, ...] = (SECRET,),
) -> Receiver:
    return Receiver(
        settings.parse(url),
        tuple(map(Webhook, secrets)),
        tuple(map(ip_network, private)),
        str(authority.file),
    )


@pytest.fixture
def post(authority: Authority, hooks: HookServer, dns: LookUps) -> Callable[..., sending.Answer]:
    """Post the event to the server, by its name."""
    dns[NAME] = [["127.0.0.1"]]

    def send(url: str = f"https://{NAME}:{{}}/twostep", **of_receiver: Any) -> sending.Answer:
        return sending.send(EVENT, receiver(authority, url.format(hooks.port), **of_receiver), NOW)

    return send


Post = Callable[..., sending.Answer]


# What is posted


def test_the_receiver_gets_the_event_and_how_it_is_signed(post: Post, hooks: HookServer) -> None:
    assert post(f"https://{NAME}:{{}}/twostep?tenant=7").status == 204
    posted = hooks.wait_for()
    assert posted.line == "POST /twostep?tenant=7 HTTP/1.1"
    assert posted.body == EVENT.body.encode()
    assert posted.headers["host"] == f"{NAME}:{hooks.port}"
    assert posted.headers["content-type"] == "application/json"
    assert posted.headers["webhook-id"] == "msg_1"
    assert posted.headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    signature = Webhook(SECRET).sign("msg_1", NOW, EVENT.body)
    assert posted.headers["webhook-signature"] == signature


def test_the_signature_is_that_of_the_specification(authority: Authority) -> None:
    """With the example that its libraries are tested with."""
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = receiver(authority, f"https://{NAME}/").sign(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", at, '{"test": 2432232314}'
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_with_two_secrets_there_are_two_signatures(post: Post, hooks: HookServer) -> None:
    post(secrets=(SECRET, OLD_SECRET))
    signatures = hooks.wait_for().headers["webhook-signature"].split()
    assert signatures == [Webhook(one).sign("msg_1", NOW, EVENT.body) for one in (SECRET, OLD_SECRET)]


def test_the_usual_port_does_not_stand_in_the_host(authority: Authority) -> None:
    assert settings.parse(f"https://{NAME}:443/").authority == NAME
    assert settings.parse(f"https://{NAME}:8443/").authority == f"{NAME}:8443"


# Where it goes


def test_a_name_that_does_not_resolve_is_said(post: Post, dns: LookUps) -> None:
    dns[NAME] = [[]]
    with pytest.raises(sending.UnknownName):
        post()


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["169.254.169.254"], ["8.8.8.8", "::ffff:10.0.0.1"]])
def test_nothing_is_sent_to_a_name_that_leads_into_a_private_network(
    post: Post, hooks: HookServer, dns: LookUps, addresses: list[str]
) -> None:
    """Also where one of its addresses alone is private."""
    dns[NAME] = [addresses]
    with pytest.raises(sending.PrivateNetwork) as refused:
        post(private=())
    assert addresses[-1] in refused.value.sentence
    assert hooks.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "0x7f000001", "localhost", "[::ffff:127.0.0.1]"])
def test_nothing_is_sent_to_a_private_address(post: Post, hooks: HookServer, host: str) -> None:
    """Also where the system alone takes it for one."""
    with pytest.raises((sending.PrivateNetwork, sending.UnknownName)):
        post(f"https://{host}:{{}}/", private=())
    assert hooks.connections == 0


def test_a_name_is_looked_up_once_and_that_address_is_used(
    authority: Authority, hooks: HookServer, dns: LookUps
) -> None:
    """DNS rebinding: the second answer would lead to a server that the first one hid."""
    inside = HookServer(authority.tls(NAME), "127.0.0.2", hooks.port)
    dns[NAME] = [["127.0.0.1"], ["127.0.0.2"]]
    try:
        sending.send(EVENT, receiver(authority, f"https://{NAME}:{hooks.port}/"), NOW)
        assert len(hooks.take_all()) == 1
        with pytest.raises(sending.PrivateNetwork):
            sending.send(EVENT, receiver(authority, f"https://{NAME}:{hooks.port}/"), NOW)
        assert inside.connections == 0
    finally:
        inside.stop()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(post: Post, hooks: HookServer, authority: Authority, status: int) -> None:
    elsewhere = HookServer(authority.tls("127.0.0.1"))
    location = f"https://127.0.0.1:{elsewhere.port}/"
    hooks.answer = f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
    try:
        with pytest.raises(sending.Redirected, match=str(status)):
            post()
        assert elsewhere.connections == 0
    finally:
        elsewhere.stop()


def test_no_proxy_of_the_environment_is_used(
    post: Post, hooks: HookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    post()
    assert len(hooks.take_all()) == 1


def test_the_next_address_is_tried_where_one_does_not_answer(
    post: Post, hooks: HookServer, dns: LookUps
) -> None:
    dns[NAME] = [["127.0.0.9", "127.0.0.1"]]
    post(private=("127.0.0.0/8",))
    assert len(hooks.take_all()) == 1


def test_a_receiver_with_an_ipv6_address_can_be_reached(authority: Authority, dns: LookUps) -> None:
    server = HookServer(authority.tls("::1"), "::1")
    to = receiver(authority, f"https://[::1]:{server.port}/", private=("::1/128",))
    sending.send(EVENT, to, NOW)
    assert server.wait_for().headers["host"] == f"[::1]:{server.port}"
    server.stop()


# To whom


def refuses_certificate(post: Post, **of_receiver: Any) -> str:
    with pytest.raises(sending.BadCertificate) as refused:
        post(**of_receiver)
    return refused.value.sentence


def test_a_certificate_for_another_name_is_refused(
    post: Post, authority: Authority, hooks: HookServer
) -> None:
    hooks._tls = authority.tls("other.example")
    assert "Hostname mismatch" in refuses_certificate(post)
    assert hooks.take_all() == []


def test_a_certificate_for_the_address_alone_is_refused_for_the_name(
    post: Post, authority: Authority, hooks: HookServer
) -> None:
    hooks._tls = authority.tls("127.0.0.1")
    refuses_certificate(post)
    assert hooks.take_all() == []


def test_a_certificate_of_another_authority_is_refused(post: Post, hooks: HookServer, tmp_path: Path) -> None:
    hooks._tls = Authority(tmp_path).tls(NAME)
    assert "unable to get local issuer" in refuses_certificate(post)
    assert hooks.take_all() == []


def test_a_certificate_that_has_expired_is_refused(
    post: Post, authority: Authority, hooks: HookServer
) -> None:
    hooks._tls = authority.tls(NAME, valid=-timedelta(days=1))
    assert "expired" in refuses_certificate(post)


def test_the_authorities_of_the_system_do_not_know_a_private_one(
    post: Post, authority: Authority, hooks: HookServer
) -> None:
    to = Receiver(settings.parse(f"https://{NAME}:{hooks.port}/"), (Webhook(SECRET),), LOOPBACK, None)
    with pytest.raises(sending.BadCertificate):
        sending.send(EVENT, to, NOW)


LOOPBACK = (ip_network("127.0.0.0/8"),)


# What it answers


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_a_yes(post: Post, hooks: HookServer, status: int) -> None:
    hooks.answer = f"HTTP/1.1 {status} Yes\r\nContent-Length: 0\r\n\r\n".encode()
    assert post().status == status


@pytest.mark.parametrize(
    ("status", "kind", "sentence"),
    [
        (400, sending.Refused, "It answered 400 Bad Request."),
        (404, sending.Refused, "It answered 404 Not Found."),
        (410, sending.Gone, "It answered 410 Gone."),
        (429, sending.Overloaded, "It answered 429 Too Many Requests."),
        (500, sending.Refused, "It answered 500 Internal Server Error."),
        (503, sending.Overloaded, "It answered 503 Service Unavailable."),
        (799, sending.Refused, "It answered 799."),
    ],
)
def test_other_answers_are_a_no_and_said(
    post: Post, hooks: HookServer, status: int, kind: type[NotTaken], sentence: str
) -> None:
    hooks.answer = f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode()
    with pytest.raises(kind) as refused:
        post()
    assert type(refused.value) is kind
    assert refused.value.sentence == sentence


@pytest.mark.parametrize(
    ("said", "seconds"), [("120", 120), ("", 0), ("soon", 0), ("-5", 0), ("٣", 0), ("9" * 400, 0)]
)
def test_how_long_the_receiver_wants_to_be_left_alone_is_heard(
    post: Post, hooks: HookServer, said: str, seconds: int
) -> None:
    hooks.answer = f"HTTP/1.1 429 No\r\nRetry-After: {said}\r\nContent-Length: 0\r\n\r\n".encode()
    with pytest.raises(sending.Overloaded) as refused:
        post()
    assert refused.value.retry_after == timedelta(seconds=seconds)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 2"])
def test_a_connection_that_is_cut_is_no_answer(post: Post, hooks: HookServer, answer: bytes) -> None:
    hooks.answer = answer
    with pytest.raises((sending.Cut, sending.BadAnswer)):
        post()


@pytest.mark.parametrize(
    "answer", [b"220 mail.example ESMTP\r\n", b"\x00" * 200_000, b"HTTP/1.1 200 OK\r\n" + b"A: 1\r\n" * 300]
)
def test_an_answer_that_is_no_http_is_said(post: Post, hooks: HookServer, answer: bytes) -> None:
    hooks.answer = answer
    with pytest.raises(sending.BadAnswer):
        post()


def test_nothing_logs_the_path_of_the_address(
    post: Post, hooks: HookServer, caplog: pytest.LogCaptureFixture
) -> None:
    """It may hold a token; the library would log it with headers that can't be read."""
    hooks.answer = b"HTTP/1.1 200 OK\r\nno header at all\r\n\r\n"
    post()
    assert caplog.text == ""


def test_a_server_without_tls_is_said(authority: Authority) -> None:
    plain = HookServer(None)
    plain.greeting = lambda connection: connection.sendall(OK)
    with pytest.raises(sending.BadAnswer):
        sending.send(EVENT, receiver(authority, f"https://127.0.0.1:{plain.port}/"), NOW)
    assert plain.take_all() == []
    plain.stop()


def test_a_port_where_nobody_listens_is_said(authority: Authority) -> None:
    with pytest.raises(sending.Unreachable) as refused:
        sending.send(EVENT, receiver(authority, f"https://127.0.0.1:{free_port()}/"), NOW)
    assert "Connection refused" in refused.value.sentence


def test_an_answer_without_end_is_not_read_to_its_end(post: Post, hooks: HookServer) -> None:
    hooks.answer = hooks.drip(b"HTTP/1.1 200 OK\r\n\r\n", b"A" * 100_000)
    assert post().status == 200


# How long it takes


@pytest.fixture
def stopwatch() -> Iterator[None]:
    """Fails what takes much longer than the second that a try may take here."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < 20


SLOW = {
    "status": (b"HTTP/1.1 200 ", b"O"),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"A"),
    "more headers": (b"HTTP/1.1 200 OK\r\n", b"A: 1\r\n"),
    "continue": (b"HTTP/1.1 100 Continue\r\n\r\n",),
}


@pytest.mark.slow
@pytest.mark.usefixtures("short", "stopwatch")
@pytest.mark.parametrize("part", SLOW)
def test_an_answer_that_comes_drop_by_drop_does_not_hold_us(post: Post, hooks: HookServer, part: str) -> None:
    hooks.answer = hooks.drip(*SLOW[part])
    with pytest.raises((sending.TimedOut, sending.BadAnswer)):
        post()


@pytest.mark.slow
@pytest.mark.usefixtures("short", "stopwatch")
def test_the_status_decides_however_slowly_the_rest_comes(post: Post, hooks: HookServer) -> None:
    hooks.answer = hooks.drip(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n", b"A")
    assert post().status == 200


@pytest.mark.slow
@pytest.mark.usefixtures("short", "stopwatch")
def test_silence_does_not_hold_us(post: Post, hooks: HookServer) -> None:
    hooks.answer = hooks.hang
    with pytest.raises(sending.TimedOut):
        post()


@pytest.mark.slow
@pytest.mark.usefixtures("short", "stopwatch")
@pytest.mark.parametrize("drips", [False, True])
def test_silence_before_tls_does_not_hold_us(post: Post, hooks: HookServer, drips: bool) -> None:
    # A record of TLS that never gets whole.
    hooks.greeting = hooks.drip(b"\x16\x03\x03\x40\x00", b"\x02") if drips else hooks.hang
    with pytest.raises(sending.TimedOut):
        post()


@pytest.mark.slow
@pytest.mark.usefixtures("short", "stopwatch")
def test_a_name_server_that_does_not_answer_does_not_hold_us(
    post: Post, hooks: HookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_up(*_: Any, **__: Any) -> Any:
        hooks.hang()
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(sending.TimedOut, match="DNS"):
        post()
