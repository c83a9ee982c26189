"""Settings: what stops the start, in one sentence that names the setting."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from console import config as settings, create_app, readiness
from console.config import BadSetting

GOOD = {
    "MODE": "production",
    "SECRET_KEY": "0123456789abcdef" * 4,
    "SERVER_NAME": "console.example",
    "MAIL_SERVER": "mail.example",
    "MAIL_WORKER": "none",
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
        ("WORKERS", 0),
        ("WORKERS", "many"),
        ("THREADS", 0),
        ("THREADS", 65),
        ("READ_SECONDS", 0),
        ("READ_SECONDS", 301),
        ("DRAIN_SECONDS", -1),
        ("DRAIN_SECONDS", 301),
        ("METRICS_TOKEN", "short"),
        ("TRUSTED_PROXIES", -1),
        ("TRUSTED_PROXIES", "one"),
        ("RATELIMIT_REFUSED", "often"),
        ("RATELIMIT_MAILS", ""),
        ("RATELIMIT_STORAGE_URI", "carrier-pigeon://loft"),
        ("SQLALCHEMY_DATABASE_URI", "nonsense"),
        ("SQLALCHEMY_DATABASE_URI", "postgresql+nope://host/name"),
        ("SECRET_KEY_FALLBACKS", None),
        ("SECRET_KEY_FALLBACKS", "0123456789abcdef" * 4),
        ("TRUSTED_HOSTS", 5),
        ("SECRET_KEY_FALLBACKS", ["short"]),
        ("MAIL_USE_TLS", "maybe"),
        ("MAIL_DEFAULT_SENDER", "nobody"),
        ("PRODUCT_NAME", ""),
        ("PRODUCT_NAME", "   "),
        ("PRODUCT_NAME", "a" * 41),
        ("PRODUCT_NAME", "Two\nstep"),
        ("PRODUCT_NAME", 12),
        ("SUPPORT_ADDRESS", "the help desk"),
        ("SUPPORT_ADDRESS", "https://help.example/"),
        ("SUPPORT_ADDRESS", None),
        ("RECOVERY_DAYS", 2),
        ("RECOVERY_DAYS", 31),
        ("DELETION_DAYS", -1),
        ("DELETION_DAYS", 91),
        ("DELETION_DAYS", "a month"),
        ("ACTIVITY_DAYS", 29),
        ("ACTIVITY_DAYS", "a year"),
        ("ACTIVITY_DAYS", 3661),
        ("PASSKEY_RP_ID", "203.0.113.7"),
        ("PASSKEY_RP_ID", "other.example"),
        ("PASSKEY_RP_ID", "console.example:443"),
        ("PASSKEY_ORIGINS", "https://other.example"),
        ("PASSKEY_ORIGINS", ["other.example"]),
        ("PASSKEY_SIGN_IN", "perhaps"),
        ("PASSKEY_AAGUIDS", ["YubiKey"]),
        ("THROTTLE_DAYS", 0),
        ("THROTTLE_DAYS", True),
        ("ACCENT_COLOR", ""),
        ("ACCENT_COLOR", "red"),
        ("ACCENT_COLOR", "#fff"),
        ("ACCENT_COLOR", "#00ff88; }"),
        ("ACCENT_COLOR", "#00ff88\n"),
        ("LOGO", "no/such/logo.svg"),
        ("LOGO", "."),
        ("LOGO", __file__),
        ("EVENT_LOG", "no/such/folder/events.log"),
        ("SQLALCHEMY_DATABASE_URI", "sqlite:////no/such/folder/twostep.db"),
    ],
)
def test_a_setting_that_can_not_work_stops_the_start(tmp_path: Path, name: str, value: Any) -> None:
    with pytest.raises(BadSetting, match=f"MFA_{name}"):
        start(tmp_path, **{name: value})


def test_production_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MFA_MODE", raising=False)
    with pytest.raises(BadSetting, match="MFA_SECRET_KEY is not set"):
        create_app({"INSTANCE_PATH": tmp_path})


@pytest.mark.process
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
    assert stopped.returncode == 3
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


@pytest.mark.parametrize(("said", "meant"), [("False", False), ("no", False), ("true", True), ("1", True)])
def test_a_switch_is_read_in_the_usual_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, meant: bool
) -> None:
    monkeypatch.setenv("MFA_MAIL_USE_TLS", said)
    assert start(tmp_path).config["MAIL_USE_TLS"] is meant


@pytest.mark.parametrize("name", ["WTF_CSRF_ENABLED", "WTF_CSRF_CHECK_DEFAULT"])
def test_no_setting_takes_a_guard_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"MFA_{name}", "false")
    assert start(tmp_path).config[name] is True


@pytest.mark.parametrize(
    "command", [["users", "show", "a@b.example", "--reason", "x"], ["keys", "list"], ["mail", "deliver"]]
)
def test_a_command_before_the_tables_are_made_says_how_to_make_them(
    tmp_path: Path, command: list[str]
) -> None:
    result = start(tmp_path).test_cli_runner().invoke(args=command)
    assert result.exit_code == 3
    assert "flask --app app db upgrade" in result.output


def test_production_has_no_mailbox(tmp_path: Path) -> None:
    assert "mailbox" not in start(tmp_path).blueprints


def test_over_https_the_cookie_is_bound_to_the_host(tmp_path: Path) -> None:
    app = start(tmp_path)
    assert app.config["SESSION_COOKIE_NAME"] == "__Host-twostep-session"
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


# Secrets from files


@pytest.fixture
def from_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in GOOD.items():
        if name != "SECRET_KEY":
            monkeypatch.setenv(f"MFA_{name}", value)
    monkeypatch.delenv("MFA_SECRET_KEY", raising=False)
    return monkeypatch


def test_a_secret_may_be_named_by_a_file(tmp_path: Path, from_environment: pytest.MonkeyPatch) -> None:
    for name in ("SECRET_KEY", "MAIL_PASSWORD"):
        (tmp_path / name).write_text("from a file, 0123456789 and letters\n")
        from_environment.setenv(f"MFA_{name}_FILE", str(tmp_path / name))
    config = create_app({"INSTANCE_PATH": tmp_path}).config
    assert config["MAIL_PASSWORD"] == "from a file, 0123456789 and letters"


def test_old_keys_may_be_named_by_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = "an old key, 0123456789 and letters"
    (tmp_path / "old").write_text(f'["{old}"]\n')
    monkeypatch.setenv("MFA_SECRET_KEY_FALLBACKS_FILE", str(tmp_path / "old"))
    assert start(tmp_path).config["SECRET_KEY_FALLBACKS"] == [old]


def test_a_file_of_old_keys_that_is_no_list_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "old").write_text("an old key, 0123456789 and letters\n")
    monkeypatch.setenv("MFA_SECRET_KEY_FALLBACKS_FILE", str(tmp_path / "old"))
    with pytest.raises(BadSetting, match="MFA_SECRET_KEY_FALLBACKS must be a JSON list"):
        start(tmp_path)


def test_a_file_of_a_secret_that_is_not_there_stops_the_start(
    tmp_path: Path, from_environment: pytest.MonkeyPatch
) -> None:
    from_environment.setenv("MFA_SECRET_KEY_FILE", str(tmp_path / "nothing"))
    with pytest.raises(BadSetting, match="MFA_SECRET_KEY_FILE"):
        create_app({"INSTANCE_PATH": tmp_path})


# Proxies


def seen(tmp_path: Path, **changes: Any) -> dict[str, str]:
    """Where the application thinks a request through a proxy comes from, and by which scheme and host."""
    from flask import request

    from console.web.access import public

    app = start(tmp_path, TRUSTED_HOSTS=["console.example", "evil.example"], **changes)
    app.add_url_rule(
        "/seen",
        view_func=public(
            lambda: {"from": request.remote_addr, "scheme": request.scheme, "host": request.host}
        ),
    )
    forwarded = {
        "X-Forwarded-For": "203.0.113.7, 198.51.100.9",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
    }
    said: dict[str, str] = (
        app.test_client().get("/seen", base_url="http://console.example", headers=forwarded).get_json()
    )
    return said


def test_what_a_proxy_says_is_not_believed_unless_told_so(tmp_path: Path) -> None:
    assert seen(tmp_path) == {"from": "127.0.0.1", "scheme": "http", "host": "console.example"}


def test_of_one_proxy_the_last_address_is_believed_and_never_its_host(tmp_path: Path) -> None:
    assert seen(tmp_path, TRUSTED_PROXIES=1) == {
        "from": "198.51.100.9",
        "scheme": "https",
        "host": "console.example",
    }


def test_of_two_proxies_the_address_before_the_last_is_believed(tmp_path: Path) -> None:
    assert seen(tmp_path, TRUSTED_PROXIES=2)["from"] == "203.0.113.7"


def test_over_https_every_cookie_is_secure_and_bound_to_the_host(tmp_path: Path) -> None:
    app = start(tmp_path)
    names = {app.config["SESSION_COOKIE_NAME"], app.config["DEVICE_COOKIE_NAME"]}
    assert names == {"__Host-twostep-session", "__Host-twostep-device"}


def test_a_database_host_that_says_nothing_holds_nobody_for_long(tmp_path: Path) -> None:
    """It takes the connection and is silent; without a limit this would wait until the test is killed."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(readiness.Unreachable):
            start(tmp_path, SQLALCHEMY_DATABASE_URI=f"postgresql+psycopg://somebody@127.0.0.1:{port}/twostep")


