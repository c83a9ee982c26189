"""How long a password takes does not say whether an address is known, whatever hashes are in use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete
from werkzeug.security import generate_password_hash

from console.accounts.models import Account
from console.auth import password
from console.extensions import db
from mfa.database import transaction
from tests.support.person import EMAIL, PASSWORD, Person, entered

KINDS = {"pbkdf2": generate_password_hash("x", "pbkdf2:sha256:6000"), "scrypt": generate_password_hash("x")}


def imported(app: Flask, folder: Path, first: int, last: int) -> None:
    file = folder / f"{first}.csv"
    kinds = list(KINDS.values())
    rows = "".join(f"p{number}@example.com,{kinds[number % 2]}\n" for number in range(first, last))
    file.write_text(f"email,password_hash\n{rows}")
    assert app.test_cli_runner().invoke(args=["users", "import", str(file)]).exit_code == 0


@pytest.fixture
def chosen(app: Flask) -> Callable[[], list[str]]:
    """What each of 400 unknown addresses is compared with."""

    def choose() -> list[str]:
        with app.app_context():
            return [str(password.seek(f"nobody{number}@example.com").stand_in) for number in range(400)]

    return choose


def test_unknown_addresses_take_each_kind_as_often_as_known_ones(
    app: Flask, tmp_path: Path, chosen: Callable[[], list[str]]
) -> None:
    imported(app, tmp_path, 0, 50)
    kinds = Counter(hashed.partition(":")[0] for hashed in chosen())
    assert sum(kinds.values()) == 400
    assert all(160 < kinds[kind] < 240 for kind in KINDS)


def test_an_unknown_address_takes_the_same_each_time(
    app: Flask, tmp_path: Path, chosen: Callable[[], list[str]]
) -> None:
    imported(app, tmp_path, 0, 50)
    assert chosen() == chosen()


def test_when_accounts_are_added_few_addresses_take_another(
    app: Flask, tmp_path: Path, chosen: Callable[[], list[str]]
) -> None:
    imported(app, tmp_path, 0, 50)
    before = chosen()
    imported(app, tmp_path, 50, 52)
    assert sum(old != new for old, new in zip(before, chosen(), strict=True)) < 30


def test_unknown_addresses_take_each_kind_also_where_the_first_ids_are_nobodys(
    app: Flask, tmp_path: Path, chosen: Callable[[], list[str]]
) -> None:
    """Else the time of another kind, which no account takes, would say that an address is unknown."""
    imported(app, tmp_path, 0, 100)
    with app.app_context(), transaction():
        db.session.execute(delete(Account).where(Account.id <= 50))
    kinds = Counter(hashed.partition(":")[0] for hashed in chosen())
    assert all(160 < kinds[kind] < 240 for kind in KINDS)


def test_with_somebodys_password_an_unknown_address_opens_nothing(
    mina: Person, make_person: Callable[..., Person]
) -> None:
    """Mina's hash is the only one that there is."""
    stranger = make_person(email="stranger@example.com")
    assert not entered(stranger.sign_in(password=PASSWORD))
    assert "The e-mail address or the password is not right." in stranger.page
    assert entered(stranger.sign_in(EMAIL))


def test_before_there_is_an_account_nothing_opens_either(person: Person) -> None:
    assert not entered(person.sign_in())
