"""``flask users export``: who is here, in a file that only the operator can read; and the way back in."""

from __future__ import annotations

import csv
import io
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, delete, event, select

from console import create_app
from console.accounts.models import Account
from console.bulk.files import Writer
from console.extensions import db
from console.spreadsheets import lines
from tests.bulk.conftest import KEY, Files
from tests.support.authenticator import Authenticator
from tests.support.clock import Clock
from tests.support.person import EMAIL, PASSWORD, Person, entered

Rows = Callable[[str | Path], list[dict[str, str]]]
OTHER = "jun.seo@example.com"


@pytest.fixture
def config(config: dict[str, Any]) -> dict[str, Any]:
    """Hashes as cheap as those that are taken from others."""
    return {**config, "PASSWORD_HASH_COST": "t=2,m=512,p=1"}


@pytest.fixture
def seven(files: Files) -> None:
    files.take("email\n" + "".join(f"p{number}@example.com\n" for number in range(7)))


def exported(files: Files, *options: str) -> Path:
    path = files.folder / "export.csv"
    result = files.run("export", str(path), *options)
    assert result.exit_code == 0, result.output
    return path


def moved(person: Person, app: Flask) -> Person:
    other = Person(app, person.inbox, person.clock, email=person.email)
    other.app_on_phone = person.app_on_phone
    return other


# What is in it


def test_everybody_is_a_row_with_what_an_import_takes(files: Files, protected: Person, rows: Rows) -> None:
    files.take(f"email,name\n{OTHER},Jun Seo\n")
    mina, jun = rows(exported(files))
    assert (mina["id"], mina["email"], mina["name"], mina["language"]) == ("1", EMAIL, "Mina Park", "en")
    assert mina["created_at"] == mina["activated_at"] == "2026-11-24T12:00:10+00:00"
    assert (jun["id"], jun["email"], jun["activated_at"], jun["locked_at"]) == ("2", OTHER, "", "")


@pytest.mark.parametrize("sign", [*"=+-@\t\r", "＝", "＋", "－", "＠"])
def test_no_cell_is_a_formula(files: Files, sign: str) -> None:
    Writer(text := io.StringIO(newline=""), ("email", "name")).write(
        [{"email": "=1+1@example.com", "name": f"{sign}cmd|' /C calc'!A0"}]
    )
    (row,) = csv.reader(io.StringIO(text.getvalue(), newline=""))
    assert row == ["'=1+1@example.com", f"'{sign}cmd|' /C calc'!A0"]


@pytest.mark.parametrize("divider", [";", "\t"])
def test_no_part_of_a_cell_is_a_formula_where_something_else_divides_cells(divider: str) -> None:
    """A spreadsheet takes a semicolon, by the language of its reader, or a tab."""
    text = lines([[f"x{divider}=cmd|' /C calc'!A0{divider}'+1", "y"]])
    row = next(csv.reader(io.StringIO(text, newline=""), delimiter=divider))
    assert row == ["x", "'=cmd|' /C calc'!A0", "''+1,y"]


NAMES = (
    *("=1+1", "+82 10", "-Mina-", "@mina", "'=1+1", "''+1", "'t Hooft", "＝１", "Mina, Park", '="x"'),
    *("x;=1", "x;'=1;+2", ";;@", "a'=1"),
)


def test_an_export_is_imported_as_it_was(files: Files, engine: Engine, rows: Rows) -> None:
    """With every name and address that looks like a formula, or like one that was kept from being one."""
    people = [
        {"email": f"{sign}p{n}@example.com", "name": name} for n, name in enumerate(NAMES) for sign in "=+-"
    ]
    Writer(text := io.StringIO(newline=""), ("email", "name")).write_header()
    Writer(text, ("email", "name")).write(people)
    files.take(text.getvalue())
    assert names_of(engine) == {one["email"]: one["name"] for one in people}
    first = exported(files)
    with engine.begin() as connection:
        connection.execute(delete(Account))
    assert files.run("import", str(first)).exit_code == 0
    assert names_of(engine) == {one["email"]: one["name"] for one in people}


def names_of(engine: Engine) -> dict[str, str]:
    with engine.connect() as connection:
        return {row.email: row.name for row in connection.execute(select(Account.email, Account.name))}


def test_no_secret_is_in_it_unless_asked_for(files: Files, protected: Person) -> None:
    assert protected.app_on_phone
    text = exported(files).read_text()
    assert not any(secret in text for secret in ("argon2", "otpauth", protected.app_on_phone.secret, "totp"))


def test_without_a_file_it_goes_to_standard_output(files: Files, mina: Person, rows: Rows) -> None:
    result = files.run("export")
    assert [row["email"] for row in rows(result.stdout)] == [EMAIL]
    assert "1 account written; the id of the last is 1." in result.stderr


def test_only_the_operator_can_read_the_file(files: Files, mina: Person) -> None:
    assert stat.S_IMODE(exported(files).stat().st_mode) == 0o600


def test_no_file_is_overwritten(files: Files, mina: Person) -> None:
    path = files.write("something", "export.csv")
    result = files.run("export", str(path))
    assert result.exit_code == 2
    assert path.read_text() == "something"


def test_it_is_not_written_through_a_link(files: Files, mina: Person) -> None:
    target = files.write("", "target.csv")
    (files.folder / "export.csv").symlink_to(target)
    assert files.run("export", str(files.folder / "export.csv")).exit_code == 2
    assert target.read_text() == ""


# Secrets


def test_secrets_are_asked_about(files: Files, mina: Person) -> None:
    path = files.folder / "export.csv"
    result = files.run("export", str(path), "--with-secrets", input="n\n")
    assert result.exit_code == 1
    assert "Write it?" in result.stderr
    assert not path.exists()


