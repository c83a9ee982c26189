"""``flask users import``: what goes in, what does not and why; nothing is done twice or by halves."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from sqlalchemy import Engine, event, update
from werkzeug.security import generate_password_hash

from console import create_app
from console.accounts.models import Account
from console.bulk.rows import COLUMNS
from console.extensions import db
from tests.bulk.conftest import KEY, Files
from tests.support.authenticator import Authenticator
from tests.support.clock import Clock
from tests.support.database import dump
from tests.support.person import EMAIL, PASSWORD, Person, entered
from tests.support.smtp import Inbox
from tests.support.stores import Stores

HASHED = generate_password_hash(PASSWORD, "pbkdf2:sha256:6000")
GOOD = f"email,name,password_hash\n{EMAIL},Mina Park,{HASHED}\n"
Rows = Callable[[str | Path], list[dict[str, str]]]


def accounts(engine: Engine) -> list[str]:
    return [line for line in dump(engine).splitlines() if line.startswith("accounts:")]


# People go on


def test_somebody_who_was_imported_signs_in_with_the_old_password(files: Files, person: Person) -> None:
    assert files.take(GOOD).exit_code == 0
    assert entered(person.sign_in())
    person.get("/", headers={"HX-Request": ""})
    assert "Mina Park" in person.page


def test_with_an_app_that_was_set_up_elsewhere_sign_in_asks_for_its_code(
    files: Files, person: Person
) -> None:
    files.take(f"email,password_hash,totp\n{EMAIL},{HASHED},{KEY}\n")
    person.app_on_phone = Authenticator.with_key(KEY)
    assert not entered(person.sign_in())
    assert entered(person.verify(person.next_code()))


@pytest.mark.parametrize("key", ["JBSWY3DPEHPK3PXP", "GEZDGNBVGY3TQOJQGEZDGNBVGY"])
def test_with_the_short_key_of_an_old_app_too(files: Files, person: Person, key: str) -> None:
    result = files.take(f"email,password_hash,totp\n{EMAIL},{HASHED},{key}\n")
    assert result.exit_code == 0
    person.app_on_phone = Authenticator.with_key(key)
    person.sign_in()
    assert entered(person.verify(person.next_code()))


def test_a_code_that_the_other_system_may_have_taken_is_not_taken_again(files: Files, person: Person) -> None:
    files.take(f"email,password_hash,totp\n{EMAIL},{HASHED},{KEY}\n")
    person.app_on_phone = Authenticator.with_key(KEY)
    person.sign_in()
    assert not entered(person.verify(person.code()))


def test_the_tab_says_that_no_recovery_codes_are_left_and_gives_new_ones(
    files: Files, person: Person
) -> None:
    files.take(f"email,password_hash,totp\n{EMAIL},{HASHED},{KEY}\n")
    person.app_on_phone = Authenticator.with_key(KEY)
    person.sign_in()
    person.verify(person.next_code())
    person.get("/account/two-step")
    assert "0 of 10 recovery codes left" in person.page
    person.prove_password("reissue")
    codes = person.shown_codes()
    person.post("/account/two-step/reissue/recovery-codes", {"saved": "y"}, follow_redirects=True)
    person.sign_out()
    person.sign_in()
    assert entered(person.verify_recovery_code(codes[0]))


def test_without_a_hash_the_owner_sets_a_password_by_mail(files: Files, person: Person, inbox: Inbox) -> None:
    files.take(f"email\n{EMAIL}\n")
    assert not entered(person.sign_in(password=""))
    person.get("/forgot-password")
    person.post("/forgot-password", {"email": EMAIL})
    path = inbox.wait_for("Set a new password", to=EMAIL).path
    person.get(path)
    assert entered(person.post(path, {"new_password": "seven boats under glass"}))


def test_somebody_who_was_locked_elsewhere_stays_out(files: Files, person: Person) -> None:
    files.take(f"email,password_hash,locked_at\n{EMAIL},{HASHED},2026-01-01\n")
    person.sign_in()
    assert "This account is locked." in person.page


def test_the_owner_finds_it_under_activity_and_gets_no_mail(
    files: Files, person: Person, engine: Engine
) -> None:
    files.take(GOOD)
    assert "outbox:" not in dump(engine)
    person.sign_in()
    assert "Account imported" in person.client.get("/account/activity").text


# The hash becomes ours


def hash_of_mina(engine: Engine) -> str:
    (line,) = accounts(engine)
    return line


def test_the_first_sign_in_puts_our_hash_in_the_place_of_the_other(
    files: Files, person: Person, engine: Engine
) -> None:
    files.take(GOOD)
    assert "pbkdf2:" in hash_of_mina(engine)
    person.sign_in()
    assert "$argon2id$" in hash_of_mina(engine)
    person.sign_out()
    assert entered(person.sign_in())


def test_a_wrong_password_leaves_the_other_hash(files: Files, person: Person, engine: Engine) -> None:
    files.take(GOOD)
    person.sign_in(password="not my password at all")
    assert "pbkdf2:" in hash_of_mina(engine)


def test_the_password_step_is_enough_where_a_code_is_asked_for(
    files: Files, person: Person, engine: Engine
) -> None:
    files.take(f"email,password_hash,totp\n{EMAIL},{HASHED},{KEY}\n")
    person.sign_in()
    assert "$argon2id$" in hash_of_mina(engine)


def test_what_is_under_way_in_another_window_goes_on(
    files: Files, make_person: Callable[..., Person], engine: Engine
) -> None:
    """An enrollment is ended by a change of the password, and this is none."""
    files.take(GOOD)
    one, other = make_person(), make_person()
    one.sign_in()
    one.begin().verify_email().scan().enter_code()
    with engine.begin() as connection:
        connection.execute(update(Account).values(password_hash=HASHED))
    assert entered(other.sign_in())
    assert "$argon2id$" in hash_of_mina(engine)
    assert "2-step verification is on." in one.complete().text


def test_a_long_password_that_bcrypt_cut_is_taken_and_counts_in_full_from_then_on(
    files: Files, person: Person
) -> None:
    long = PASSWORD * 4
    files.take(
        f"email,password_hash\n{EMAIL},{bcrypt.hashpw(long.encode()[:72], bcrypt.gensalt(8)).decode()}\n"
    )
    assert entered(person.sign_in(password=long))
    person.sign_out()
    assert not entered(person.sign_in(password=long[:72]))
    assert entered(person.sign_in(password=long))


# What a file may be


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace("email,name", " Email , NAME ").encode(),
        GOOD.replace(EMAIL, f'"{EMAIL}"').encode(),
        GOOD.encode().removesuffix(b"\n"),
        GOOD.replace("\n", "\n\n\n").encode(),
    ],
    ids=["bom", "crlf", "spaces and capitals", "quoted", "no last newline", "blank lines"],
)
def test_the_usual_ways_to_write_csv_are_read(files: Files, text: bytes, engine: Engine) -> None:
    result = files.take(text)
    assert (result.exit_code, len(accounts(engine))) == (0, 1)


def test_standard_input_is_read(files: Files, engine: Engine) -> None:
    assert files.run("import", "-", input=GOOD).exit_code == 0
    assert len(accounts(engine)) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "It is empty."),
        ("email,phone\na@example.com,1\n", "“phone”"),
        ("email,phone\na@example.com,1\n", "Known are: email, name,"),
        ("name\nMina\n", "The column email is missing."),
        ("email,email\na@example.com,b@example.com\n", "names a column twice"),
        (GOOD.encode("utf-16"), "not known: number 1"),
    ],
)
def test_a_file_that_can_not_be_used_is_said_in_a_sentence(
    files: Files, text: str | bytes, said: str, engine: Engine
) -> None:
    result = files.take(text)
    assert result.exit_code == 2
    assert said in result.stderr
    assert accounts(engine) == []


def test_a_file_without_a_header_is_not_repeated_on_the_terminal(files: Files) -> None:
    result = files.take(f"{EMAIL},Mina Park,{HASHED}\n")
    assert result.exit_code == 2
    assert EMAIL not in result.output
    assert HASHED not in result.output


def test_a_file_that_is_not_there_is_said_in_a_sentence(files: Files) -> None:
    result = files.run("import", str(files.folder / "none.csv"))
    assert result.exit_code == 2
    assert "it can't be read: No such file or directory." in result.stderr


def test_a_value_that_is_too_long_for_csv_is_named_as_a_reason(files: Files) -> None:
    result = files.take(f"email,name\na@example.com,{'x' * 140_000}\n")
    assert result.exit_code == 2
    assert "From line 2 on it is not CSV." in result.stderr
    assert "a value longer than 131,072 characters?" in result.stderr


def test_where_a_file_stops_being_csv_whole_batches_stand(files: Files, engine: Engine) -> None:
    result = files.take(
        'email\na@example.com\nb@example.com\nc@example.com\n"d"d@example.com\n', "--batch", "2"
    )
    assert result.exit_code == 2
    assert "From line 5 on it is not CSV." in result.stderr
    assert "2 imported" in result.stderr
    assert len(accounts(engine)) == 2


# Rows that are refused

BAD_CELLS = [
    ("email", "not an address", "email: not an e-mail address"),
    ("email", "a@example.com, b@example.com", "email: not an e-mail address"),
    ("email", "", "email: not an e-mail address"),
    ("name", "x" * 81, "name: over 80 characters"),
    ("name", "nul \0", "name: a character that no screen shows"),
    ("language", "xx", "language: not one of en"),
    (
        "password_hash",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "password_hash: not a hash of a kind that is taken",
    ),
    ("password_hash", "pbkdf2:sha256:100$salt$" + "0" * 64, "password_hash: too quickly tried"),
    ("password_hash", "pbkdf2:sha256:900000000$salt$" + "0" * 64, "password_hash: takes too long"),
    ("totp", "nonsense!", "totp: neither an otpauth:// address nor a key"),
    ("totp", "JBSWY3DP", "totp: under 80 bits"),
    ("totp", f"otpauth://hotp/x?secret={KEY}", "totp: an app that does not go by the time"),
    ("totp", f"otpauth://totp/x?secret={KEY}&algorithm=SHA512", "totp: its codes are not made with SHA1"),
    ("totp", f"otpauth://totp/x?secret={KEY}&digits=8", "totp: its codes do not have 6 digits"),
    ("totp", f"otpauth://totp/x?secret={KEY}&period=60", "totp: its codes do not last 30 seconds"),
    ("created_at", "yesterday", "created_at: not a moment in ISO 8601"),
    ("created_at", "0001-01-01T00:00:00+14:00", "created_at: not a moment in ISO 8601"),
    ("created_at", "2031-01-01", "created_at: before 1970 or in the future"),
    ("activated_at", "2026-01-01", "activated_at: 2-step verification was on, but there is no totp"),
    ("locked_at", "1969-12-31", "locked_at: before 1970 or in the future"),
]


@pytest.mark.parametrize(("column", "cell", "said"), BAD_CELLS)
def test_a_bad_row_is_named_by_its_line_and_leaves_the_others_alone(
    files: Files, column: str, cell: str, said: str, engine: Engine
) -> None:
    row = {"email": "bad@example.com", column: cell}
    quoted = '"' + row["email"].replace('"', '""') + '"'
    other = f',"{cell}"' if column != "email" else ","
    header = f"email,{column}" if column != "email" else "email,name"
    result = files.take(f"{header}\na@example.com,\n{quoted}{other}\nb@example.com,\n")
    assert result.exit_code == 1
    assert f"line 3: {said}" in result.stderr
    assert "2 imported, 0 already there, 1 refused" in result.stdout
    assert len(accounts(engine)) == 2


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"a@example.com\n", "row: 1 values in 2 columns"),
        (b"a@example.com,A,more\n", "row: 3 values in 2 columns"),
        (b"a@example.com,Andr\xe9\n", "row: not UTF-8"),
    ],
)
def test_a_row_of_another_shape_is_refused(files: Files, line: bytes, said: str) -> None:
    result = files.take(b"email,name\n" + line + b"b@example.com,B\n")
    assert f"line 2: {said}" in result.stderr
    assert "1 imported" in result.stdout


def test_a_line_is_counted_where_its_row_begins(files: Files) -> None:
    result = files.take('email,name\na@example.com,"two\nlines"\n\nnone,N\n')
    assert "line 5: email" in result.stderr


@pytest.mark.parametrize("column", COLUMNS)
def test_a_cell_is_measured_before_any_work(files: Files, composed: list[int], column: str) -> None:
    marks = "e" + "\u0301\u0316" * 31_000
    cells = {"email": "a@example.com", column: marks}
    result = files.take(f"{','.join(cells)}\n{','.join(cells.values())}\n")
    assert f"line 2: {column}:" in result.stderr
    assert max(composed) < 500


def test_the_second_row_with_an_address_is_refused_and_names_the_first(files: Files, engine: Engine) -> None:
    result = files.take("email,name\na@example.com,First\nA@Example.com,Second\n", "--batch", "1")
    assert result.exit_code == 1
    assert "line 3: email: stands on line 2 already" in result.stderr
    (line,) = accounts(engine)
    assert "First" in line


def test_a_key_under_128_bits_is_taken_with_a_warning(files: Files) -> None:
    result = files.take(f"email,totp\n{EMAIL},JBSWY3DPEHPK3PXP\n")
    assert result.exit_code == 0
    assert "line 2: warning: totp: only 80 bits" in result.stderr


def test_a_reason_repeats_nothing_of_the_row(files: Files) -> None:
    result = files.take(f"email,password_hash,totp\n{EMAIL},5f4dcc3b5aa765d61d8327deb882cf99,{KEY}\n")
    assert not any(text in result.output for text in (EMAIL, "5f4dcc3b5aa765d61d8327deb882cf99", KEY))


def test_refused_rows_are_written_down_mended_and_imported(files: Files, engine: Engine, rows: Rows) -> None:
    rejects = files.folder / "rejects.csv"
    files.take(
        f"email,name,password_hash\na@example.com,A,{HASHED}\nb@example,B,nonsense\n",
        "--rejects",
        str(rejects),
    )
    (row,) = rows(rejects)
    assert (row["email"], row["name"]) == ("b@example", "B")
    assert row["reason"].startswith("password_hash: not a hash")
    rejects.write_text(rejects.read_text().replace("nonsense", HASHED))
    assert files.run("import", str(rejects)).exit_code == 0
    assert len(accounts(engine)) == 2


def test_a_row_that_is_not_utf_8_is_written_down_as_it_was(files: Files) -> None:
    rejects = files.folder / "rejects.csv"
    files.take(b"email,name\na@example.com,Andr\xe9\n", "--rejects", str(rejects))
    assert b"Andr\xe9" in rejects.read_bytes()


def test_only_the_operator_can_read_the_refused_rows(files: Files) -> None:
    rejects = files.folder / "rejects.csv"
    files.take("email\nnone\n", "--rejects", str(rejects))
    assert stat.S_IMODE(rejects.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["accounts.csv", "other.csv"])
def test_no_file_is_overwritten_with_refused_rows(files: Files, name: str, engine: Engine) -> None:
    files.write("something", "other.csv")
    result = files.take(GOOD, "--rejects", str(files.folder / name))
    assert result.exit_code == 2
    assert "there is a file of that name already." in result.stderr
    assert files.folder.joinpath(name).read_text() in (GOOD, "something")
    assert accounts(engine) == []


@pytest.mark.parametrize("text", [GOOD, "name\nMina\n"])
def test_where_no_row_is_refused_there_is_no_file_of_them(files: Files, text: str) -> None:
    rejects = files.folder / "rejects.csv"
    files.take(text, "--rejects", str(rejects))
    assert not rejects.exists()


# Again, and in between


def test_an_account_that_is_there_is_left_alone(files: Files, mina: Person, engine: Engine) -> None:
    before = dump(engine)
    result = files.take(
        f"email,name,password_hash,totp\n{EMAIL.upper()[:4] + EMAIL[4:]},Other,{HASHED},{KEY}\n"
    )
    assert result.exit_code == 0
    assert "0 imported, 1 already there, 0 refused" in result.stdout
    assert dump(engine) == before


def test_the_lines_that_were_there_are_named_on_request(files: Files, mina: Person) -> None:
    assert "line 2: email: has an account already" in files.take(GOOD, "--verbose").stderr


def test_a_second_import_of_a_file_changes_nothing(files: Files, engine: Engine) -> None:
    text = f"email,totp\na@example.com,{KEY}\nb@example.com,\n"
    files.take(text)
    before = dump(engine)
    assert "0 imported, 2 already there" in files.take(text).stdout
    assert dump(engine) == before


def test_a_dry_run_says_the_same_and_writes_nothing(files: Files, engine: Engine) -> None:
    before = dump(engine)
    text = f"email,totp\na@example.com,{KEY}\nA@example.com,\nnone,\n"
    dry = files.take(text, "--dry-run")
    assert "1 would be imported, 0 already there, 2 refused" in dry.stdout
    assert dry.exit_code == 1
    assert dump(engine) == before
    real = files.take(text)
    assert [line for line in real.stderr.splitlines() if line.startswith("line")] == [
        line for line in dry.stderr.splitlines() if line.startswith("line")
    ]


def test_a_row_whose_app_can_not_be_kept_makes_no_account(files: Files, engine: Engine) -> None:
    """The account and its second step are one: without the second the first must not stand."""

    def fail(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "INTO mfa_authenticators" in statement:
            raise RuntimeError

    event.listen(engine, "before_cursor_execute", fail)
    result = files.take(f"email,totp\n{EMAIL},{KEY}\n")
    event.remove(engine, "before_cursor_execute", fail)
    assert isinstance(result.exception, RuntimeError)
    assert accounts(engine) == []


def test_stopped_by_its_operator_it_says_what_stands_and_how_to_go_on(files: Files, engine: Engine) -> None:
    seen = []

    def stop(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)
        if sum("INTO accounts" in text for text in seen) == 3:
            raise KeyboardInterrupt

    event.listen(engine, "before_cursor_execute", stop)
    result = files.take("email\n" + "".join(f"p{n}@example.com\n" for n in range(7)), "--batch", "2")
    event.remove(engine, "before_cursor_execute", stop)
    assert result.exit_code == 130
    assert (
        "Stopped: 4 imported, 0 already there, 0 refused. Import the file again to continue." in result.stderr
    )
    assert len(accounts(engine)) == 4


# What is written down


def test_the_log_says_that_it_was_done_by_whom_and_nothing_of_anybody(
    files: Files, config: dict[str, Any]
) -> None:
    app = create_app({**config, "EVENT_LOG": "events.log"})
    path = files.write(f"email,name,password_hash,totp\n{EMAIL},Mina Park,{HASHED},{KEY}\nnone,,{HASHED},\n")
    files.run("import", str(path), app=app)
    with app.app_context():
        db.engine.dispose()
    logged = (config["INSTANCE_PATH"] / "events.log").read_text()
    began, row, ended = map(json.loads, logged.splitlines())
    assert (began["event"], ended["event"]) == ("import_began", "import_ended")
    assert (row["event"], row["what"]) == ("audit_row_added", "accounts_imported")
    assert (ended["made"], ended["there"], ended["not_taken"]) == (1, 0, 1)
    assert began["operator"]
    assert not any(text in logged for text in (EMAIL, "Mina", HASHED, KEY))


def test_the_secret_of_an_app_is_kept_sealed(files: Files, stores: Stores) -> None:
    import base64

    files.take(f"email,totp\n{EMAIL},{KEY}\n")
    kept = stores.files(files.app)
    assert EMAIL.encode() in kept  # the right files were looked at
    assert KEY.encode() not in kept
    assert base64.b32decode(KEY) not in kept


def test_the_key_that_seals_is_noted(files: Files, engine: Engine) -> None:
    files.take(f"email,totp\n{EMAIL},{KEY}\n")
    assert "sealing_keys:" in dump(engine)


def test_moments_are_kept_in_utc(files: Files, engine: Engine, clock: Clock) -> None:
    files.take(f"email,created_at,activated_at,totp\n{EMAIL},2020-02-01T12:00:00+09:00,2021-03-01,{KEY}\n")
    with engine.connect() as connection:
        created = connection.exec_driver_sql("SELECT created_at FROM accounts").scalar_one()
        activated = connection.exec_driver_sql("SELECT activated_at FROM mfa_second_steps").scalar_one()
    assert [str(at)[:16] for at in (created, activated)] == ["2020-02-01 03:00", "2021-03-01 00:00"]
