"""Help for a member who is locked out: asked for, approved by a second one, withdrawn, used, stopped."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, delete, select

from console.accounts.models import Account, Role
from console.extensions import db
from mfa import signals
from mfa.database import transaction
from mfa.notices.models import OutboxMail
from tests.organization.helping import (
    JUN,
    KIM,
    LINK,
    MEMBERS,
    REASON,
    approve,
    ask,
    change,
    details,
    events,
    mailed,
    requests,
    settle,
    stop,
    take_two,
    use,
    withdraw,
    written,
)
from tests.organization.people import Make, give, sign_up
from tests.organization.settings import said, save, settings
from tests.support.clock import Clock
from tests.support.crowd import at_once, copies
from tests.support.database import dump
from tests.support.person import EMAIL, PASSWORD, Person
from tests.support.smtp import Inbox

WAITS = "A reset of 2-step verification waits for you"
APPROVED = "Your request for a reset of 2-step verification was approved"
WITHDRAWN = "Your request for a reset of 2-step verification was withdrawn"
STOPPED = "A member has stopped a reset of their 2-step verification"


@pytest.fixture
def jun(mina: Person, make_person: Make) -> Person:
    """A member with 2-step verification on, beside Mina, who owns the organization."""
    return make_person(email=JUN).sign_up(JUN).activate()


@pytest.fixture
def kim(jun: Person, make_person: Make) -> Person:
    """An administrator; a second one approves a reset."""
    made = sign_up(make_person, KIM, Role.ADMINISTRATOR)
    take_two(made.app)
    return made


@pytest.fixture
def locked_out(jun: Person, make_person: Make) -> Person:
    """Jun at a browser that nobody knows, without her phone."""
    return make_person(email=JUN)


# One is enough


def test_one_administrator_has_the_link_sent_and_changes_nothing_else(
    mina: Person, jun: Person, inbox: Inbox
) -> None:
    answer = ask(mina)
    assert answer.status_code == 200, answer.text
    assert "The link is on its way to the member." in said(answer)
    assert REASON in inbox.wait_for(LINK, to=JUN).text
    assert jun.is_signed_in()
    assert jun.two_step_is_on()
    assert written(mina.app) == [("reset_approved", 1, REASON)]
    assert '"one"' in details(mina.app)


def test_member_uses_the_link_and_sets_it_up_again(
    mina: Person, jun: Person, locked_out: Person, inbox: Inbox, engine: Engine
) -> None:
    ask(mina)
    use(locked_out, mailed(inbox))
    assert written(mina.app)[1:] == [("reset_finished", 2, REASON)]
    assert requests(mina.app) == []
    assert not jun.is_signed_in()
    assert "/account/two-step" in locked_out.get("/account/profile").headers.get("HX-Redirect", "")
    locked_out.begin().verify_email().scan().enter_code()
    assert "2-step verification is on." in locked_out.complete().text
    assert locked_out.get("/account/profile").status_code == 200


def test_link_asks_for_the_password(mina: Person, locked_out: Person, inbox: Inbox) -> None:
    ask(mina)
    assert use(locked_out, mailed(inbox), "not my password at all").status_code == 422
    assert events(mina.app) == ["reset_approved"]


def test_page_of_the_member_says_until_when_the_link_is_valid(mina: Person, jun: Person) -> None:
    ask(mina)
    page = said(mina.get(f"{MEMBERS}/2"))
    for text in ("A link to reset is out", "Mina Park", REASON, "Link is valid until", "Withdraw the link"):
        assert text in page, text
    assert "Reset 2-step verification" not in page
    assert ask(mina).status_code == 409


def test_nobody_who_helps_sees_the_link(mina: Person, jun: Person, inbox: Inbox, engine: Engine) -> None:
    answers = [ask(mina), mina.get(f"{MEMBERS}/2"), mina.get(MEMBERS), mina.get("/organization/activity")]
    way = mailed(inbox)
    tokens = [path.rsplit("/", 1)[1] for path in way]
    for text in (*(answer.text for answer in answers), str(dump(engine))):
        assert not any(token in text for token in tokens)


# A second one approves


def test_request_waits_for_a_second_administrator_and_tells_everybody(
    mina: Person, kim: Person, inbox: Inbox
) -> None:
    answer = ask(mina)
    assert "Your request waits for a second administrator." in said(answer)
    assert written(mina.app) == [("reset_asked", 1, REASON)]
    letter = inbox.wait_for(WAITS, to=KIM)
    assert letter.path == f"{MEMBERS}/2"
    for text in ("Mina Park", JUN, REASON):
        assert text in letter.text
    told = inbox.wait_for("An administrator worked on your Twostep account", to=JUN)
    assert "a second administrator has to approve it" in " ".join(told.text.split())
    assert REASON in told.text
    left = [(one.subject, one.recipients) for one in inbox.take_all()]
    assert not [one for one in left if one[0] in (LINK, WAITS)]


def test_others_see_who_asked_when_why_and_until_when(mina: Person, kim: Person) -> None:
    ask(mina)
    for page in (said(kim.get(MEMBERS)), said(kim.get(f"{MEMBERS}/2"))):
        for text in ("Mina Park", REASON, "November 27, 2026"):
            assert text in page, (text, page)
    assert "Reset for Mina Park" in said(kim.get(MEMBERS))
    assert "Approve" in said(kim.get(f"{MEMBERS}/2"))
    assert "Waiting for a second administrator" not in said(kim.get(f"{MEMBERS}?search=jun"))


def test_second_administrator_approves_and_the_link_goes_out(
    mina: Person, kim: Person, locked_out: Person, inbox: Inbox
) -> None:
    ask(mina)
    assert "The link is on its way to the member." in said(approve(kim))
    assert written(mina.app) == [("reset_asked", 1, REASON), ("reset_approved", 3, REASON)]
    use(locked_out, mailed(inbox))
    assert events(mina.app)[2:] == ["reset_finished"]


def test_who_asked_can_not_approve_it(mina: Person, kim: Person) -> None:
    ask(mina)
    assert "Approve" not in said(mina.get(f"{MEMBERS}/2"))
    assert mina.get(f"{MEMBERS}/2/reset/1/approve").status_code == 303
    answer = approve(mina)
    assert answer.status_code == 403
    assert "Somebody else has to approve it." in said(answer)
    assert events(mina.app) == ["reset_asked"]


def test_who_asked_can_not_approve_it_by_another_role(mina: Person, kim: Person, inbox: Inbox) -> None:
    ask(kim)
    give(mina.app, KIM, Role.OWNER)
    assert approve(kim).status_code == 403
    assert events(mina.app) == ["reset_asked"]


def test_member_who_manages_decides_nothing_about_themselves(mina: Person, jun: Person, kim: Person) -> None:
    give(mina.app, JUN, Role.ADMINISTRATOR)
    ask(mina)
    assert "Mina Park" in said(jun.get(f"{MEMBERS}/2"))
    assert "Withdraw" not in jun.page
    assert approve(jun).status_code == 403
    assert withdraw(jun).status_code == 403
    assert events(mina.app) == ["reset_asked"]


@pytest.mark.parametrize("who", ["mina", "kim"])
def test_either_withdraws_the_request(mina: Person, kim: Person, inbox: Inbox, who: str) -> None:
    ask(mina)
    inbox.wait_for("An administrator worked on", to=JUN)
    assert "The request is withdrawn." in said(withdraw({"mina": mina, "kim": kim}[who]))
    assert events(mina.app) == ["reset_asked", "reset_withdrawn"]
    assert "was withdrawn" in inbox.wait_for("An administrator worked on", to=JUN).text
    assert requests(mina.app) == []
    assert approve(kim).status_code == 409
    assert ask(mina).status_code == 200


def test_link_that_is_out_is_withdrawn(mina: Person, kim: Person, locked_out: Person, inbox: Inbox) -> None:
    ask(mina)
    approve(kim)
    way = mailed(inbox)
    assert "The link is withdrawn." in said(withdraw(mina, seen="out"))
    assert use(locked_out, way).status_code == 410
    assert events(mina.app) == ["reset_asked", "reset_approved", "reset_withdrawn"]
    assert requests(mina.app) == []


@pytest.mark.parametrize("what", ["finished", "stopped"])
def test_link_that_the_member_has_used_or_stopped_is_not_withdrawn(
    mina: Person, locked_out: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Also at the moment at which what they did is not written down yet: it would never be."""
    ask(mina)
    way = mailed(mina.inbox)
    monkeypatch.setattr(signals, "send", lambda *_args, **_said: None)
    (stop if what == "stopped" else use)(locked_out, way)
    assert withdraw(mina, seen="out").status_code == 409
    settle(mina.app, clock())
    assert events(mina.app) == ["reset_approved", f"reset_{what}"]


