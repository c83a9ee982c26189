"""One address, one domain: what is typed, stored, shown, mailed to and looked up."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import update

from console.accounts import addresses
from console.accounts.models import Account
from console.extensions import db
from mfa.database import transaction
from tests.support.person import EMAIL, PASSWORD, Person, entered
from tests.support.smtp import Inbox

PASTED = [
    f"\u200b{EMAIL}",
    f"{EMAIL}\ufeff",
    f"\u2068{EMAIL}\u2069",
    f"\u202a{EMAIL}\u202c",
    f"\u200e {EMAIL} \u200f",
    EMAIL.replace("@", "\u200b@\u2060"),
    EMAIL.replace("example", "exam\u00adple"),
    EMAIL.replace("example", "exam\u200cple"),
    f"\u200d{EMAIL}\u200d",
]


@pytest.mark.parametrize(
    ("domain", "in_ascii", "by_the_older_standard"),
    [
        ("straße.example", "xn--strae-oqa.example", "strasse.example"),
        ("STRAẞE.example", "xn--strae-oqa.example", "strasse.example"),
        ("mail.βόλος.example", "mail.xn--nxasmm1c.example", "mail.xn--nxasmq6b.example"),
        ("Ꭰ.example", "xn--58d.example", "xn--kz9a.example"),
        ("bücher.example", "xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_mail_goes_to_the_domain_that_is_stored_and_shown(
    person: Person, inbox: Inbox, domain: str, in_ascii: str, by_the_older_standard: str
) -> None:
    """Mail libraries convert by IDNA 2003: the owner of that other domain would get the link."""
    person.get("/sign-up")
    shown = person.post("/sign-up", {"email": f"mina@{domain}"}).text
    letter = inbox.wait_for("Create your")
    address = addresses.parse(f"mina@{domain}")
    assert domain.encode("idna").decode() == by_the_older_standard
    assert letter.recipients == [f"mina@{in_ascii}"]
    assert letter.message["To"] == f"mina@{in_ascii}"
    assert address.key == f"mina@{in_ascii}"
    assert address.text in shown
    assert addresses.parse(f"mina@{in_ascii}") == address


def test_every_mail_of_an_account_goes_to_its_domain(person: Person, inbox: Inbox) -> None:
    person.sign_up("mina@xn--strae-oqa.example")
    person.get("/account/password")
    person.post(
        "/account/password", {"current_password": PASSWORD, "new_password": "seven boats under glass"}
    )
    person.get("/forgot-password")
    person.post("/forgot-password", {"email": "mina@xn--strae-oqa.example"})
    letters = [inbox.wait_for(subject) for subject in ("Your password was changed", "Set a new")]
    assert [letter.recipients for letter in letters] == [["mina@xn--strae-oqa.example"]] * 2
    assert [letter.message["To"] for letter in letters] == ["mina@xn--strae-oqa.example"] * 2


def test_the_sender_is_of_its_own_domain_too(person: Person, inbox: Inbox) -> None:
    person.app.config["MAIL_DEFAULT_SENDER"] = "Straße <no-reply@straße.example>"
    person.get("/sign-up")
    person.post("/sign-up", {"email": EMAIL})
    assert inbox.wait_for("Create your").message["From"] == "Straße <no-reply@xn--strae-oqa.example>"


@pytest.mark.parametrize("domain", ["نامه\u200cای.example", "ශ්\u200dරී.example", "βόλ\u200dος.example"])
def test_a_domain_with_joiners_is_refused_with_the_reason(person: Person, inbox: Inbox, domain: str) -> None:
    """Without its joiner it would be another domain, which IDNA 2003 makes of it."""
    person.get("/sign-up")
    answer = person.post("/sign-up", {"email": f"mina@{domain}"})
    assert answer.status_code == 422
    assert "contains an invisible joiner" in answer.text
    assert inbox.take_all() == []


@pytest.mark.parametrize("typed", PASTED)
def test_an_address_pasted_with_marks_signs_in(make_person: Callable[..., Person], typed: str) -> None:
    make_person().sign_up()
    assert entered(make_person().sign_in(typed))


@pytest.mark.parametrize("typed", PASTED)
def test_marks_are_no_part_of_an_address(typed: str) -> None:
    assert addresses.parse(typed) == addresses.parse(EMAIL)


@pytest.mark.parametrize("url", ["/sign-up", "/forgot-password"])
def test_a_mail_goes_to_an_address_pasted_with_marks(person: Person, inbox: Inbox, url: str) -> None:
    person.get(url)
    assert EMAIL in person.post(url, {"email": f"\u2068{EMAIL}\u2069"}).text
    assert inbox.wait_for().recipients == [EMAIL]


def test_the_new_address_may_be_pasted_with_marks(mina: Person, inbox: Inbox) -> None:
    mina.get("/account/profile/email")
    mina.post("/account/profile/email", {"email": "\ufeffnew@example.com\u200b", "password": PASSWORD})
    assert inbox.wait_for("Confirm your new").recipients == ["new@example.com"]


@pytest.mark.parametrize(
    "local",
    ["=?utf-8?q?x?=", "=?utf-8?q?=61=62?=mina", "mina=?iso-8859-1?b?YQ==?=", "=?x", "mina?="],
)
def test_an_encoded_word_is_no_local_part(person: Person, inbox: Inbox, local: str) -> None:
    """Mail programs decode it (RFC 2047), and read another address than ours."""
    person.get("/sign-up")
    assert person.post("/sign-up", {"email": f"{local}@example.com"}).status_code == 422
    assert inbox.take_all() == []


@pytest.mark.parametrize("local", ["a=b", "a?b", "a+b=c?d"])
def test_equals_and_question_marks_alone_are_fine(local: str) -> None:
    assert addresses.parse(f"{local}@example.com").text == f"{local}@example.com"


def test_an_account_goes_on_whose_address_would_be_refused_today(
    mina: Person, make_person: Callable[..., Person]
) -> None:
    with mina.app.app_context(), transaction():
        odd = {"email": "=?utf-8?q?x?=@example.com", "email_key": "=?utf-8?q?x?=@example.com"}
        db.session.execute(update(Account).values(odd))
    mina.get("/account/password")
    page = mina.post(
        "/account/password", {"current_password": PASSWORD, "new_password": "seven boats under glass"}
    )
    assert "Your password is changed." in page.text


def test_an_address_is_measured_before_it_is_read(person: Person, composed: list[int]) -> None:
    with pytest.raises(addresses.BadAddress):
        addresses.parse("e" + "\u0301\u0316" * 31_000 + "@example.com")
    assert max(composed) == 0
