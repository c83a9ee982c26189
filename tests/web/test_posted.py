"""Post/Redirect/Get: after a plain post no page is left that Back can't show again."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

from console.extensions import db
from console.organization.security.rules import EVERYBODY
from mfa.attempts import rules as attempts
from mfa.web import posted
from mfa.web.forms import Form
from tests.recovery.steps import help_back, links
from tests.support.clock import Clock
from tests.support.person import EMAIL, PASSWORD, Person, Response
from tests.support.product import TWO_STEP
from tests.support.smtp import Inbox

NAVIGATES = {"Sec-Fetch-Mode": "navigate"}
WRONG = "not my password at all"
COOKIE = "twostep-posted"

NO_FIELD_TO_REFUSE = {
    "email_change.confirm",
    "email_change.undo",
    "two_step.link.confirm",
    "reports.take",  # browsers post to it by themselves
    "two_step.sign_in.confirm",
    "sessions.end",
    "sessions.end_others",
    "sessions.sign_out",
    "organization.members.download",
    "organization.invitations.withdraw",  # of one that is over: tests/organization/test_invitations.py
    "organization.help.approve",
    "organization.help.withdraw",
    "help.stop",
    "organization.audit.export",
    "two_step.browsers.forget",
    "two_step.browsers.forget_all",
    "two_step.wizard.cancel",
    "two_step.wizard.scanned",
    "two_step.wizard.start",
    "two_step.authenticators.add",
    # For people without a password: tests/mounted/test_without_password.py
    "two_step.authenticators.send_number_to_add",
    "two_step.authenticators.send_number_to_move",
    "two_step.authenticators.send_number_to_remove",
    "two_step.codes.send_number",
    "two_step.disable.send_number",
    "two_step.step_up.send_number",
    "two_step.check_up.dismiss",
    "two_step.check_up.prove",  # after weeks: tests/two_step/test_check_up.py
    "two_step.revocation.revoke",
    "two_step.recovery.begin_wait",  # off by default: tests/recovery/test_wait.py
    "two_step.recovery.send_wait_number",  # likewise
    "two_step.recovery.send_number",  # without a password: tests/mounted/test_recovery.py
    "two_step.recovery.stop",
    "two_step.recovery.stop_here",
    "two_step.wizard.choose_method",
    "two_step.wizard.create_passkey",  # takes a domain: tests/two_step/test_passkeys.py
    "two_step.wizard.name_passkey",  # likewise
    "two_step.sign_in.enter_by_passkey",  # takes a domain: tests/two_step/test_passkey_sign_in.py
}


@pytest.fixture
def plain(make_person: Callable[..., Person]) -> Person:
    """Somebody without an account, whose browser runs no JavaScript."""
    return make_person(htmx=False)


def post(person: Person, url: str, data: dict[str, str]) -> Response:
    return person.post(url, data, headers=NAVIGATES)


def follow(person: Person, response: Response) -> Response:
    assert response.status_code == 303
    return person.get(response.headers["Location"], headers=NAVIGATES)


def refused_at(page: str) -> list[str]:
    return re.findall(r'<p class="error[^>]*>([^<]+)</p>', page)


# How to come to each form, and what it refuses


def at_sign_up(person: Person) -> tuple[str, dict[str, str]]:
    person.get("/sign-up")
    return "/sign-up", {"email": "mina.park"}


def at_create_account(person: Person) -> tuple[str, dict[str, str]]:
    person.get("/sign-up")
    person.post("/sign-up", {"email": EMAIL})
    path = person.inbox.wait_for("Create your Twostep account", to=EMAIL).path
    person.get(path)
    return path, {"name": "Mina Park", "password": "qzx"}


def at_sign_in(person: Person) -> tuple[str, dict[str, str]]:
    person.get("/sign-in")
    return "/sign-in", {"email": EMAIL, "password": WRONG}


def at_forgot_password(person: Person) -> tuple[str, dict[str, str]]:
    person.get("/forgot-password")
    return "/forgot-password", {"email": "mina.park"}


def at_reset_password(person: Person) -> tuple[str, dict[str, str]]:
    person.sign_up()
    person.sign_out()
    person.get("/forgot-password")
    person.post("/forgot-password", {"email": EMAIL})
    path = person.inbox.wait_for("Set a new password for Twostep", to=EMAIL).path
    person.get(path)
    return path, {"new_password": "qzx"}


def at_profile(person: Person) -> tuple[str, dict[str, str]]:
    person.sign_up().get("/account/profile")
    return "/account/profile", {"name": "", "language": "en"}


def at_password(person: Person) -> tuple[str, dict[str, str]]:
    person.sign_up().get("/account/password")
    return "/account/password", {"current_password": WRONG, "new_password": PASSWORD + "!"}


def at_change_email(person: Person) -> tuple[str, dict[str, str]]:
    person.sign_up().activate().get("/account/profile/email")
    return "/account/profile/email", {
        "email": "mina@example.net",
        "password": PASSWORD,
        "factor": "code",
        "code": "000000",
    }


def at_proof(purpose: str) -> Callable[[Person], tuple[str, dict[str, str]]]:
    def reach(person: Person) -> tuple[str, dict[str, str]]:
        person.sign_up().activate().get(f"/account/two-step/{purpose}")
        return f"/account/two-step/{purpose}", {"password": WRONG}

    return reach


def at_new_codes(person: Person) -> tuple[str, dict[str, str]]:
    person.sign_up().activate().prove_password("reissue")
    return "/account/two-step/reissue/recovery-codes", {}


def at_verify(purpose: str) -> Callable[[Person], tuple[str, dict[str, str]]]:
    def reach(person: Person) -> tuple[str, dict[str, str]]:
        person.sign_up().activate().prove_password(purpose)
        return f"/account/two-step/{purpose}/verify", {"factor": "recovery_code", "recovery_code": "1234"}

    return reach


def at_proof_of_adding(person: Person) -> tuple[str, dict[str, str]]:
    person.sign_up().activate()
    person.clock.advance(minutes=16)
    person.begin_adding()
    return f"{TWO_STEP}/add/proof", {"password": WRONG}


def at_verify_of_adding(person: Person) -> tuple[str, dict[str, str]]:
    url, _ = at_proof_of_adding(person)
    person.post(url, {"password": PASSWORD}, follow_redirects=True)
    return f"{TWO_STEP}/add/verify", {"factor": "recovery_code", "recovery_code": "1234"}


def at_name(person: Person) -> tuple[str, dict[str, str]]:
    person.sign_up().activate().begin_adding().scan()
    person.post(f"{TWO_STEP}/enroll/code", {"code": person.code()}, follow_redirects=True)
    return f"{TWO_STEP}/enroll/name", {"name": ""}


def at_proof_of_removal(person: Person) -> tuple[str, dict[str, str]]:
    person.sign_up().activate().add_app("Second phone")
    url = f"{TWO_STEP}/remove/{person.authenticators()['Second phone']}"
    person.get(url)
    return url, {"password": WRONG}


def at_verify_of_removal(person: Person) -> tuple[str, dict[str, str]]:
    url, _ = at_proof_of_removal(person)
    person.post(url, {"password": PASSWORD}, follow_redirects=True)
    return f"{TWO_STEP}/remove/verify", {"factor": "recovery_code", "recovery_code": "1234"}


def at_rename(person: Person) -> tuple[str, dict[str, str]]:
    person.sign_up().activate()
    url = f"{TWO_STEP}/rename/{person.authenticators()['Authenticator app']}"
    person.get(url)
    return url, {"name": ""}


def at_step_up(person: Person) -> tuple[str, dict[str, str]]:
    person.sign_up().activate().get("/account/two-step/confirm")
    return "/account/two-step/confirm", {"factor": "recovery_code", "recovery_code": "1234"}


def at_old_proof(person: Person) -> tuple[str, dict[str, str]]:
    person.sign_up()
    person.clock.advance(minutes=16)
    person.begin()
    return "/account/two-step/enroll/password", {"password": WRONG}


def at_send_again(person: Person) -> tuple[str, dict[str, str]]:
    person.sign_up().begin()
    person.post("/account/two-step/enroll/email/send", follow_redirects=True)
    return "/account/two-step/enroll/email/send", {}


def at_number(person: Person) -> tuple[str, dict[str, str]]:
    url, _ = at_send_again(person)
    return url.removesuffix("/send"), {"number": "12345"}


def at_code(person: Person) -> tuple[str, dict[str, str]]:
    person.sign_up().begin().verify_email().scan()
    return "/account/two-step/enroll/code", {"code": "12345"}


def at_codes(person: Person) -> tuple[str, dict[str, str]]:
    person.sign_up().begin().verify_email().scan().enter_code()
    return "/account/two-step/enroll/recovery", {}


def at_second_step(person: Person) -> tuple[str, dict[str, str]]:
    person.sign_up().activate().sign_out()
    person.sign_in()
    person.get("/sign-in/verify?factor=recovery")
    return "/sign-in/verify?factor=recovery", {"recovery_code": "1234"}


def at_confirm_first(person: Person) -> tuple[str, dict[str, str]]:
    person.sign_up().activate().sign_out()
    with person.app.app_context():
        for _ in range(attempts.MOST_FAILURES):
            attempts.count("account:1", attempts.SECOND_STEP_FAILURES, person.clock())
        db.session.remove()
    person.forget_device()
    person.sign_in()
    person.get("/sign-in/verify")
    for _ in range(attempts.CONFIRM_SENDING.free):
        person.post("/sign-in/verify/confirm")
    return "/sign-in/verify/confirm", {}


def at_data(person: Person) -> tuple[str, dict[str, str]]:
    person.sign_up()
    for _ in range(attempts.DATA_DOWNLOADS.free):
        person.get("/account/profile/data")
        person.post("/account/profile/data")
    return "/account/profile/data", {}


def at_deletion(person: Person) -> tuple[str, dict[str, str]]:
    person.sign_up().get("/account/profile")  # the only owner of the organization
    return "/account/profile/delete", {}


def at_member(person: Person) -> tuple[str, dict[str, str]]:
    person.sign_up()
    Person(person.app, person.inbox, person.clock, htmx=False).sign_up("jun@example.com")
    person.get("/organization/members/2/lock")
    return "/organization/members/2/lock", {"reason": "two\nlines"}


def at_invite(person: Person) -> tuple[str, dict[str, str]]:
    person.sign_up().get("/organization/invitations/new")
    return "/organization/invitations/new", {"email": "noor", "role": "member"}


def at_invitation_sent_lately(person: Person) -> tuple[str, dict[str, str]]:
    person.sign_up().get("/organization/invitations/new")
    person.post("/organization/invitations/new", {"email": "noor@example.com", "role": "member"})
    person.get("/organization/invitations")
    return "/organization/invitations/1/again", {}


def at_invitation(person: Person) -> tuple[str, dict[str, str]]:
    at_invitation_sent_lately(person)
    path = person.inbox.wait_for("You are invited to Twostep", to="noor@example.com").path
    person.get(path)
    return path, {"name": "Noor Haddad", "password": "qzx"}


def at_activity(person: Person) -> tuple[str, dict[str, str]]:
    person.sign_up().get("/organization/activity")
    return "/organization/activity", {"since": "yesterday"}


def at_security(person: Person) -> tuple[str, dict[str, str]]:
    person.sign_up().get("/organization/security")  # without a second step of their own
    version = person.hidden()["version"]
    return "/organization/security", {
        "version": version,
        "required": "y",
        "scope": EVERYBODY,
        "grace_days": "7",
    }


def at_way_back(person: Person) -> tuple[str, dict[str, str]]:
    person.sign_up().activate()
    help_back(person.app)
    back, _ = links(person.inbox)
    person.get(back)
    return back, {"password": WRONG}


FORMS: dict[str, Callable[[Person], tuple[str, dict[str, str]]]] = {
    "accounts.mail_sign_up_link": at_sign_up,
    "accounts.open_account": at_create_account,
    "accounts.check_password": at_sign_in,
    "accounts.mail_reset_link": at_forgot_password,
    "accounts.set_password": at_reset_password,
    "accounts.change_profile": at_profile,
    "accounts.change_password": at_password,
    "email_change.send": at_change_email,
    "personal_data.download": at_data,
    "deletion.delete": at_deletion,
    "organization.members.do": at_member,
    "organization.invitations.invite": at_invite,
    "organization.invitations.send_again": at_invitation_sent_lately,
    "invitation.accept": at_invitation,
    "organization.audit.choose": at_activity,
    "organization.security.save": at_security,
    "two_step.recovery.finish": at_way_back,
    "two_step.codes.begin": at_proof("reissue"),
    "two_step.disable.begin": at_proof("disable"),
    "two_step.authenticators.begin_move": at_proof("move"),
    "two_step.codes.complete": at_new_codes,
    "two_step.disable.complete": at_verify("disable"),
    "two_step.authenticators.open_move": at_verify("move"),
    "two_step.authenticators.prove_for_adding": at_proof_of_adding,
    "two_step.authenticators.open_adding": at_verify_of_adding,
    "two_step.authenticators.begin_remove": at_proof_of_removal,
    "two_step.authenticators.complete_remove": at_verify_of_removal,
    "two_step.authenticators.complete_rename": at_rename,
    "two_step.wizard.complete_adding": at_name,
    "two_step.wizard.prove_password": at_old_proof,
    "two_step.wizard.send": at_send_again,
    "two_step.wizard.confirm_number": at_number,
    "two_step.wizard.confirm_code": at_code,
    "two_step.wizard.complete": at_codes,
    "two_step.step_up.confirm": at_step_up,
    "two_step.sign_in.complete": at_second_step,
    "two_step.sign_in.send_confirmation": at_confirm_first,
}


def test_every_form_is_here(app: Flask) -> None:
    posts = {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    assert posts == {*FORMS, *NO_FIELD_TO_REFUSE}


@pytest.mark.parametrize("form", FORMS)
def test_refusal_is_shown_by_page_that_post_redirects_to(plain: Person, form: str) -> None:
    url, data = FORMS[form](plain)
    page = follow(plain, post(plain, url, data))
    assert refused_at(page.text)


@pytest.mark.parametrize("form", FORMS)
def test_htmx_still_gets_refusal_at_once(make_person: Callable[..., Person], form: str) -> None:
    person = make_person()
    url, data = FORMS[form](person)
    response = person.post(url, data, headers={"Sec-Fetch-Mode": "cors"})
    assert response.status_code in (422, 429)
    assert refused_at(response.text)


def test_refusal_is_shown_once(plain: Person) -> None:
    page = follow(plain, post(plain, *at_sign_up(plain)))
    assert refused_at(page.text)
    assert not refused_at(plain.get("/sign-up", headers=NAVIGATES).text)


def test_page_that_shows_refusal_has_its_status(plain: Person) -> None:
    """Password managers offer to save what was sent unless the page says that it was refused."""
    assert follow(plain, post(plain, *at_sign_in(plain))).status_code == 422


def test_typed_address_stays(plain: Person) -> None:
    page = follow(plain, post(plain, *at_sign_in(plain)))
    assert f'value="{EMAIL}"' in page.text


def test_target_after_sign_in_stays(plain: Person) -> None:
    plain.get("/sign-in?next=/account/activity")
    page = follow(plain, post(plain, "/sign-in", {"email": EMAIL, "password": WRONG}))
    assert 'value="/account/activity"' in page.text


def test_chosen_factor_stays(plain: Person) -> None:
    page = follow(plain, post(plain, *at_verify("disable")(plain)))
    chosen = re.search(r"<input[^>]*checked[^>]*>", page.text)
    assert chosen
    assert 'value="recovery_code"' in chosen[0]


@pytest.mark.parametrize("form", FORMS)
def test_no_secret_is_stored(plain: Person, form: str) -> None:
    url, data = FORMS[form](plain)
    follow_me = post(plain, url, data)
    told = told_by(plain, follow_me)
    secret = {name: value for name, value in data.items() if name not in shown_again()}
    assert not [name for name, value in secret.items() if value and value in told]


def shown_again(kind: type[Form] = Form) -> set[str]:
    """Return the names of the fields that any form shows again."""
    return set(kind.shown_again).union(*map(shown_again, kind.__subclasses__()))


def told_by(person: Person, response: Response) -> str:
    """What the cookie of *response* holds, read as the server reads it."""
    with person.app.test_request_context(
        response.headers["Location"], headers={**NAVIGATES, "Cookie": cookies(person)}
    ):
        return str(posted.take())


def cookies(person: Person) -> str:
    host = str(person.app.config["SERVER_NAME"]).partition(":")[0]
    kept = (
        person.client.get_cookie(name, domain=host)
        for name in (person.app.config["SESSION_COOKIE_NAME"], COOKIE)
    )
    return "; ".join(f"{one.key}={one.value}" for one in kept if one)


@pytest.mark.parametrize("name", ["password", "code", "number", "recovery_code", "pending", "csrf_token"])
def test_secret_fields_are_not_among_those_kept(name: str) -> None:
    assert "email" in shown_again()
    assert name not in shown_again()


def test_cookie_can_not_be_read(plain: Person) -> None:
    response = post(plain, *at_sign_in(plain))
    assert EMAIL not in response.headers["Set-Cookie"]


def test_cookie_is_for_a_minute_and_for_server_alone(plain: Person) -> None:
    cookie = post(plain, *at_sign_up(plain)).headers["Set-Cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert {"Max-Age=60", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))


def test_old_cookie_says_nothing(plain: Person, clock: Clock) -> None:
    response = post(plain, *at_sign_up(plain))
    clock.advance(seconds=61)
    assert not refused_at(follow(plain, response).text)


def test_another_page_does_not_show_it(plain: Person) -> None:
    response = post(plain, *at_sign_up(plain))
    assert not refused_at(plain.get("/forgot-password", headers=NAVIGATES).text)
    assert refused_at(follow(plain, response).text)


def test_another_session_does_not_show_it(plain: Person, make_person: Callable[..., Person]) -> None:
    response = post(plain, *at_sign_up(plain))
    other = make_person(htmx=False)
    other.get("/sign-in")
    host = str(plain.app.config["SERVER_NAME"]).partition(":")[0]
    kept = plain.client.get_cookie(COOKIE, domain=host)
    assert kept
    other.client.set_cookie(COOKIE, kept.value, domain=host)
    assert not refused_at(follow(other, response).text)


@pytest.mark.parametrize("value", ["", "x", "=", "é", "AAAA" * 20, "0" * 3000])
def test_forged_cookie_says_nothing(plain: Person, value: str) -> None:
    host = str(plain.app.config["SERVER_NAME"]).partition(":")[0]
    plain.client.set_cookie(COOKIE, value, domain=host)
    response = plain.get("/sign-up", headers=NAVIGATES)
    assert (response.status_code, refused_at(response.text)) == (200, [])


@pytest.mark.parametrize(
    ("method", "headers"),
    [("HEAD", NAVIGATES), ("GET", {"HX-Request": "true"}), ("GET", {"Sec-Fetch-Mode": "no-cors"})],
)
def test_only_page_for_person_uses_it_up(plain: Person, method: str, headers: dict[str, str]) -> None:
    response = post(plain, *at_sign_up(plain))
    plain.client.open(response.headers["Location"], method=method, headers=headers)
    assert refused_at(follow(plain, response).text)


def test_browser_that_says_no_mode_is_known_by_what_it_accepts(plain: Person) -> None:
    url, data = at_sign_up(plain)
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    response = plain.post(url, data, headers=browser)
    assert response.status_code == 303
    assert refused_at(plain.get(response.headers["Location"], headers=browser).text)


def test_script_gets_refusal_at_once(plain: Person) -> None:
    assert plain.post(*at_sign_up(plain), headers={"Accept": "*/*"}).status_code == 422


def test_value_too_long_for_cookie_is_left_out(plain: Person) -> None:
    at_create_account(plain)
    path, data = at_create_account(plain)
    page = follow(plain, post(plain, path, {**data, "name": "é" * 400}))
    assert refused_at(page.text)
    assert "éé" not in page.text


def test_below_a_path_it_leads_to_page_below_that_path(plain: Person) -> None:
    url, data = at_sign_up(plain)
    below = {"SCRIPT_NAME": "/console"}
    response = plain.post(url, data, headers=NAVIGATES, environ_overrides=below)
    assert response.headers["Location"] == "/console/sign-up"
    page = plain.client.get("/sign-up", headers=NAVIGATES, environ_overrides=below)
    assert refused_at(page.text)


# What was accepted, and what ended


def test_check_your_inbox_is_page_of_get(plain: Person) -> None:
    plain.get("/sign-up")
    page = follow(plain, post(plain, "/sign-up", {"email": EMAIL}))
    assert (page.status_code, "Check your inbox" in page.text, EMAIL in page.text) == (200, True, True)


@pytest.mark.parametrize(
    ("url", "data", "said"),
    [
        ("/account/profile", {"name": "Mina", "language": "en"}, "Saved."),
        (
            "/account/password",
            {"current_password": PASSWORD, "new_password": PASSWORD + "!"},
            "Your password is changed.",
        ),
        ("/account/profile/email", {"email": "m@example.net", "password": PASSWORD}, "Check your inbox"),
    ],
)
def test_success_is_said_by_page_of_get(plain: Person, url: str, data: dict[str, str], said: str) -> None:
    plain.sign_up().get(url)
    assert said in follow(plain, post(plain, url, data)).text


def test_changed_email_is_said_by_page_of_get(plain: Person, inbox: Inbox) -> None:
    plain.sign_up().get("/account/profile/email")
    plain.post("/account/profile/email", {"email": "m@example.net", "password": PASSWORD})
    path = inbox.wait_for("Confirm your new Twostep address", to="m@example.net").path
    plain.get(path)
    assert "Your email is changed." in follow(plain, post(plain, path, {})).text


def test_confirmed_link_is_said_by_page_of_get(plain: Person, inbox: Inbox) -> None:
    plain.sign_up().begin()
    plain.post("/account/two-step/enroll/email/send", follow_redirects=True)
    path = inbox.wait_for("Your Twostep authentication number", to=EMAIL).path
    plain.get(path)
    assert "Your email is confirmed" in follow(plain, post(plain, path, {})).text


def test_number_of_link_in_other_browser_is_not_stored(
    plain: Person, make_person: Callable[..., Person], inbox: Inbox
) -> None:
    plain.sign_up().begin()
    plain.post("/account/two-step/enroll/email/send", follow_redirects=True)
    letter = inbox.wait_for("Your Twostep authentication number", to=EMAIL)
    other = make_person(htmx=False)
    other.get("/sign-in")
    response = post(other, letter.path, {})
    assert letter.number not in told_by(other, response)
    assert letter.number in follow(other, response).text


def test_step_that_ended_is_said_by_page_of_get(plain: Person) -> None:
    plain.sign_up().begin()
    plain.post("/account/two-step/enroll/cancel")
    plain.get("/account/two-step")
    response = post(plain, "/account/two-step/enroll/scan", {})
    page = follow(plain, response)
    assert (page.status_code, "This step has ended" in page.text) == (409, True)