def test_who_asked_is_mailed_that_another_has_approved_it(mina: Person, kim: Person, inbox: Inbox) -> None:
    change(mina.app, KIM, name="Kim Lee")
    ask(mina)
    approve(kim)
    letter = inbox.wait_for(APPROVED, to=EMAIL)
    assert letter.path == f"{MEMBERS}/2"
    for text in ("Kim Lee approved", JUN, REASON):
        assert text in " ".join(letter.text.split()), text


@pytest.mark.parametrize("seen", ["waiting", "out"])
def test_who_asked_is_mailed_that_another_has_withdrawn_it(
    mina: Person, kim: Person, inbox: Inbox, seen: str
) -> None:
    change(mina.app, KIM, name="Kim Lee")
    ask(mina)
    if seen == "out":
        approve(kim)
    withdraw(kim, seen=seen)
    letter = inbox.wait_for(WITHDRAWN, to=EMAIL)
    for text in ("Kim Lee withdrew", JUN, REASON):
        assert text in " ".join(letter.text.split()), text


def test_mail_to_who_asked_is_in_their_language(mina: Person, kim: Person, inbox: Inbox) -> None:
    change(mina.app, EMAIL, language="ko")
    ask(mina)
    approve(kim)
    letter = inbox.wait_for("2단계 인증 초기화 요청이 승인됐어요", to=EMAIL)
    assert "approved" not in letter.text


