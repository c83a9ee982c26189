"""Codes and numbers as people paste them, at every door that asks for one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.person import PASSWORD, Person, entered

HINT = "Enter the digits as 0 to 9."
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
WIDER = str.maketrans({letter: chr(ord(letter) + 0xFEE0) for letter in "0123456789ABCDEFGHJKMNPQRSTVWXYZ"})
WRAPPED = ["\u2068{}\u2069", "\u202b{}\u202c", "\u200f\u061c{}\ufeff", "\u200b{}\u00ad"]


@pytest.fixture
def halfway(protected: Person) -> Person:
    """Somebody between password and code."""
    protected.sign_out()
    protected.sign_in()
    return protected


@pytest.mark.parametrize("wrapped", WRAPPED)
def test_a_code_in_invisible_marks_signs_in(halfway: Person, wrapped: str) -> None:
    assert entered(halfway.verify(wrapped.format(halfway.next_code())))


@pytest.mark.parametrize("wrapped", WRAPPED)
def test_a_recovery_code_in_invisible_marks_signs_in(halfway: Person, wrapped: str) -> None:
    assert entered(halfway.verify_recovery_code(wrapped.format(halfway.recovery_codes[0])))


def test_full_width_digits_are_explained_at_sign_in(halfway: Person) -> None:
    answer = halfway.verify(halfway.next_code().translate(FULL_WIDTH))
    assert answer.status_code == 422
    assert HINT in answer.text
    assert entered(halfway.verify(halfway.code()))


def test_a_full_width_recovery_code_is_explained(halfway: Person) -> None:
    answer = halfway.verify_recovery_code(halfway.recovery_codes[0].translate(WIDER))
    assert answer.status_code == 422
    assert "Enter the code in plain letters and digits." in answer.text


def test_the_mailed_number_is_taken_and_explained_alike(mina: Person) -> None:
    mina.begin().post("/account/two-step/enroll/email/send", follow_redirects=True)
    number = mina.inbox.wait_for("authentication number").number
    url = "/account/two-step/enroll/email"
    assert HINT in mina.post(url, {"number": number.translate(FULL_WIDTH)}).text
    assert (
        "Scan the QR code" in mina.post(url, {"number": f"\u2067{number}\u2069"}, follow_redirects=True).text
    )


def test_the_wizards_code_is_taken_and_explained_alike(mina: Person) -> None:
    mina.begin().verify_email().scan()
    url = "/account/two-step/enroll/code"
    assert HINT in mina.post(url, {"code": mina.code().translate(FULL_WIDTH)}).text
    assert (
        "recovery codes" in mina.post(url, {"code": f"\u2068{mina.code()}\u2069"}, follow_redirects=True).text
    )


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("code", "１２３４５６", HINT),
        ("recovery_code", "７ＨＱＫ２Ｍ９ＤＸＷ４Ｔ０Ｂ６１", "Enter the code in plain letters and digits."),
    ],
)
def test_disable_explains_them_too(protected: Person, field: str, typed: str, sentence: str) -> None:
    protected.prove_password("disable")
    answer = protected.post("/account/two-step/disable/verify", {"factor": field, field: typed})
    assert answer.status_code == 422
    assert sentence in answer.text


def test_a_change_of_email_explains_them_too(protected: Person) -> None:
    protected.get("/account/profile/email")
    fields = {"email": "new@example.com", "password": PASSWORD, "factor": "code", "code": "１２３４５６"}
    assert HINT in protected.post("/account/profile/email", fields).text


PAGES = ["/sign-in", "/sign-up", "/forgot-password"]
TABS = ["/account/profile", "/account/password", "/account/profile/email", "/account/two-step/disable"]


def test_no_field_cuts_what_is_typed(protected: Person, make_person: Callable[..., Person]) -> None:
    """A ``maxlength`` counts UTF-16 units before NFC: it would cut a password that was taken at sign-up."""
    pages = [make_person().get(url).text for url in PAGES] + [protected.get(url).text for url in TABS]
    protected.prove_password("disable")
    pages.append(protected.page)
    protected.sign_out()
    protected.sign_in()
    pages += [protected.page, protected.get("/sign-in/verify?factor=recovery").text]
    assert all("<input" in page for page in pages)
    assert not any("maxlength" in page for page in pages)


def test_a_password_as_long_as_it_may_be_signs_in(person: Person, make_person: Callable[..., Person]) -> None:
    """256 characters after NFC: here 512 in UTF-16, and 512 as they are typed decomposed."""
    long = "🔑🐎🔋📎" * 32 + "e\u0301a\u0308o\u0302u\u0300" * 32
    person.get("/sign-up")
    person.post("/sign-up", {"email": person.email})
    path = person.inbox.wait_for("Create your").path
    person.get(path)
    assert entered(person.post(path, {"name": "Mina", "password": long}))
    assert entered(make_person().sign_in(password=long))
