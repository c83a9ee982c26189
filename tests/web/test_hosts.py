"""Settings that name hosts: what is accepted serves the sign-in page, and the rest says why it is refused."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from flask import Flask
from werkzeug.serving import make_server

from console import create_app
from console.accounts import addresses
from console.config import BadSetting
from console.mail import messages
from mfa import hosts
from mfa.crypto import totp
from tests.support.person import Person
from tests.web.test_config import GOOD, start

ROOT = Path(__file__).resolve().parent.parent.parent
SERVED = {
    "Console.Example": "console.example",
    "console.example.": "console.example",
    " console.example ": "console.example",
    "console.example:443": "console.example",
    "console.example:08443": "console.example:8443",
    "bücher.example": "xn--bcher-kva.example",
    "straße.example:8443": "xn--strae-oqa.example:8443",
    "203.0.113.7:8000": "203.0.113.7:8000",
    "localhost": "localhost",
    "intranet": "intranet",
}
REFUSED = [
    *("host:99999", "host:0", "host:", "host:٣", "https://console.example", "console.example/", "a b", "*"),
    *(
        "my_host.example",
        "::1",
        "[::1",
        "[::1]x",
        "[::g]",
        "-a.example",
        "a..b",
        "127.1",
        "user@host",
        "☃.example",
    ),
]


def status(app: Flask, address: str, host: str) -> int:
    """How the sign-in page of *host* is answered by a real server."""
    server = make_server(address, 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        url = str(hosts.Host(address, server.server_port))
        return httpx.get(f"http://{url}/sign-in", headers={"Host": host}).status_code
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("name", SERVED)
def test_host_that_is_accepted_serves_the_sign_in_page(config: dict[str, Any], name: str) -> None:
    app = create_app({**config, **GOOD, "SERVER_NAME": name})
    assert status(app, "127.0.0.1", SERVED[name]) == 200
    with app.app_context():
        linked = urlsplit(messages.absolute("accounts.sign_in"))
        assert linked.netloc.removesuffix(":443") == SERVED[name]


@pytest.mark.parametrize("name", REFUSED)
def test_host_that_no_browser_asks_for_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadSetting, match="MFA_SERVER_NAME must be the host that people open"):
        start(tmp_path, SERVER_NAME=name)


def test_ipv6_address_is_refused_in_production(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="MFA_SERVER_NAME is an IPv6 address"):
        start(tmp_path, SERVER_NAME="[2001:db8::1]:8000")


def test_ipv6_address_serves_in_development(config: dict[str, Any]) -> None:
    app = create_app({**config, "SERVER_NAME": "[::1]:5000", "MAIL_WORKER": "none"})
    assert status(app, "::1", "[::1]:5000") == 200
    assert app.config["MAIL_DEFAULT_SENDER"] == "no-reply@[IPv6:::1]"


@pytest.mark.process
@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("::1", "[::1]:5000"),
        ("::", "[::1]:5000"),
        ("0.0.0.0", "127.0.0.1:5000"),  # noqa: S104 (what people type)
        ("localhost", "localhost:5000"),
    ],
)
def test_make_run_names_a_host_that_can_be_opened(host: str, name: str) -> None:
    own = {key: value for key, value in os.environ.items() if not key.startswith(("MFA_", "MAKE"))}
    said = subprocess.run(
        ["make", "--silent", "run", f"HOST={host}", "RUNTIME=", "FLASK=printenv MFA_SERVER_NAME; :"],
        cwd=ROOT,
        env=own,
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(said.stdout.split()) == {name}
    assert str(hosts.parse(name)) == name


@pytest.mark.parametrize(
    "trusted", ["Console.Example", "console.example.", "console.example:8443", ".EXAMPLE"]
)
def test_trusted_host_is_brought_into_one_form(config: dict[str, Any], trusted: str) -> None:
    app = create_app({**config, **GOOD, "TRUSTED_HOSTS": [trusted]})
    assert app.test_client().get("/sign-in", base_url="https://console.example").status_code == 200


@pytest.mark.parametrize(
    "trusted", [[], ["*"], [""], ["https://console.example"], ["[::1]"], ["other.example"]]
)
def test_trusted_hosts_that_serve_nothing_or_all_are_refused(tmp_path: Path, trusted: list[str]) -> None:
    with pytest.raises(BadSetting, match="MFA_TRUSTED_HOSTS"):
        start(tmp_path, TRUSTED_HOSTS=trusted)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RATELIMIT_REFUSED", "0 per minute"),
        ("RATELIMIT_REFUSED", "30 per minute; 0 per hour"),
        ("RATELIMIT_MAILS", "0/second"),
        ("MAIL_TIMEOUT", True),
        ("MAIL_SERVER", "mail.example:587"),
        ("MAIL_SERVER", "smtp://mail.example"),
        ("MAIL_SERVER", "[::1]"),
        ("PRODUCT_NAME", "Two: step"),
        ("METRICS_TOKEN", "0123456789abcdef=0123"),
        ("METRICS_TOKEN", " 0123456789abcdef"),
        ("PASSWORD_HASH_COST", "t=3,m=99999999,p=4"),
        ("RECOVERY_HASH_COST", "t=9999,m=1000000,p=4"),
        ("MAIL_DOMAINS", "corp.local"),
        ("MAIL_DOMAINS", ["@corp.local"]),
        ("MAIL_DOMAINS", ["corp.local:25"]),
    ],
)
def test_setting_with_which_nothing_works_is_refused(tmp_path: Path, name: str, value: Any) -> None:
    with pytest.raises(BadSetting, match=f"MFA_{name}"):
        start(tmp_path, **{name: value})


def test_user_name_needs_a_password_for_the_mail_server(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="MFA_MAIL_PASSWORD is not set"):
        start(tmp_path, MAIL_USERNAME="twostep")


@pytest.mark.parametrize("server", ["mail_server", "203.0.113.7", "::1", "mail.corp.local"])
def test_mail_server_of_an_internal_network_is_accepted(tmp_path: Path, server: str) -> None:
    assert start(tmp_path, MAIL_SERVER=server).config["MAIL_SERVER"] == server


def test_operator_may_have_an_internal_address(tmp_path: Path) -> None:
    own = {"SUPPORT_ADDRESS": "help@corp.local", "MAIL_DEFAULT_SENDER": "Twostep <no-reply@corp.local>"}
    assert start(tmp_path, **own).config["SUPPORT_ADDRESS"] == "help@corp.local"


def test_slash_in_a_label_does_not_cut_it() -> None:
    label = totp.uri(b"0" * 20, account="a/b@example.com", issuer="TCP/IP").partition("?")[0]
    assert label == "otpauth://totp/TCP%2FIP:a%2Fb%40example.com"


# Internal mail domains


@pytest.fixture
def inside(config: dict[str, Any]) -> Flask:
    return create_app({**config, "MAIL_WORKER": "none", "MAIL_DOMAINS": ["Corp.Local", "büro.internal"]})


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("Mina@CORP.local", "mina@corp.local"),
        ("mina@büro.internal", "mina@xn--bro-hoa.internal"),
        ("mina@example.com", "mina@example.com"),
    ],
)
def test_address_at_a_named_internal_domain_is_accepted(inside: Flask, typed: str, key: str) -> None:
    with inside.app_context():
        assert addresses.parse(typed).key == key


@pytest.mark.parametrize("typed", ["mina@other.local", "mina@sub.corp.local", "mina@localhost"])
def test_address_at_another_internal_domain_is_refused_as_such(inside: Flask, typed: str) -> None:
    with inside.app_context(), pytest.raises(addresses.InternalDomain):
        addresses.parse(typed)


@pytest.mark.parametrize(
    "typed", ["@corp.local", "a b@corp.local", "mina@corp.local, eve@corp.local", "mina@"]
)
def test_internal_domain_makes_no_address_of_anything(inside: Flask, typed: str) -> None:
    with inside.app_context(), pytest.raises(addresses.BadAddress):
        addresses.parse(typed)


def test_sign_up_says_why_an_internal_address_is_refused(person: Person) -> None:
    person.get("/sign-up")
    response = person.post("/sign-up", {"email": "mina@corp.local"})
    assert response.status_code == 422
    assert "send mail to “corp.local”, a name for internal networks" in response.text


def test_person_at_an_internal_domain_signs_up(inside: Flask, inbox: Any, clock: Any) -> None:
    mina = Person(inside, inbox, clock, email="mina@corp.local").sign_up()
    assert mina.is_signed_in()
