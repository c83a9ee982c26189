"""Settings: what stops the start, in one sentence that names the setting."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mfa import create_app
from mfa.config import BadSetting

GOOD = {
    "MODE": "production",
    "SECRET_KEY": "0123456789abcdef" * 4,
    "SERVER_NAME": "console.example",
    "MAIL_SERVER": "mail.example",
}


def start(tmp_path: Path, **changes: Any) -> Any:
    return create_app({**GOOD, "INSTANCE_PATH": tmp_path, **changes})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MODE", "debug"),
        ("SECRET_KEY", None),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "a" * 64),
        ("SECRET_KEY", 12345678901234567890123456789012),
        ("SERVER_NAME", None),
        ("SERVER_NAME", "https://console.example/"),
        ("MAIL_SERVER", None),
        ("MAIL_PORT", "smtp"),
        ("MAIL_TIMEOUT", 0),
        ("MAIL_WORKER", "maybe"),
        ("PASSWORD_MIN_LENGTH", 7),
        ("PASSWORD_HASH_COST", "cheap"),
        ("RECOVERY_HASH_COST", "t=0,m=8,p=1"),
        ("PREFERRED_URL_SCHEME", "ftp"),
        ("SESSION_IDLE_SECONDS", 0),
    ],
)
def test_a_setting_that_can_not_work_stops_the_start(tmp_path: Path, name: str, value: Any) -> None:
    with pytest.raises(BadSetting, match=f"MFA_{name}"):
        start(tmp_path, **{name: value})


def test_production_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MFA_MODE", raising=False)
    with pytest.raises(BadSetting, match="MFA_SECRET_KEY is not set"):
        create_app({"INSTANCE_PATH": tmp_path})


def test_the_start_stops_with_one_sentence(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MFA_")}
    stopped = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "run"],
        cwd=Path(__file__).parent.parent.parent,
        env={**environment, "MFA_INSTANCE_PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert stopped.returncode == 1
    assert stopped.stderr.startswith("Twostep can't start. MFA_SECRET_KEY is not set: ")
    assert stopped.stderr.count("\n") == 1


def test_the_environment_sets_what_is_not_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MFA_PASSWORD_MIN_LENGTH", "20")
    assert start(tmp_path).config["PASSWORD_MIN_LENGTH"] == 20


@pytest.mark.parametrize("name", ["MAIL_PASSWORD", "PRODUCT_NAME"])
def test_a_text_of_digits_stays_a_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"MFA_{name}", "012e3")
    assert start(tmp_path).config[name] == "012e3"
    monkeypatch.setenv(f"MFA_{name}", "12345")
    assert start(tmp_path).config[name] == "12345"


def test_production_has_no_mailbox(tmp_path: Path) -> None:
    assert "mailbox" not in start(tmp_path).blueprints


def test_over_https_the_cookie_is_bound_to_the_host(tmp_path: Path) -> None:
    app = start(tmp_path)
    assert app.config["SESSION_COOKIE_NAME"] == "__Host-session"
    assert app.config["SESSION_COOKIE_SECURE"]


def test_over_https_the_browser_is_told_to_stay_there(tmp_path: Path) -> None:
    response = start(tmp_path).test_client().get("/sign-in", base_url="https://console.example")
    assert response.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_a_request_for_another_host_is_refused(tmp_path: Path) -> None:
    response = start(tmp_path).test_client().get("/sign-in", base_url="https://evil.example")
    assert response.status_code == 400


def test_development_makes_a_key_once_and_keeps_it(tmp_path: Path) -> None:
    settings = {"MODE": "development", "INSTANCE_PATH": tmp_path}
    first = create_app(settings).config["SECRET_KEY"]
    assert create_app(settings).config["SECRET_KEY"] == first
    assert (tmp_path / "development.key").stat().st_mode & 0o077 == 0