@pytest.mark.usefixtures("unsent")
@pytest.mark.parametrize("what", ["alone", "own", "demoted"])
def test_nobody_is_mailed_what_they_did_or_may_not_see_any_more(mina: Person, kim: Person, what: str) -> None:
    if what == "alone":
        take_two(mina.app, wanted=False)
    ask(mina)
    if what == "demoted":
        give(mina.app, EMAIL, Role.MEMBER)
        withdraw(kim)
    else:
        withdraw(mina, seen="out" if what == "alone" else "waiting")
    assert events(mina.app)[-1] == "reset_withdrawn"
    assert "reset_decided" not in [mail.message for mail in unsent_mails(mina.app)]


def test_who_withdraws_what_was_approved_meanwhile_is_told(mina: Person, kim: Person, inbox: Inbox) -> None:
    ask(mina)
    mina.get(f"{MEMBERS}/2/reset/1/withdraw")
    page = mina.page
    approve(kim)
    mina.page = page
    answer = mina.post(f"{MEMBERS}/2/reset/1/withdraw")
    assert answer.status_code == 409
    assert "It was approved meanwhile" in said(answer)
    assert "The link is withdrawn." in said(mina.post(f"{MEMBERS}/2/reset/1/withdraw"))


def test_request_can_not_be_asked_for_twice(mina: Person, kim: Person) -> None:
    ask(mina)
    answer = ask(kim)
    assert answer.status_code == 409
    assert "Somebody has asked for this already." in said(answer)
    assert "Reset 2-step verification" not in said(kim.get(f"{MEMBERS}/2"))


