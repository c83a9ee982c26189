"""The settings of webhooks: what stops the start, in one sentence that names the setting."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from console import config as settings
from console.config import BadSetting
from console.webhooks import receiver
from console.webhooks.receiver import Receiver
from tests.support.hooks import OLD_SECRET, SECRET, Authority
from tests.web.test_config import GOOD as PRODUCTION

URL = "https://hooks.example/twostep"
GOOD = {**PRODUCTION, "WEBHOOK_URL": URL, "WEBHOOK_SECRET": SECRET}


def start(tmp_path: Path, **changes: Any) -> Receiver | None:
    """Read the settings of an application in production, and return its receiver."""
    return receiver_of({**GOOD, **changes}, tmp_path)


def receiver_of(given: dict[str, Any], instance: Path) -> Receiver | None:
    app = Flask("settings")
    settings.load(app.config, given, instance)
    receiver.use(app)
    with app.app_context():
        return receiver.receiver()


def secret(length: int) -> str:
    return "whsec_" + base64.b64encode(bytes(range(length))).decode()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WEBHOOK_URL", "http://hooks.example/"),
        ("WEBHOOK_URL", "http://127.0.0.1/"),
        ("WEBHOOK_URL", "ftp://hooks.example/"),
        ("WEBHOOK_URL", "hooks.example"),
        ("WEBHOOK_URL", "https://"),
        ("WEBHOOK_URL", "https://:443/"),
        ("WEBHOOK_URL", "https://name@hooks.example/"),
        ("WEBHOOK_URL", "https://name:password@hooks.example/"),
        ("WEBHOOK_URL", "https://hooks.example/#part"),
        ("WEBHOOK_URL", "https://hooks.example/#"),
        ("WEBHOOK_URL", "https://hooks.example:0/"),
        ("WEBHOOK_URL", "https://hooks.example:99999/"),
        ("WEBHOOK_URL", "https://hooks.example/a b"),
        ("WEBHOOK_URL", "https://hooks.example/\r\nX-Header: 1"),
        ("WEBHOOK_URL", "https://hooks.example\\@127.0.0.1/"),
        ("WEBHOOK_URL", "https://hooks.example/é"),
        ("WEBHOOK_URL", "https://hooks.example/" + "a" * 2000),
        ("WEBHOOK_URL", "https://2130706433/"),
        ("WEBHOOK_URL", 5),
        ("WEBHOOK_SECRET", None),
        ("WEBHOOK_SECRET", ""),
        ("WEBHOOK_SECRET", "secret"),
        ("WEBHOOK_SECRET", secret(23)),
        ("WEBHOOK_SECRET", secret(65)),
        ("WEBHOOK_SECRET", secret(32).removeprefix("whsec_")),
        ("WEBHOOK_SECRET", "whsec_" + "A" * 44),
        ("WEBHOOK_SECRET", f"{SECRET} nonsense"),
        ("WEBHOOK_SECRET", " ".join([SECRET] * 5)),
        ("WEBHOOK_SECRET", "whsec_" + "!" * 44),
        ("WEBHOOK_PRIVATE_NETWORKS", "10.0.0.0/8"),
        ("WEBHOOK_PRIVATE_NETWORKS", ["10.0.0.1/8"]),
        ("WEBHOOK_PRIVATE_NETWORKS", ["office"]),
        ("WEBHOOK_PRIVATE_NETWORKS", [10]),
        ("WEBHOOK_PRIVATE_NETWORKS", None),
        ("WEBHOOK_CA_FILE", "/nowhere/authority.pem"),
        ("WEBHOOK_CA_FILE", __file__),
    ],
)
def test_what_can_not_work_stops_the_start(tmp_path: Path, name: str, value: Any) -> None:
    with pytest.raises(BadSetting, match=f"^MFA_{name} ") as refused:
        start(tmp_path, **{name: value})
    assert str(refused.value).endswith(".")
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("length", [24, 32, 64])
def test_a_secret_has_24_to_64_bytes(tmp_path: Path, length: int) -> None:
    assert start(tmp_path, WEBHOOK_SECRET=secret(length))


@pytest.mark.parametrize("between", [" ", "\n", "  \n"])
def test_several_secrets_sign_in_their_order(tmp_path: Path, between: str) -> None:
    found = start(tmp_path, WEBHOOK_SECRET=f"{SECRET}{between}{OLD_SECRET}\n")
    assert found
    assert len(found.signers) == 2


@pytest.mark.parametrize(
    ("url", "authority", "port", "path"),
    [
        (URL, "hooks.example", 443, "/twostep"),
        ("https://hooks.example", "hooks.example", 443, "/"),
        ("https://Hooks.Example:8443/a?b=c", "hooks.example:8443", 8443, "/a?b=c"),
        ("https://straße.example/", "xn--strae-oqa.example", 443, "/"),
        ("https://203.0.113.7/", "203.0.113.7", 443, "/"),
        ("https://[2001:db8::7]:8443/", "[2001:db8::7]:8443", 8443, "/"),
    ],
)
def test_an_address_is_read_as_browsers_read_it(
    tmp_path: Path, url: str, authority: str, port: int, path: str
) -> None:
    found = start(tmp_path, WEBHOOK_URL=url)
    assert found
    assert (found.address.authority, found.address.port, found.address.path) == (authority, port, path)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/", "http://localhost/hooks", "http://[::1]:9/"])
def test_development_takes_this_machine_without_tls(tmp_path: Path, url: str) -> None:
    assert start(tmp_path, MODE="development", WEBHOOK_URL=url)


def test_development_takes_no_other_machine_without_tls(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=r"^MFA_WEBHOOK_URL "):
        start(tmp_path, MODE="development", WEBHOOK_URL="http://hooks.example/")


def test_production_does_not_lead_to_this_machine(tmp_path: Path) -> None:
    found = start(tmp_path, WEBHOOK_PRIVATE_NETWORKS=["10.0.0.0/8"])
    assert found
    assert [str(network) for network in found.private] == ["10.0.0.0/8"]


@pytest.mark.parametrize("url", [None, ""])
def test_without_an_address_there_is_no_receiver(tmp_path: Path, url: str | None) -> None:
    assert start(tmp_path, WEBHOOK_URL=url) is None


def test_settings_may_come_from_the_environment_and_from_files(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n{OLD_SECRET}\n")
    for name, value in {
        "MFA_WEBHOOK_URL": URL,
        "MFA_WEBHOOK_SECRET_FILE": str(tmp_path / "secret"),
        "MFA_WEBHOOK_PRIVATE_NETWORKS": '["10.0.0.0/8", "fd00::/8"]',
        "MFA_WEBHOOK_CA_FILE": str(authority.file),
    }.items():
        monkeypatch.setenv(name, value)
    own = {name: value for name, value in GOOD.items() if not name.startswith("WEBHOOK_")}
    found = receiver_of(own, tmp_path)
    assert found
    assert len(found.signers) == 2
    assert len(found.private) == 2
    assert found.ca_file == str(authority.file)
