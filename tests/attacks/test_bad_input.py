"""Every field of every form, with what nobody should type: a sentence and a 4xx, never a 500."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

import pytest
from sqlalchemy import Engine

from tests.support.database import dump
from tests.support.person import EMAIL, PASSWORD, Person, Response
from tests.support.smtp import Inbox
from tests.support.states import State
from tests.support.stores import Stores

Prepare = Callable[[Person], object]
Lead = Callable[[Hashable, Prepare], Person]

NASTY = {
    "empty": "",
    "spaces": "   ",
    "nul": "a\0b",
    "html": "<script>alert(1)</script>",
    "sql": "' OR 1=1; DROP TABLE accounts; --",
    "unicode digits": "１２３４５６",
    "arabic digits": "١٢٣٤٥٦",
    "underscored": "123_456",
    "negative": "-12345",
    "long": "9" * 20_000,
    "emoji": "🔑" * 50,
    "right to left": "\u202e123456",
    "surrogate": b"\xed\xa0\x80",
    "not utf-8": b"\xff\xfe\xfa",
    "template": "{{ config }}",
    "newlines": "123\r\n456\r\nBcc: x@example.com",
}
ENROLL = "/account/two-step/enroll"


def _ready_for_email(person: Person) -> None:
    person.sign_up().begin().post(f"{ENROLL}/email/send")
    person.inbox.wait_for("authentication number")


def _halfway(person: Person) -> None:
    person.sign_up().activate()
    person.sign_out()
    person.sign_in()


def _halfway_recovery(person: Person) -> None:
    _halfway(person)
    person.get("/sign-in/verify?factor=recovery")


def _at_new_account(person: Person) -> None:
    person.get("/sign-up")
    person.post("/sign-up", {"email": "mina.park@example.com"})
    person.get(person.inbox.wait_for("Create your").path)


def _at_reset(person: Person) -> None:
    person.sign_up()
    person.get("/forgot-password")
    person.post("/forgot-password", {"email": "mina.park@example.com"})
    person.get(person.inbox.wait_for("Set a new").path)


def _signed_up_at(url: str) -> Callable[[Person], None]:
    def prepare(person: Person) -> None:
        person.sign_up().get(url)

    return prepare


def _late(person: Person) -> None:
    person.sign_up()
    person.clock.advance(minutes=20)
    person.begin()


def _at_disable(person: Person) -> None:
    person.sign_up().activate().prove_password("disable")


# Where each field stands, how to get there, and the fields beside it that are right.
FIELDS: dict[str, tuple[Callable[[Person], object], str | None, dict[str, str]]] = {
    "sign-up email": (lambda p: p.get("/sign-up"), "/sign-up", {}),
    "sign-in email": (lambda p: p.get("/sign-in"), "/sign-in", {"password": "x" * 15}),
    "sign-in password": (lambda p: p.get("/sign-in"), "/sign-in", {"email": "a@example.com"}),
    "forgot email": (lambda p: p.get("/forgot-password"), "/forgot-password", {}),
    "account name": (_at_new_account, None, {"password": "orange kettle drives"}),
    "account password": (_at_new_account, None, {"name": "Mina"}),
    "reset new_password": (_at_reset, None, {}),
    "verify code": (_halfway, "/sign-in/verify", {}),
    "verify recovery_code": (_halfway_recovery, "/sign-in/verify?factor=recovery", {}),
    "profile name": (_signed_up_at("/account/profile"), "/account/profile", {}),
    "password current_password": (
        _signed_up_at("/account/password"),
        "/account/password",
        {"new_password": "seven boats under glass"},
    ),
    "password new_password": (
        _signed_up_at("/account/password"),
        "/account/password",
        {"current_password": "orange kettle drives north"},
    ),
    "wizard password": (_late, f"{ENROLL}/password", {}),
    "wizard number": (_ready_for_email, f"{ENROLL}/email", {}),
    "wizard code": (lambda p: p.sign_up().begin().verify_email().scan(), f"{ENROLL}/code", {}),
    "reissue password": (
        lambda p: p.sign_up().activate().get("/account/two-step/reissue"),
        "/account/two-step/reissue",
        {},
    ),
    "disable code": (_at_disable, "/account/two-step/disable/verify", {"factor": "code"}),
    "disable recovery_code": (
        _at_disable,
        "/account/two-step/disable/verify",
        {"factor": "recovery_code"},
    ),
    "disable factor": (_at_disable, "/account/two-step/disable/verify", {"code": "000000"}),
}
# What looks odd and is a good value all the same.
FINE = {
    ("profile name", "html"), ("profile name", "sql"), ("profile name", "emoji"),
    ("profile name", "template"), ("profile name", "unicode digits"),
    ("profile name", "arabic digits"), ("profile name", "underscored"), ("profile name", "negative"),
    ("profile name", "newlines"), ("profile name", "right to left"),
    ("account name", "html"), ("account name", "sql"), ("account name", "emoji"),
    ("account name", "template"), ("account name", "unicode digits"),
    ("account name", "arabic digits"), ("account name", "underscored"), ("account name", "negative"),
    ("account name", "newlines"), ("account name", "right to left"),
    ("profile name", "not utf-8"), ("account name", "not utf-8"),
    ("profile name", "surrogate"), ("account name", "surrogate"),
    ("account password", "html"), ("reset new_password", "html"), ("password new_password", "html"),
    ("account password", "sql"), ("reset new_password", "sql"), ("password new_password", "sql"),
}  # fmt: skip
# What is a code once its direction mark is dropped, and counts as one.
GUESSES = {("verify code", "right to left"), ("disable code", "right to left")}


@dataclass
class Field:
    """One of :data:`FIELDS`, on the screen before a person."""

    person: Person
    url: str
    beside: dict[str, str]
    name: str

    def post(self, value: str | bytes, **more: str) -> Response:
        return self.person.post(self.url, {**self.beside, self.name: value, **more})


@pytest.fixture(scope="module")
def walked() -> dict[Hashable, State]:
    """Where a way has led that was walked in this module; it is not walked again."""
    return {}


@pytest.fixture
def lead(person: Person, stores: Stores, walked: dict[Hashable, State]) -> Lead:
    def to(name: Hashable, prepare: Prepare) -> Person:
        if name in walked:
            walked[name].restore(person, stores)
        else:
            prepare(person)
            walked[name] = State.of(person, stores)
        return person

    return to


@pytest.fixture
def field(lead: Lead, where: str) -> Field:
    prepare, url, beside = FIELDS[where]
    person = lead(where, prepare)
    return Field(person, url or person.page.split('action="')[1].split('"')[0], beside, where.split()[1])


REFUSED = [(where, kind) for where in FIELDS for kind in NASTY if (where, kind) not in FINE | GUESSES]


@pytest.mark.parametrize(("where", "kind"), REFUSED)
def test_a_nasty_value_gets_a_sentence(field: Field, engine: Engine, where: str, kind: str) -> None:
    before = dump(engine, without={"mfa_throttles", "mfa_outbox"})
    response = field.post(NASTY[kind])
    assert response.status_code == 422, response.text
    assert 'class="error"' in response.text or 'class="error error--form"' in response.text
    assert dump(engine, without={"mfa_throttles", "mfa_outbox"}) == before


@pytest.mark.parametrize(("where", "kind"), sorted(FINE))
def test_an_odd_value_that_is_good_is_taken(field: Field, where: str, kind: str) -> None:
    assert field.post(NASTY[kind]).status_code in (200, 401)


@pytest.mark.parametrize(("where", "kind"), sorted(GUESSES))
def test_a_code_behind_a_direction_mark_is_a_guess(
    field: Field, engine: Engine, where: str, kind: str
) -> None:
    assert field.post(NASTY[kind]).status_code == 422
    assert dump(engine).count("'second_step_failed'") == 1


@pytest.mark.parametrize("where", FIELDS)
def test_a_megabyte_is_refused_before_it_is_read(field: Field, where: str) -> None:
    response = field.post("x" * 1_000_000)
    assert response.status_code == 413
    assert "That is too much" in response.text


@pytest.mark.parametrize("token", ["", "forged", "IjEi.aWVEFA.abc"])
@pytest.mark.parametrize("where", FIELDS)
def test_a_missing_or_forged_csrf_token_is_refused(
    field: Field, engine: Engine, where: str, token: str
) -> None:
    before = dump(engine, without={"mfa_outbox"})
    response = field.post("x", csrf_token=token)
    if where.startswith("verify"):
        # The form may have been pressed twice: the page is shown again.
        assert response.headers["HX-Redirect"] == "/sign-in/verify"
    else:
        assert response.status_code == 400
        assert "This page is out of date" in response.text
    assert dump(engine, without={"mfa_outbox"}) == before


@pytest.mark.parametrize("value", ["", "x", "x" * 20_000, "é", "0"])
@pytest.mark.parametrize(
    ("prepare", "url"),
    [
        (lambda p: p.sign_up().begin(), f"{ENROLL}/email/send"),
        (_ready_for_email, f"{ENROLL}/email"),
        (lambda p: p.sign_up().begin().verify_email(), f"{ENROLL}/scan"),
        (lambda p: p.sign_up().begin().verify_email().scan(), f"{ENROLL}/code"),
        (lambda p: p.sign_up().begin().verify_email().scan().enter_code(), f"{ENROLL}/recovery"),
        (
            lambda p: p.sign_up().activate().prove_password("reissue"),
            "/account/two-step/reissue/recovery-codes",
        ),
        (_at_disable, "/account/two-step/disable/verify"),
    ],
)
def test_a_step_that_is_not_this_windows_is_refused(
    lead: Lead, engine: Engine, prepare: Prepare, url: str, value: str
) -> None:
    person = lead(prepare, prepare)
    before = dump(engine, without={"mfa_throttles", "mfa_outbox"})
    response = person.post(url, {"pending": value, "saved": "y", "factor": "code", "code": "000000"})
    assert response.status_code == 409
    assert "started over" in response.text
    assert dump(engine, without={"mfa_throttles", "mfa_outbox"}) == before


def test_the_csrf_token_of_another_person_is_refused(
    mina: Person, make_person: Callable[..., Person]
) -> None:
    other = make_person().sign_up("other@example.com")
    other.get("/account/profile")
    token = other.hidden("/account/profile")["csrf_token"]
    mina.get("/account/profile")
    response = mina.post("/account/profile", {"name": "Changed", "csrf_token": token})
    assert response.status_code == 400


def test_a_post_from_another_site_is_refused(mina: Person) -> None:
    mina.get("/account/profile")
    response = mina.post("/account/profile", {"name": "Changed"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 403


def test_what_was_typed_is_kept_where_it_is_safe(person: Person, inbox: Inbox) -> None:
    person.get("/sign-in")
    response = person.post("/sign-in", {"email": "a@example.com", "password": "secret words here"})
    assert 'value="a@example.com"' in response.text
    assert "secret words here" not in response.text


@pytest.mark.parametrize("url", ["/nothing", "/account/nothing", "/dev/mailbox/../../etc/passwd"])
def test_an_unknown_address_is_a_calm_404(mina: Person, url: str) -> None:
    response = mina.get(url, headers={"HX-Request": ""})
    assert response.status_code == 404
    assert "There is nothing here" in response.text


def test_a_wrong_method_is_a_calm_405(mina: Person) -> None:
    response = mina.get("/sign-out", headers={"HX-Request": ""})
    assert response.status_code == 405
    assert "This can’t be done here" in response.text


def test_an_error_never_lands_in_the_modal(mina: Person) -> None:
    response = mina.get("/account/nothing")
    assert response.headers["HX-Retarget"] == "#mfa-notice"
    assert "<" not in response.text


def test_an_unforeseen_error_is_a_calm_500(
    mina: Person, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the disk is full of bees")

    monkeypatch.setattr("mfa.enrollment.rules.State.of", broken)
    response = mina.get("/account/two-step", headers={"HX-Request": ""})
    assert response.status_code == 500
    assert "Something went wrong" in response.text
    assert "bees" not in response.text


@pytest.mark.parametrize("field", ["password", "code"])
def test_a_field_that_comes_twice_is_one_guess(protected: Person, field: str) -> None:
    """Whoever looks at the second value, or at both, gives more guesses than are counted."""
    protected.sign_out()
    if field == "password":
        protected.get("/sign-in")
        answer = protected.post("/sign-in", {"email": EMAIL, "password": ["a wrong password", PASSWORD]})
    else:
        protected.sign_in()
        answer = protected.post("/sign-in/verify", {"code": ["000000", protected.next_code()]})
    assert answer.status_code == 422
    assert not protected.is_signed_in()


def test_an_address_that_comes_twice_is_counted_as_the_one_that_is_looked_up(person: Person) -> None:
    person.sign_up()
    person.sign_out()
    answers = []
    for number in range(12):
        person.get("/sign-in")
        emails = [EMAIL, f"other-{number}@example.com"]
        answers.append(person.post("/sign-in", {"email": emails, "password": "a wrong password"}).status_code)
    assert answers[-1] == 429