def test_where_nobody_else_could_approve_nothing_is_asked(mina: Person, kim: Person) -> None:
    give(mina.app, KIM, Role.MEMBER)
    answer = ask(mina)
    assert answer.status_code == 422
    assert "There is nobody who could." in said(answer)
    assert requests(mina.app) == []


@pytest.fixture
def unsent(app: Flask) -> None:
    """Mails wait in the outbox."""
    app.extensions["mfa_mail_worker"].stop()


def unsent_mails(app: Flask) -> list[OutboxMail]:
    with app.app_context():
        found = list(db.session.scalars(select(OutboxMail)))
        db.session.remove()
    return found


# Owners


def test_owner_is_helped_by_owners_alone(mina: Person, kim: Person, make_person: Make, inbox: Inbox) -> None:
    give(mina.app, JUN, Role.OWNER)
    assert ask(kim).status_code == 403
    assert ask(mina).status_code == 422
    sign_up(make_person, "ada@example.com", Role.OWNER)
    assert ask(mina).status_code == 200
    inbox.wait_for(WAITS, to="ada@example.com")
    assert approve(kim).status_code == 403
    assert withdraw(kim).status_code == 403
    assert events(mina.app) == ["reset_asked"]
    assert "Approve" not in said(kim.get(f"{MEMBERS}/2"))


def test_second_owner_approves_for_an_owner(mina: Person, kim: Person, inbox: Inbox) -> None:
    give(mina.app, JUN, Role.OWNER)
    give(mina.app, KIM, Role.OWNER)
    ask(mina)
    approve(kim)
    mailed(inbox)


# Rights at the moment of the approval


@pytest.mark.parametrize("what", ["demoted", "locked", "leaving", "deleted"])
def test_request_is_void_once_who_asked_may_not_ask_any_more(
    mina: Person, kim: Person, inbox: Inbox, clock: Clock, what: str
) -> None:
    ask(mina)
    if what == "demoted":
        give(mina.app, EMAIL, Role.MEMBER)
    elif what == "locked":
        change(mina.app, EMAIL, locked_at=clock())
    elif what == "leaving":
        change(mina.app, EMAIL, delete_at=clock())
    else:
        with mina.app.app_context(), transaction():
            db.session.execute(delete(Account).where(Account.email == EMAIL))
    answer = approve(kim)
    assert answer.status_code == 409
    assert "This request is void" in said(answer)
    assert written(kim.app)[1:] == [("reset_ended", None, REASON)]
    assert requests(kim.app) == []
    assert LINK not in [letter.subject for letter in inbox.take_all()]


@pytest.mark.parametrize("what", ["role", "two_step"])
def test_request_is_void_once_the_member_is_another(
    mina: Person, kim: Person, inbox: Inbox, what: str
) -> None:
    """An owner by now, whom the administrator who asked can't help; or without a second step."""
    ask(kim)
    if what == "role":
        give(mina.app, JUN, Role.OWNER)
    else:
        change(mina.app, JUN, two_step_on=False)
    assert "This request is void" in said(approve(mina))
    assert events(mina.app) == ["reset_asked", "reset_ended"]


@pytest.mark.parametrize("command", ["lock", "disable-2sv"])
def test_what_the_operator_does_ends_the_request(mina: Person, kim: Person, command: str) -> None:
    ask(mina)
    result = mina.app.test_cli_runner().invoke(args=["users", command, JUN, "--reason", "asked by phone"])
    assert result.exit_code == 0, result.output
    assert requests(mina.app) == []
    assert events(mina.app)[-1] == "reset_ended"
    assert approve(kim).status_code == 409


# Time