def test_after_a_yes_they_are_written(files: Files, protected: Person, rows: Rows) -> None:
    path = files.folder / "export.csv"
    assert files.run("export", str(path), "--with-secrets", input="y\n").exit_code == 0
    (row,) = rows(path)
    assert protected.app_on_phone
    assert Authenticator(row["totp"]).secret == protected.app_on_phone.secret
    assert row["password_hash"].startswith("$argon2id$")


@pytest.mark.parametrize(("options", "secrets"), [((), False), (("--with-secrets", "--yes"), True)])
def test_the_security_log_says_who_took_what(
    files: Files, config: dict[str, Any], options: tuple[str, ...], secrets: bool
) -> None:
    files.take(f"email,totp\n{EMAIL},{KEY}\n")
    app = create_app({**config, "EVENT_LOG": "events.log"})
    files.run("export", *options, app=app)
    with app.app_context():
        db.engine.dispose()
    logged = (config["INSTANCE_PATH"] / "events.log").read_text()
    line, row = map(json.loads, logged.splitlines())
    assert (line["event"], line["with_secrets"]) == ("export_began", secrets)
    assert line["operator"]
    assert (row["event"], row["what"]) == ("audit_row_added", "accounts_exported")
    assert not any(text in logged for text in (EMAIL, KEY, "argon2"))


# There and back again


def test_in_another_installation_everybody_signs_in_as_before(
    files: Files, protected: Person, make_person: Callable[..., Person], elsewhere: Flask
) -> None:
    """With the same password and the same app, under another master key."""
    jun = make_person(email=OTHER).sign_up(password="seven boats under glass")
    path = exported(files, "--with-secrets", "--yes")
    result = files.run("import", str(path), app=elsewhere)
    assert "2 imported, 0 already there, 0 refused" in result.stdout
    there = moved(protected, elsewhere)
    assert not entered(there.sign_in(password=PASSWORD))
    assert entered(there.verify(there.next_code()))
    assert entered(moved(jun, elsewhere).sign_in(password="seven boats under glass"))


def test_what_goes_there_and_back_is_the_same(files: Files, elsewhere: Flask, clock: Clock) -> None:
    clock.advance(hours=1)
    path = files.write(
        "email,name,language,created_at,locked_at,delete_at,totp,activated_at\n"
        f'mina@example.com,"Park, ""Mina""",en,2020-01-01T00:00:00.5+00:00,2021-01-01T00:00:00+00:00,,{KEY},'
        "2020-06-01T00:00:00+00:00\n"
        "jun@example.com,=1+1,,2020-01-01T00:00:00+00:00,,2026-12-01T00:00:00+00:00,,\n"
    )
    files.run("import", str(path))
    first = exported(files, "--with-secrets", "--yes")
    files.run("import", str(first), app=elsewhere)
    second = files.folder / "second.csv"
    files.run("export", str(second), "--with-secrets", "--yes", app=elsewhere)
    assert second.read_text() == first.read_text()


def test_a_file_without_secrets_does_not_quietly_turn_a_second_step_off(
    files: Files, protected: Person, elsewhere: Flask
) -> None:
    result = files.run("import", str(exported(files)), app=elsewhere)
    assert result.exit_code == 1
    assert "activated_at: 2-step verification was on, but there is no totp" in result.stderr


# Broken off, and gone on with


@pytest.mark.usefixtures("seven")
def test_stopped_by_its_operator_it_is_gone_on_with(files: Files, engine: Engine, rows: Rows) -> None:
    pages = []

    def stop(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        pages.append("LEFT OUTER JOIN" in statement)
        if sum(pages) == 3:
            raise KeyboardInterrupt

    path = files.folder / "export.csv"
    event.listen(engine, "before_cursor_execute", stop)
    result = files.run("export", str(path), "--batch", "2")
    event.remove(engine, "before_cursor_execute", stop)
    assert result.exit_code == 130
    assert "Stopped: 4 accounts written. Continue with --after 4." in result.stderr
    assert files.run("export", str(path), "--after", "4").exit_code == 0
    assert [row["id"] for row in rows(path)] == list("1234567")


@pytest.mark.usefixtures("seven")
def test_with_after_a_new_file_holds_the_rest(files: Files, rows: Rows) -> None:
    assert [row["id"] for row in rows(exported(files, "--after", "5"))] == ["6", "7"]


@pytest.mark.usefixtures("seven")
def test_standard_output_is_gone_on_with_without_a_second_header(files: Files) -> None:
    whole, rest = files.run("export").stdout, files.run("export", "--after", "3").stdout
    assert whole.endswith(rest)
    assert rest.startswith("4,")


@pytest.mark.usefixtures("seven")
@pytest.mark.parametrize(
    ("there", "said"),
    [
        ("id,email\n1,a@example.com\n", "it has other columns"),
        ("", "it can't be gone on with"),
        (
            "id,email,name,language,created_at,locked_at,delete_at,activated_at\n1,a@exa",
            "its last line is not whole",
        ),
    ],
)
def test_a_file_that_can_not_be_gone_on_with_is_left_alone(files: Files, there: str, said: str) -> None:
    path = files.write(there, "export.csv")
    result = files.run("export", str(path), "--after", "1")
    assert result.exit_code == 2
    assert said in result.stderr
    assert path.read_text() == there


@pytest.mark.usefixtures("seven")
def test_the_size_of_a_page_changes_nothing(files: Files) -> None:
    assert files.run("export", "--batch", "1").stdout == files.run("export", "--batch", "7").stdout


def test_an_empty_installation_gives_a_header(files: Files, app: Flask, rows: Rows) -> None:
    assert rows(exported(files)) == []
