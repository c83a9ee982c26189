"""Moving here, and away again, on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from sqlalchemy import Engine, text
from werkzeug.security import generate_password_hash

from tests.support.authenticator import Authenticator
from tests.support.person import EMAIL, PASSWORD, Person, entered

KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
HASHED = generate_password_hash(PASSWORD, "pbkdf2:sha256:6000")


def run(app: Flask, *arguments: str) -> str:
    result = app.test_cli_runner().invoke(args=["users", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_somebody_moves_here_with_password_and_app(app: Flask, person: Person, tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    others = "".join(f"p{number}@example.com,,\n" for number in range(1200))
    file.write_text(f"email,password_hash,totp\n{EMAIL},{HASHED},{KEY}\n{others}")
    assert "1201 imported" in run(app, "import", str(file))
    assert "0 imported, 1201 already there" in run(app, "import", str(file))
    person.app_on_phone = Authenticator.with_key(KEY)
    person.sign_in()
    assert entered(person.verify(person.next_code()))


def test_everybody_is_exported_with_the_app_that_they_have(
    app: Flask, protected: Person, engine: Engine, tmp_path: Path
) -> None:
    file = tmp_path / "accounts.csv"
    run(app, "export", str(file), "--with-secrets", "--yes")
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM accounts"))
    run(app, "import", str(file))
    protected.sign_in()
    assert entered(protected.verify(protected.next_code()))