def test_request_ends_after_72_hours(mina: Person, kim: Person, clock: Clock) -> None:
    ask(mina)
    clock.advance(hours=72, seconds=-1)
    settle(mina.app, clock())
    assert events(mina.app) == ["reset_asked"]
    clock.advance(seconds=1)
    kim.sign_in()
    assert approve(kim).status_code == 409
    settle(mina.app, clock())
    assert written(mina.app)[1:] == [("reset_ended", None, REASON)]
    assert "not_approved" in details(mina.app)
    assert requests(mina.app) == []


def test_link_that_is_not_used_ends_after_24_hours(
    mina: Person, jun: Person, locked_out: Person, inbox: Inbox, clock: Clock
) -> None:
    ask(mina)
    way = mailed(inbox)
    clock.advance(hours=24)
    mina.sign_in()
    assert "A link to reset is out" not in said(mina.get(f"{MEMBERS}/2"))
    assert use(locked_out, way).status_code == 410
    settle(mina.app, clock())
    assert events(mina.app) == ["reset_approved", "reset_ended"]
    assert "link_unused" in details(mina.app)


def test_asked_again_before_the_housekeeping_the_end_of_the_first_is_written_down(
    mina: Person, kim: Person, clock: Clock
) -> None:
    ask(mina)
    clock.advance(hours=72)
    mina.sign_in()
    assert ask(mina, reason="again").status_code == 200
    assert events(mina.app) == ["reset_asked", "reset_ended", "reset_asked"]


def test_second_step_that_is_shown_after_all_ends_the_link(
    mina: Person, jun: Person, inbox: Inbox, clock: Clock
) -> None:
    ask(mina)
    mailed(inbox)
    jun.sign_out()
    jun.sign_in()
    jun.verify(jun.next_code())
    settle(mina.app, clock())
    assert events(mina.app) == ["reset_approved", "reset_ended"]
    assert "link_ended" in details(mina.app)


# This wasn't me


def test_press_of_the_member_locks_the_request_and_tells_all_who_manage(
    mina: Person, kim: Person, locked_out: Person, inbox: Inbox, clock: Clock
) -> None:
    ask(mina)
    approve(kim)
    way = mailed(inbox)
    stop(locked_out, way)
    assert written(mina.app)[2:] == [("reset_stopped", 2, REASON)]
    for manager in (EMAIL, KIM):
        letter = inbox.wait_for(STOPPED, to=manager)
        assert REASON in letter.text
        assert JUN in letter.text
    page = said(mina.get(f"{MEMBERS}/2"))
    assert "The member has stopped a reset" in page
    assert "Withdraw" not in page
    assert "Reset 2-step verification" not in page
    assert use(locked_out, way).status_code == 410
    answer = ask(mina)
    assert answer.status_code == 409
    assert "For 24 hours nobody can ask again." in said(answer)
    clock.advance(hours=23, minutes=59)
    mina.sign_in()
    assert ask(mina).status_code == 409
    clock.advance(minutes=1)
    assert ask(mina).status_code == 200
    assert events(mina.app)[3:] == ["reset_asked"]


TAB, STOP = "/account/two-step", "/account/help/stop"
WAITING = "an administrator asked to reset your 2-step verification"


def test_member_sees_in_the_tab_that_a_request_waits(
    mina: Person, jun: Person, kim: Person, locked_out: Person
) -> None:
    assert STOP not in jun.get(TAB).text
    ask(mina)
    for htmx in ("true", ""):
        page = said(jun.get(TAB, headers={"HX-Request": htmx}))
        for text in ("On November 24, 2026", WAITING, REASON, "This wasn’t me"):
            assert text in page, (text, page)
    assert STOP not in mina.get(TAB).text
    approve(kim)
    page = said(jun.get(TAB))
    assert WAITING not in page
    assert "This wasn’t me" in page


