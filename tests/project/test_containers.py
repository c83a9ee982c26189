"""compose.yaml, Containerfile and Caddyfile name only what there is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest
import yaml
from flask import Flask

from console import config as settings
from console.config import BadSetting
from deploy.serve import KILL_AFTER

ROOT = Path(__file__).resolve().parent.parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("image") == "twostep"}
CONTAINERFILE = (ROOT / "Containerfile").read_text()
CADDYFILE = (ROOT / "deploy" / "Caddyfile").read_text()
NAMED = {
    "compose.yaml": (ROOT / "compose.yaml").read_text(),
    "Containerfile": CONTAINERFILE,
    "Caddyfile": CADDYFILE,
}
KNOWN = {
    "INSTANCE_PATH",
    *settings.DEFAULTS,
    *(f"{name}_FILE" for name in settings.FROM_FILES),
}
PORT = "8000"
MAY_BE_EMPTY = {"mail_password", "webhook_secret"}
"""Secrets of what not everybody has."""


@pytest.mark.parametrize("name", NAMED)
def test_every_setting_that_is_named_is_one(name: str) -> None:
    named = set(re.findall(r"\bMFA_([A-Z_]+)", NAMED[name]))
    assert named
    assert named - KNOWN == set()


def test_the_settings_of_the_services_start_the_application(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"MFA_SERVER_NAME": "console.example", "MFA_MAIL_SERVER": "mail.example"}
    for name, value in OURS["app"]["environment"].items():
        text = str(value)
        if name.endswith("_FILE"):
            special = {
                "MFA_SQLALCHEMY_DATABASE_URI_FILE": "sqlite://",
                "MFA_SECRET_KEY_FALLBACKS_FILE": "[]",
                "MFA_WEBHOOK_SECRET_FILE": "",
            }
            (tmp_path / name).write_text(special.get(name, "0123456789abcdef" * 4))
            text = str(tmp_path / name)
        text = re.sub(r"\$\{(\w+):([?-])([^}]*)\}", lambda found: given.get(found[1], found[3]), text)
        monkeypatch.setenv(name, text)
    app = Flask("settings")
    settings.load(app.config, {}, tmp_path)
    assert app.config["MAIL_WORKER"] == "none"
    assert app.config["TRUSTED_PROXIES"] == 1
    assert app.config["MAIL_USE_TLS"] is True
    assert app.config["WORKERS"] == 4
    assert app.config["ACCENT_COLOR"] == settings.DEFAULTS["ACCENT_COLOR"]
    monkeypatch.setenv("MFA_MAIL_USE_TLS", "perhaps")
    with pytest.raises(BadSetting):
        settings.load(Flask("settings").config, {}, tmp_path)


@pytest.mark.parametrize("name", OURS)
def test_the_command_of_a_service_exists(app: Flask, name: str) -> None:
    command = OURS[name].get("command")
    if command is None:
        assert 'CMD ["python", "-m", "deploy.serve"]' in CONTAINERFILE
        assert (ROOT / "deploy/serve.py").is_file()
        return
    assert command[:3] == ["flask", "--app", "app"]
    result = app.test_cli_runner().invoke(args=[*command[3:], "--help"])
    assert result.exit_code == 0, result.output


def test_mails_are_delivered_by_the_worker_alone() -> None:
    assert OURS["worker"]["command"][3:] == ["mail", "deliver", "--forever"]
    assert {service["environment"]["MFA_MAIL_WORKER"] for service in OURS.values()} == {"none"}


def test_app_and_worker_wait_for_the_migrations() -> None:
    for name in ("app", "worker"):
        assert OURS[name]["depends_on"]["migrations"] == {"condition": "service_completed_successfully"}


def test_the_ports_match() -> None:
    assert f"PORT={PORT}" in CONTAINERFILE
    assert f"EXPOSE {PORT}" in CONTAINERFILE
    assert OURS["app"]["expose"] == [PORT]
    assert f"reverse_proxy {{$UPSTREAMS:app:{PORT}}} {{" in CADDYFILE
    assert f"127.0.0.1:{PORT}/readyz" in OURS["app"]["healthcheck"]["test"][-1]


def test_only_the_proxy_can_be_reached_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]


def test_paths_for_machines_are_not_served_to_the_world(app: Flask) -> None:
    inside = re.search(r"@inside path (.+)", CADDYFILE)
    assert inside
    assert set(inside[1].split()) == {"/healthz", "/readyz", "/metrics"}
    assert {rule.rule for rule in app.url_map.iter_rules()} >= set(inside[1].split())


def test_no_secret_stands_in_the_file_and_each_that_is_used_is_declared() -> None:
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}
    assert used == set(COMPOSE["secrets"])
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search("KEY|PASSWORD|TOKEN|URI_", name):
                assert str(value).startswith("/run/secrets/"), name


def test_what_an_operator_makes_is_not_committed() -> None:
    assert {"/deploy/secrets/", "/.env"} <= set((ROOT / ".gitignore").read_text().splitlines())


def test_the_guide_makes_every_secret_and_gives_every_setting_that_must_be_given() -> None:
    guide = (ROOT / "docs" / "operations" / "containers.md").read_text()
    (made,) = re.findall(r"^mkdir -m 700 deploy/secrets.*?^```$", guide, re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"(?:> |touch )(\w+)$|touch (\w+) ", made, re.MULTILINE)) == {
        ("", name) if name in MAY_BE_EMPTY else (name, "") for name in COMPOSE["secrets"]
    }
    assert set(re.findall(r"^echo (\w+)=\S+ +>+ \.env$", made, re.MULTILINE)) == set(
        re.findall(r"\$\{(\w+):\?", NAMED["compose.yaml"])
    )


def test_the_services_that_the_guide_names_exist() -> None:
    guide = (ROOT / "docs" / "operations" / "containers.md").read_text()
    named = re.findall(r"docker compose (?:exec|run|stop|restart)((?: -\S+)*)((?: \w+)+)", guide)
    assert named
    assert {words.split()[0] for _, words in named} <= set(SERVICES)


@pytest.mark.parametrize("name", ["app", "worker"])
def test_a_container_is_given_longer_than_what_it_has_begun_takes(name: str) -> None:
    assert int(OURS[name]["stop_grace_period"].removesuffix("s")) > KILL_AFTER


@pytest.mark.parametrize("name", OURS)
def test_the_image_is_built_of_the_containerfile_by_docker_too(name: str) -> None:
    """Which looks for a ``Dockerfile`` and for a ``.dockerignore``, and for nothing else by itself."""
    assert OURS[name]["build"] == {"context": ".", "dockerfile": "Containerfile"}
    assert (ROOT / "Containerfile").is_file()
    assert (ROOT / ".dockerignore").read_text().startswith("*\n")


def test_the_image_runs_as_nobody_in_particular_and_checks_what_it_installs() -> None:
    stages = re.split(r"^FROM ", CONTAINERFILE, flags=re.MULTILINE)[1:]
    assert len(stages) == 2
    assert "\nUSER 10001\n" in stages[1]
    assert "useradd --system --uid 10001 " in stages[1]
    assert "--require-hashes" in stages[0]


def test_everything_that_is_copied_is_there() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINERFILE, re.MULTILINE)
    names = {name for line in copied for name in line.split()}
    assert [name for name in names if not (ROOT / name).exists()] == []
    allowed = set((ROOT / ".dockerignore").read_text().splitlines())
    assert {f"!{name}" for name in names} <= allowed


def test_image_has_every_module_that_its_server_loads() -> None:
    served, seen = {"serve"}, set[str]()
    while served - seen:
        name = min(served - seen)
        seen.add(name)
        text = (ROOT / "deploy" / f"{name}.py").read_text()
        served |= set(re.findall(r"^\s*(?:from|import) deploy\.(\w+)", text, re.MULTILINE))
    assert len(seen) > 3
    copied = set(re.findall(r"\bdeploy/(\w+)\.py\b", CONTAINERFILE))
    assert copied == seen


def check_compose(file: dict[str, Any]) -> None:
    """Check *file* against the specification, whose durations are Go's and not ISO 8601's."""
    schema = json.loads((ROOT / "tests/project/compose-spec/compose-spec.json").read_text())
    fastjsonschema.validate(schema, file, formats={"duration": r"^([0-9]+(us|ms|s|m|h))+$"})


def test_compose_takes_the_file() -> None:
    check_compose(COMPOSE)


@pytest.mark.parametrize("wrong", [{"stop_grace_periode": "40s"}, {"stop_grace_period": "soon"}])
def test_compose_would_refuse_what_it_does_not_know(wrong: dict[str, str]) -> None:
    with pytest.raises(fastjsonschema.JsonSchemaValueException):
        check_compose({"services": {"app": {"image": "twostep", **wrong}}})


def test_images_are_named_by_tags_without_digests() -> None:
    named = [service["image"] for service in SERVICES.values() if "build" not in service]
    named += re.findall(r"^FROM (\S+)", CONTAINERFILE, re.MULTILINE)
    assert all(re.fullmatch(r"[a-z]+:[0-9][a-z0-9.-]*", image) for image in named), named


def test_caddy_is_newer_than_the_one_that_loses_forms() -> None:
    """caddyserver/caddy#7546, which 2.11.1 still has."""
    version = SERVICES["proxy"]["image"].removeprefix("caddy:").split(".")
    assert [int(number) for number in version] > [2, 11, 2]


def test_the_connections_fit_however_many_cores_there_are() -> None:
    """PostgreSQL takes 100, of which it keeps 3 for its owner."""
    default = re.search(r":-(\d+)", str(OURS["app"]["environment"]["MFA_WORKERS"]))
    assert default
    each = settings.DEFAULTS["THREADS"] + 1
    assert (int(default[1]) + 2) * each < 97


@pytest.mark.parametrize("name", ["WORKERS", "PRODUCT_NAME", "SUPPORT_ADDRESS", "LOGO", "ACCENT_COLOR"])
def test_what_differs_between_installations_is_set_in_env(name: str) -> None:
    values = {str(service["environment"][f"MFA_{name}"]) for service in OURS.values()}
    assert len(values) == 1
    assert values.pop().startswith(f"${{MFA_{name}:-")


def test_the_logo_can_be_brought_into_the_containers() -> None:
    assert {service["volumes"][0] for service in OURS.values()} == {"./deploy/branding:/branding:ro"}
    assert (ROOT / "deploy/branding/.gitignore").is_file()


def test_the_only_server_does_not_send_people_away_before_it_stops() -> None:
    assert OURS["app"]["environment"]["MFA_DRAIN_SECONDS"] == 0