@pytest.mark.parametrize(("cores", "processes"), [(1, 2), (2, 2), (8, 8)])
def test_there_are_as_many_processes_as_cores_and_never_one_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cores: int, processes: int
) -> None:
    monkeypatch.setattr("console.config.cores", lambda: cores)
    assert start(tmp_path).config["WORKERS"] == processes
    assert start(tmp_path, WORKERS=1).config["WORKERS"] == 1


def test_two_ways_to_encrypt_mail_stop_the_start(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="MFA_MAIL_USE_TLS and MFA_MAIL_USE_SSL can't both be set"):
        start(tmp_path, MAIL_USE_TLS=True, MAIL_USE_SSL=True)


def test_mails_may_come_from_an_address_with_a_name(tmp_path: Path) -> None:
    sender = "Acme <no-reply@acme.example>"
    assert start(tmp_path, MAIL_DEFAULT_SENDER=sender).config["MAIL_DEFAULT_SENDER"] == sender


@pytest.mark.parametrize(
    ("misspelled", "meant"),
    [
        ("MFA_MAIL_SEVER", "MFA_MAIL_SERVER"),
        ("MFA_SESSION_IDLE_SECOND", "MFA_SESSION_IDLE_SECONDS"),
        ("MFA_SECRET_KEYS_FILE", "MFA_SECRET_KEY_FILE"),
        ("MFA_INSTANCE_PTAH", "MFA_INSTANCE_PATH"),
    ],
)
def test_a_misspelled_setting_stops_the_start_and_is_told_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, misspelled: str, meant: str
) -> None:
    monkeypatch.setenv(misspelled, "something")
    with pytest.raises(BadSetting, match=rf"{misspelled} is not a setting. Did you mean {meant}\?"):
        start(tmp_path)


@pytest.mark.parametrize("name", ["MFA_PORT_5000_TCP_ADDR", "MFA_SERVICE_HOST", "MFA_SERVICE_PORT"])
def test_what_kubernetes_sets_for_a_service_of_that_name_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "10.0.0.7")
    start(tmp_path)


def test_of_a_database_that_cannot_be_used_the_driver_says_why(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'missing' / 'twostep.db'}"
    with pytest.raises(readiness.Unreachable, match=r"can't be used: unable to open database file$"):
        start(tmp_path, SQLALCHEMY_DATABASE_URI=address)


@pytest.mark.parametrize("name", settings.FROM_FILES)
def test_a_setting_and_its_file_are_not_both_set(
    from_environment: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text("0123456789abcdef" * 4)
    from_environment.setenv(f"MFA_{name}", "fedcba9876543210" * 4)
    from_environment.setenv(f"MFA_{name}_FILE", str(tmp_path / name))
    with pytest.raises(BadSetting, match=f"MFA_{name} and MFA_{name}_FILE are both set"):
        create_app({"INSTANCE_PATH": tmp_path})