def test_press_in_the_tab_locks_a_request_that_waits_and_tells_all_who_manage(
    mina: Person, jun: Person, kim: Person, inbox: Inbox, clock: Clock
) -> None:
    ask(mina)
    jun.get(TAB)
    assert jun.post(STOP).headers["HX-Redirect"] == TAB
    page = said(jun.get(TAB, headers={"HX-Request": ""}))
    assert "It is stopped. Your 2-step verification stays as it is." in page
    assert WAITING not in page
    assert jun.two_step_is_on()
    assert written(mina.app)[1:] == [("reset_stopped", 2, REASON)]
    for manager in (EMAIL, KIM):
        text = " ".join(inbox.wait_for(STOPPED, to=manager).text.split())
        assert "no link was mailed" in text
        assert JUN in text
    assert "said that it was not you" in " ".join(
        inbox.wait_for("The way into your account was closed", to=JUN).text.split()
    )
    assert "The member has stopped a reset" in said(kim.get(f"{MEMBERS}/2"))
    assert approve(kim).status_code == 409
    assert withdraw(kim).status_code == 409
    assert "Waiting for a second administrator" not in said(kim.get(MEMBERS))
    assert ask(mina).status_code == 409
    clock.advance(hours=24)
    settle(mina.app, clock())
    mina.sign_in()
    assert ask(mina).status_code == 200
    assert events(mina.app)[1:] == ["reset_stopped", "reset_asked"]


def test_press_in_the_tab_stops_the_link_of_what_was_approved_meanwhile(
    mina: Person, jun: Person, kim: Person, locked_out: Person, inbox: Inbox
) -> None:
    ask(mina)
    jun.get(TAB)
    approve(kim)
    jun.post(STOP)
    assert written(mina.app)[2:] == [("reset_stopped", 2, REASON)]
    assert use(locked_out, mailed(inbox)).status_code == 410


