"""What holds for the repository as a whole."""

from __future__ import annotations

import hashlib
import re
import subprocess
from pathlib import Path

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import Engine, text

from mfa.crypto.passwords import common
from mfa.extensions import db
from tests.support.person import Person, entered

ROOT = Path(__file__).resolve().parent.parent.parent
VENDORED = {
    "htmx.min.js": "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130",
    "hx-csp.min.js": "a7e1e6711ae6c3e50ad300fba7936cbe8d07599cdae313414a179ddd6b26e143",
}
# Put together here, so that this file does not hold what it looks for.
NOT_HERE = [
    "py" + "pi.org",
    "python" + "hosted.org",
    "registry." + "npmjs.org",
    "deb." + "debian.org",
    "/wo" + "rk/",
    "/tm" + "p/",
]


def committed_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("text", NOT_HERE)
def test_no_file_names_a_registry_or_a_path_of_one_machine(text: str) -> None:
    named = [path.name for path in committed_files() if text.encode() in path.read_bytes()]
    assert named == []


def test_every_vendored_script_is_the_one_that_was_checked() -> None:
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (ROOT / "static/vendor").glob("*.js")
    }
    assert found == VENDORED


@pytest.mark.parametrize("name", VENDORED)
def test_a_vendored_script_has_its_hash_beside_it(name: str) -> None:
    assert (ROOT / f"static/vendor/{name}.sha256").read_text() == f"{VENDORED[name]}  {name}\n"


def test_htmx_comes_with_its_licence() -> None:
    assert "Zero-Clause BSD" in (ROOT / "static/vendor/htmx.LICENSE").read_text()


def test_the_migrations_go_down_and_up_again_with_people_in_the_tables(protected: Person) -> None:
    with protected.app.app_context():
        flask_migrate.downgrade(revision="0001")
        flask_migrate.upgrade()
        assert db.session.scalar(text("SELECT count(*) FROM recovery_codes")) == 10
    assert protected.two_step_is_on()
    protected.sign_out()
    protected.sign_in()
    assert entered(protected.verify(protected.next_code()))


def test_recovery_codes_from_before_they_had_a_key_of_their_own_still_work(protected: Person) -> None:
    """In 0002 they were hashed under a key of the ring; 0003 keeps that key, sealed."""
    from mfa.crypto import recovery_codes
    from mfa.crypto.cost import Cost
    from mfa.toolbox import toolbox

    with protected.app.app_context():
        flask_migrate.downgrade(revision="0002")
        salt, cost = db.session.execute(text("SELECT recovery_salt, recovery_cost FROM authenticators")).one()
        pepper = toolbox().ring.derive("recovery-codes")
        db.session.execute(text("DELETE FROM recovery_codes"))
        for code in protected.recovery_codes:
            plain = recovery_codes.normalise(code)
            assert plain
            digest = recovery_codes.digest(plain, salt=salt, cost=Cost.parse(cost), pepper=pepper)
            db.session.execute(
                text("INSERT INTO recovery_codes (account_id, digest) VALUES (1, :digest)"),
                {"digest": digest},
            )
        db.session.commit()
        flask_migrate.upgrade()
        db.session.remove()
    protected.sign_out()
    protected.sign_in()
    assert entered(protected.verify_recovery_code(protected.recovery_codes[3]))


def test_every_picture_that_the_readme_shows_is_there() -> None:
    shown = re.findall(r"\((docs/screens/[^)]+\.png)\)", (ROOT / "README.md").read_text())
    assert len(shown) >= 4
    assert [name for name in shown if not (ROOT / name).is_file()] == []


def test_the_migrations_make_the_tables_of_the_models(app: Flask, engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, db.metadata) == []


def test_the_list_of_common_passwords_is_casefolded() -> None:
    assert all(password == password.casefold() for password in common().decode().splitlines())