def test_press_by_many_at_once_locks_it_once(
    mina: Person, jun: Person, kim: Person, make_person: Make
) -> None:
    ask(mina)
    jun.get(TAB)
    people = copies(jun, make_person, 16)
    for one in people:
        one.page = jun.page
    at_once(lambda number: people[number].post(STOP).status_code, 16)
    assert events(mina.app) == ["reset_asked", "reset_stopped"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
def test_press_is_a_post_and_nothing_else(mina: Person, jun: Person, kim: Person, method: str) -> None:
    ask(mina)
    jun.get(TAB)
    jun.client.open(STOP, method=method, headers={"X-CSRFToken": jun.hidden()["csrf_token"]})
    assert requests(mina.app)[0].stopped_at is None


def test_press_takes_a_whole_session(mina: Person, kim: Person, locked_out: Person) -> None:
    """Somebody who knows the password alone keeps nobody from being helped."""
    ask(mina)
    locked_out.sign_in()
    token = locked_out.hidden()
    answer = locked_out.client.post(STOP, data=token)
    assert answer.headers["Location"].startswith("/sign-in")
    assert requests(mina.app)[0].stopped_at is None


def test_links_of_an_earlier_request_do_nothing_to_the_next(
    mina: Person, kim: Person, locked_out: Person, inbox: Inbox
) -> None:
    ask(mina)
    approve(kim)
    earlier = mailed(inbox)
    withdraw(kim, seen="out")
    ask(mina)
    [request] = requests(mina.app)
    approve(kim, number=request.id)
    locked_out.get("/forgot-password", headers={"HX-Request": ""})
    token = locked_out.hidden()
    for path in earlier:
        assert locked_out.get(path, headers={"HX-Request": ""}).status_code == 410
        answer = locked_out.client.post(path, data={**token, "password": PASSWORD})
        assert answer.status_code == 410, path
    assert events(mina.app)[3:] == ["reset_asked", "reset_approved"]
    assert use(locked_out, mailed(inbox)).status_code == 200


@pytest.mark.parametrize("what", ["withdrawn", "stopped", "over"])
def test_press_in_the_tab_without_a_request_says_so(
    mina: Person, jun: Person, kim: Person, clock: Clock, what: str
) -> None:
    ask(mina)
    jun.get(TAB)
    page = jun.page
    if what == "stopped":
        jun.post(STOP)
    elif what == "over":
        clock.advance(hours=72)
        jun.sign_in()
        jun.verify(jun.next_code())
    else:
        withdraw(kim)
    before = events(mina.app)
    if what == "over":
        page = jun.get("/account/profile").text
    jun.page = page
    jun.post(STOP)
    assert "It had ended already." in said(jun.get(TAB, headers={"HX-Request": ""}))
    assert events(mina.app) == before


def test_press_of_another_stops_nothing_of_the_member(mina: Person, kim: Person) -> None:
    ask(mina)
    kim.get(TAB)
    kim.post(STOP)
    assert events(mina.app) == ["reset_asked"]
    assert requests(mina.app)[0].stopped_at is None


def test_operator_still_helps_who_was_stopped(mina: Person, locked_out: Person, inbox: Inbox) -> None:
    ask(mina)
    stop(locked_out, mailed(inbox))
    result = mina.app.test_cli_runner().invoke(args=["users", "disable-2sv", JUN, "--reason", "came by"])
    assert result.exit_code == 0, result.output
    assert events(mina.app) == ["reset_approved", "reset_stopped", "two_step_reset"]


@pytest.mark.parametrize("what", ["stopped", "finished"])
def test_server_that_stops_before_the_signal_writes_it_down_later(
    mina: Person, locked_out: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    ask(mina)
    way = mailed(mina.inbox)
    monkeypatch.setattr(signals, "send", lambda *_args, **_said: None)
    assert (stop if what == "stopped" else use)(locked_out, way).status_code == 200
    assert events(mina.app) == ["reset_approved"]
    settle(mina.app, clock())
    settle(mina.app, clock())
    assert written(mina.app)[1:] == [(f"reset_{what}", 2, REASON)]


# The setting


def test_setting_is_off_at_first_and_is_written_down(protected: Person, make_person: Make) -> None:
    sign_up(make_person, KIM, Role.ADMINISTRATOR)
    protected.get("/organization/security")
    (box,) = re.findall(r'<input[^>]*name="approves_resets"[^>]*>', protected.page)
    assert "checked" not in box
    assert "The settings are saved." in said(save(protected, approves_resets="y"))
    assert '"approves_resets": "true"' in details(protected.app)
    page = said(protected.get("/organization/activity"))
    assert "Security settings changed: a second administrator approves a reset" in page


@pytest.mark.parametrize("second", [None, "locked", "leaving", "member"])
def test_setting_takes_a_second_one_who_could_approve(
    mina: Person, make_person: Make, clock: Clock, second: str | None
) -> None:
    if second:
        sign_up(make_person, KIM, Role.MEMBER if second == "member" else Role.ADMINISTRATOR)
        values: dict[str, Any] = {"locked": {"locked_at": clock()}, "leaving": {"delete_at": clock()}}
        if second in values:
            change(mina.app, KIM, **values[second])
    page = said(mina.get("/organization/security"))
    assert "You are the only one who could approve it." in page
    (box,) = re.findall(r'<input[^>]*name="approves_resets"[^>]*>', mina.page)
    assert "disabled" in box
    answer = save(mina, approves_resets="y")
    assert answer.status_code == 422
    assert "Make somebody else an administrator first." in said(answer)


def test_owner_alone_switches_the_second_approval_off(mina: Person, kim: Person) -> None:
    answer = save(kim)
    assert answer.status_code == 422
    assert "Only an owner can switch this off." in said(answer)
    assert settings(mina.app).approves_resets
    assert "The settings are saved." in said(save(kim, approves_resets="y", grace_days="3"))
    assert "The settings are saved." in said(save(mina))
    assert not settings(mina.app).approves_resets


# In words


def test_activity_says_all_of_it_in_words(
    mina: Person, kim: Person, inbox: Inbox, locked_out: Person
) -> None:
    ask(mina)
    withdraw(mina)
    ask(mina)
    approve(kim, 2)
    stop(locked_out, mailed(inbox))
    page = said(mina.get("/organization/activity"))
    for text in (
        "Reset of 2-step verification requested",
        "Reset of 2-step verification withdrawn: before it was approved",
        "Reset of 2-step verification approved, link mailed",
        "Reset of 2-step verification stopped by the member",
        f"Reason: {REASON}",
    ):
        assert text in page, text


def test_end_by_itself_names_no_operator(mina: Person, kim: Person, clock: Clock) -> None:
    ask(mina)
    clock.advance(hours=72)
    settle(mina.app, clock())
    mina.sign_in()
    page = said(mina.get("/organization/activity"))
    assert "Reset of 2-step verification ended: nobody approved it in time" in page
    assert "By itself" in page
    assert "operator’s command" not in page


def test_member_reads_it_under_activity_and_in_their_data(mina: Person, jun: Person, kim: Person) -> None:
    ask(mina)
    asked = "An administrator asked for a reset of your 2-step verification, which another has to approve"
    assert f"{asked}: {REASON}" in said(jun.get("/account/activity"))
    jun.get("/account/profile/data", headers={"HX-Request": ""})
    file = jun.post("/account/profile/data", headers={"HX-Request": ""}).json
    reset = file["2-step verification"]["Reset by an administrator"]
    assert reset["Reason"] == REASON
    assert reset["Ends at"].startswith("2026-11-27")
    withdraw(mina)
    assert "was withdrawn" in said(jun.get("/account/activity"))


def test_account_that_is_deleted_takes_its_request_along(mina: Person, kim: Person) -> None:
    ask(mina)
    with mina.app.app_context(), transaction():
        db.session.execute(delete(Account).where(Account.email == JUN))
    assert requests(mina.app) == []
    assert "Waiting for a second administrator" not in said(kim.get(MEMBERS))
    assert approve(kim).status_code == 404


# How it is pressed


@pytest.mark.parametrize("press", ["approve", "withdraw"])
def test_each_press_takes_a_fresh_proof(mina: Person, kim: Person, clock: Clock, press: str) -> None:
    ask(mina)
    clock.advance(minutes=16)
    answer = (approve if press == "approve" else withdraw)(kim)
    assert "/account/two-step/confirm" in answer.headers["HX-Redirect"]
    assert events(mina.app) == ["reset_asked"]


def test_without_script_pages_say_what_was_done_and_what_was_not(
    mina: Person, kim: Person, make_person: Make
) -> None:
    plain = make_person(htmx=False, email=KIM)
    assert plain.sign_in().status_code == 303
    ask(mina)
    url = f"{MEMBERS}/2/reset/1/approve"
    assert "Approve the reset" in said(plain.get(url))
    page = plain.page
    answer = plain.post(url)
    assert answer.status_code == 303
    assert "The link is on its way to the member." in said(plain.get(answer.headers["Location"]))
    plain.page = page
    answer = plain.post(url, follow_redirects=True)
    assert "This request is over" in said(answer)
    assert "A link to reset is out" in said(answer)


@pytest.mark.parametrize("number", ["2", "0", "9223372036854775807"])
def test_unknown_request_leads_to_the_member(mina: Person, kim: Person, number: str) -> None:
    ask(mina)
    for what in ("approve", "withdraw"):
        answer = kim.get(f"{MEMBERS}/2/reset/{number}/{what}")
        assert (answer.status_code, answer.headers["Location"]) == (303, f"{MEMBERS}/2")
    assert approve(kim, int(number)).status_code == 409
    assert events(mina.app) == ["reset_asked"]
