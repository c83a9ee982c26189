"""Invitations: who may send them, what the link opens, and how they end."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import Engine, select, update

from console import housekeeping
from console.accounts.models import Account, EmailChange, Invitation, Role
from console.extensions import db
from console.organization.audit.models import AuditEvent
from console.organization.invitations import listing, rules
from mfa.database import transaction
from tests.auth.test_closed_sign_up import close
from tests.deletion.steps import delete_due
from tests.organization.inviting import (
    INVITED,
    NEW,
    SUBJECT,
    URL,
    accept,
    account,
    invite,
    link,
    press,
    stored,
)
from tests.organization.people import give, roles, sign_up
from tests.organization.settings import said
from tests.support.clock import Clock
from tests.support.database import dump
from tests.support.person import EMAIL, PASSWORD, Person, Response, entered
from tests.support.smtp import Inbox

Make = Callable[..., Person]
ENDED = "This link has ended"
JUN = "jun@example.com"


def written(app: Flask) -> list[tuple[str, int | None, int | None, dict[str, str]]]:
    with app.app_context():
        rows = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
        db.session.remove()
    return [(row.event, row.actor_id, row.subject_id, json.loads(row.detail)) for row in rows]


def change(app: Flask, email: str, **values: object) -> None:
    """Change an account as nothing on a page does."""
    with app.app_context():
        with transaction():
            db.session.execute(update(Account).where(Account.email == email).values(values))
        db.session.remove()


@pytest.fixture
def noor(make_person: Make) -> Person:
    """A stranger, who is invited."""
    return make_person(email=INVITED)


# The way in


@pytest.mark.parametrize("role", Role)
def test_owner_invites_and_the_link_opens_an_account_with_the_role(
    mina: Person, noor: Person, inbox: Inbox, role: Role
) -> None:
    response = invite(mina, role=role)
    assert f"The invitation to {INVITED} is on its way." in said(response)
    letter = inbox.wait_for(SUBJECT, to=INVITED)
    assert f"Mina Park ({EMAIL}) invites you" in " ".join(letter.text.split())
    assert "Hello" not in letter.text
    assert entered(accept(noor, letter.path))
    assert noor.is_signed_in()
    assert roles(mina.app)[INVITED] is role
    assert noor.get("/organization/members").status_code == (200 if role.manages else 404)


def test_every_step_is_written_down_without_the_address(
    mina: Person, noor: Person, inbox: Inbox, clock: Clock
) -> None:
    invite(mina, role=Role.ADMINISTRATOR)
    clock.advance(minutes=6)
    inbox.wait_for(SUBJECT, to=INVITED)
    press(mina, "again")
    accept(noor, link(inbox))
    invite(mina, JUN)
    press(mina, "withdraw", 2)
    first = {"invitation": "1", "role": "administrator"}
    second = {"invitation": "2", "role": "member"}
    assert written(mina.app) == [
        ("invitation_sent", 1, None, first),
        ("invitation_sent_again", 1, None, first),
        ("invitation_accepted", 2, 2, first),
        ("invitation_sent", 1, None, second),
        ("invitation_withdrawn", 1, None, second),
    ]
    text = said(mina.get("/organization/activity"))
    assert "Invited: invitation number 1, Administrator" in text
    assert "Invitation withdrawn: invitation number 2, Member" in text


def test_link_of_an_invitation_opens_one_account(
    mina: Person, noor: Person, make_person: Make, inbox: Inbox
) -> None:
    invite(mina)
    path = link(inbox)
    assert entered(accept(noor, path))
    stranger = make_person()
    response = stranger.get(path)
    assert ENDED in response.text
    assert response.status_code == 410
    change(mina.app, INVITED, email_key="moved@example.com")
    assert ENDED in accept(stranger, path).text
    assert len(roles(mina.app)) == 2


def test_opening_the_link_changes_nothing(mina: Person, noor: Person, inbox: Inbox, engine: Engine) -> None:
    invite(mina)
    path = link(inbox)
    # The mail is taken out of the outbox after it has come.
    mina.app.extensions["mfa_mail_worker"].stop()
    before = dump(engine)
    for _ in range(3):
        assert "Create your account" in noor.get(path).text
    assert dump(engine) == before


def test_used_in_somebody_elses_session_it_opens_its_own_account_and_ends_that_session(
    mina: Person, make_person: Make, inbox: Inbox
) -> None:
    invite(mina, role=Role.ADMINISTRATOR)
    jun = sign_up(make_person, "jun@example.com")
    cookie = jun.cookie()
    accept(jun, link(inbox))
    assert INVITED in jun.get("/account/profile", headers={"HX-Request": ""}).text
    assert roles(mina.app)["jun@example.com"] is Role.MEMBER
    assert roles(mina.app)[INVITED] is Role.ADMINISTRATOR
    jun.put_cookie(cookie)
    assert not jun.is_signed_in()


def test_what_was_typed_stays_and_the_link_stays_good(mina: Person, noor: Person, inbox: Inbox) -> None:
    invite(mina)
    path = link(inbox)
    response = accept(noor, path, "short")
    assert response.status_code == 422
    assert 'value="Noor Haddad"' in response.text
    assert entered(accept(noor, path))


def test_invited_people_come_in_where_sign_up_is_closed(mina: Person, noor: Person, inbox: Inbox) -> None:
    close(mina.app)
    invite(mina)
    assert entered(accept(noor, link(inbox)))


def test_link_is_no_other_link_and_no_other_is_one(mina: Person, noor: Person, inbox: Inbox) -> None:
    invite(mina)
    token = link(inbox).rpartition("/")[2]
    assert noor.get(f"/sign-up/{token}").status_code == 410
    noor.get("/sign-up")
    noor.post("/sign-up", {"email": JUN})
    other = inbox.wait_for("Create your Twostep account", to=JUN).path.rpartition("/")[2]
    assert noor.get(f"/invitations/{other}").status_code == 410
    assert noor.get(f"/invitations/{token[:-2]}xx").status_code == 410


# How they end


def test_link_is_good_for_seven_days(mina: Person, noor: Person, inbox: Inbox, clock: Clock) -> None:
    invite(mina)
    path = link(inbox)
    clock.advance(days=7, seconds=-1)
    assert "Create your account" in noor.get(path).text
    clock.advance(seconds=1)
    response = accept(noor, path)
    assert response.status_code == 410
    assert ENDED in response.text
    assert account(mina.app) is None


def test_withdrawn_invitation_opens_nothing(mina: Person, noor: Person, inbox: Inbox) -> None:
    invite(mina)
    path = link(inbox)
    noor.get(path)
    assert "The invitation is withdrawn." in said(press(mina, "withdraw"))
    response = noor.post(path, {"name": "Noor", "password": PASSWORD})
    assert response.status_code == 410
    assert account(mina.app) is None
    assert press(mina, "withdraw").status_code == 409


def test_sent_again_it_is_good_for_seven_days_more_and_the_old_link_ends(
    mina: Person, noor: Person, inbox: Inbox, clock: Clock
) -> None:
    invite(mina)
    old = link(inbox)
    clock.advance(days=6)
    mina.sign_in()
    assert "on its way again" in said(press(mina, "again"))
    new = link(inbox)
    assert ENDED in accept(noor, old).text
    clock.advance(days=6)
    assert entered(accept(noor, new))


def test_it_is_sent_again_after_a_while_only(mina: Person, inbox: Inbox, clock: Clock) -> None:
    invite(mina)
    response = press(mina, "again")
    assert response.status_code == 422
    assert "was sent a few minutes ago" in said(response)
    clock.advance(minutes=5)
    assert press(mina, "again").status_code == 200
    assert [row.sent for row in stored(mina.app)] == [2]


def test_expired_one_is_sent_again_or_another_takes_its_place(
    mina: Person, inbox: Inbox, clock: Clock
) -> None:
    invite(mina)
    assert invite(mina).status_code == 422
    clock.advance(days=8)
    mina.sign_in()
    assert "Expired" in said(mina.get(URL))
    assert invite(mina, role=Role.ADMINISTRATOR).status_code == 200
    assert [(row.id != 1, row.role) for row in stored(mina.app)] == [(True, Role.ADMINISTRATOR)]


@pytest.mark.parametrize(
    "values",
    [
        {"role": Role.MEMBER},
        {"role": Role.ADMINISTRATOR},
        {"locked_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"removed_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"delete_at": datetime(2036, 1, 1, tzinfo=UTC)},
    ],
)
def test_it_ends_with_the_rights_of_who_has_sent_it(
    mina: Person, noor: Person, make_person: Make, inbox: Inbox, values: dict[str, object]
) -> None:
    owner = sign_up(make_person, JUN, Role.OWNER)
    invite(owner, role=Role.OWNER)
    path = link(inbox)
    noor.get(path)
    change(mina.app, JUN, **values)
    response = noor.post(path, {"name": "Noor", "password": PASSWORD})
    assert response.status_code == 410
    assert account(mina.app) is None
    assert "If you send it again, it works." in said(mina.get(URL))


def test_sent_again_by_somebody_else_it_is_theirs(
    mina: Person, noor: Person, make_person: Make, inbox: Inbox, clock: Clock
) -> None:
    administrator = sign_up(make_person, JUN, Role.ADMINISTRATOR)
    invite(administrator)
    link(inbox)
    give(mina.app, JUN, Role.MEMBER)
    clock.advance(minutes=6)
    press(mina, "again")
    assert entered(accept(noor, link(inbox)))


def test_it_ends_with_the_account_of_who_has_sent_it(
    mina: Person, noor: Person, make_person: Make, inbox: Inbox, clock: Clock
) -> None:
    administrator = sign_up(make_person, JUN, Role.ADMINISTRATOR)
    invite(administrator)
    path = link(inbox)
    change(mina.app, JUN, delete_at=clock() - timedelta(days=1))
    assert delete_due(mina.app, clock()) == 1
    assert ENDED in accept(noor, path).text
    assert "Sent by a deleted account" in said(mina.get(URL))


# Who may


def test_administrator_invites_members_and_administrators_alone(
    mina: Person, make_person: Make, engine: Engine
) -> None:
    administrator = sign_up(make_person, JUN, Role.ADMINISTRATOR)
    assert 'value="owner"' not in administrator.get(NEW).text
    response = invite(administrator, role=Role.OWNER)
    assert response.status_code == 403
    assert "Only an owner may do that." in response.text
    assert stored(mina.app) == []
    assert invite(administrator, role=Role.ADMINISTRATOR).status_code == 200


@pytest.mark.parametrize("action", ["again", "withdraw"])
def test_administrator_does_nothing_to_the_invitation_of_an_owner(
    mina: Person, make_person: Make, clock: Clock, action: str
) -> None:
    administrator = sign_up(make_person, JUN, Role.ADMINISTRATOR)
    invite(mina, role=Role.OWNER)
    clock.advance(minutes=6)
    assert "Withdraw" not in administrator.get(URL).text
    assert press(administrator, action).status_code == 403
    [row] = stored(mina.app)
    assert (row.sent, row.withdrawn_at, row.invited_by) == (1, None, 1)


def test_who_was_demoted_meanwhile_invites_nobody(mina: Person) -> None:
    with mina.app.test_request_context():
        with mina.app.app_context():
            actor = db.session.scalars(select(Account)).one()
            db.session.expunge(actor)
        db.session.remove()
    give(mina.app, EMAIL, Role.MEMBER)
    with mina.app.test_request_context(), pytest.raises(rules.NotAllowed):
        rules.invite(actor, INVITED, Role.MEMBER, mina.clock())
    assert stored(mina.app) == []


@pytest.mark.parametrize("path", [NEW, f"{URL}/1/again", f"{URL}/1/withdraw"])
def test_each_takes_a_fresh_proof(mina: Person, clock: Clock, path: str) -> None:
    invite(mina)
    mina.get(NEW if path == NEW else URL, headers={"HX-Request": ""})
    token = {"csrf_token": mina.hidden()["csrf_token"]}
    clock.advance(minutes=20)
    response = mina.post(path, {"email": JUN, "role": "member", **token})
    assert response.headers["HX-Redirect"].startswith("/account/two-step/confirm")
    assert len(stored(mina.app)) == 1


# What is refused


@pytest.mark.parametrize(
    ("email", "sentence"),
    [
        ("", "Enter your e-mail address."),
        ("noor", "Enter one complete e-mail address"),
        ("noor@example.com, jun@example.com", "Enter one complete e-mail address"),
        ("noor@corp.local", "a name for internal networks"),
        (EMAIL.upper(), "There is an account with this address already."),
    ],
)
def test_address_that_can_not_be_invited_is_refused_at_its_field(
    mina: Person, inbox: Inbox, email: str, sentence: str
) -> None:
    response = invite(mina, email, Role.ADMINISTRATOR)
    assert response.status_code == 422
    assert sentence in said(response)
    assert f'value="{email}"' in response.text
    assert '<option selected value="administrator"' in response.text
    assert stored(mina.app) == []
    assert inbox.take_all() == []


def test_address_that_is_invited_is_not_invited_twice(mina: Person) -> None:
    invite(mina)
    response = invite(mina, INVITED.upper().replace("EXAMPLE.COM", "Example.com"))
    assert response.status_code == 422
    assert "This address is invited already." in response.text
    assert len(stored(mina.app)) == 1


def test_reserved_address_is_not_invited(mina: Person, clock: Clock) -> None:
    with mina.app.app_context():
        with transaction():
            db.session.add(
                EmailChange(account_id=1, old_email=INVITED, old_email_key=INVITED, changed_at=clock())
            )
        db.session.remove()
    assert "An account has left this address lately" in invite(mina).text
    assert stored(mina.app) == []


def test_role_that_is_none_is_refused(mina: Person) -> None:
    assert "Choose one of these roles." in invite(mina, role="king").text


def test_one_address_gets_few_mails(mina: Person, inbox: Inbox, clock: Clock) -> None:
    for number in range(1, 6):
        assert invite(mina).status_code == 200
        press(mina, "withdraw", number)
    response = invite(mina)
    assert response.status_code == 429
    assert "Try again in 30 seconds" in response.text
    assert len(stored(mina.app)) == 5
    assert invite(mina, JUN).status_code == 200


def test_one_account_invites_so_many_and_then_waits(mina: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "BY_ONE", rules.Policy("invitations", free=2, forget_after=3600))
    for email in ("one@example.com", "two@example.com"):
        assert invite(mina, email).status_code == 200
    assert invite(mina, "three@example.com").status_code == 429
    assert len(stored(mina.app)) == 2


# An address that has an account


def test_who_got_an_account_in_another_way_is_told_so(
    mina: Person, noor: Person, inbox: Inbox, clock: Clock
) -> None:
    invite(mina, role=Role.ADMINISTRATOR)
    path = link(inbox)
    noor.sign_up(INVITED)
    for response in (noor.get(path), accept(noor, path)):
        assert response.status_code == 410
        assert "You have an account already" in response.text
    assert roles(mina.app)[INVITED] is Role.MEMBER
    assert "Has an account" in said(mina.get(URL))
    clock.advance(minutes=6)
    assert "There is an account with this address already." in press(mina, "again").text


def test_removed_member_comes_back_with_password_and_second_step(
    mina: Person, make_person: Make, inbox: Inbox
) -> None:
    jun = make_person(email=JUN).sign_up(JUN).activate()
    remove(mina)
    assert invite(mina, JUN, Role.ADMINISTRATOR).status_code == 200
    path = link(inbox, JUN)
    assert "Your account for" in jun.get(path).text
    response = jun.post(path)
    assert response.headers["HX-Redirect"] == "/sign-in"
    assert not jun.is_signed_in()
    jun.sign_in()
    assert not jun.is_signed_in()
    assert entered(jun.verify(jun.next_code()))
    assert roles(mina.app)[JUN] is Role.ADMINISTRATOR
    assert "Came back to the organization by an invitation" in jun.get("/account/activity").text
    assert written(mina.app)[-4:] == [
        ("invitation_sent", 1, 2, {"invitation": "1", "role": "administrator"}),
        ("member_unlocked", 1, 2, {}),
        ("role_changed", 1, 2, {"role": "administrator"}),
        ("invitation_accepted", 2, 2, {"invitation": "1", "role": "administrator"}),
    ]
    assert jun.get(path).status_code == 410


def test_removed_member_is_not_let_in_by_a_withdrawn_invitation(
    mina: Person, make_person: Make, inbox: Inbox
) -> None:
    jun = make_person(email=JUN).sign_up(JUN)
    remove(mina)
    invite(mina, JUN)
    path = link(inbox, JUN)
    jun.get(path)
    press(mina, "withdraw")
    assert jun.post(path).status_code == 410
    assert "This account is locked" in jun.sign_in().text


def remove(owner: Person) -> None:
    url = "/organization/members/2/remove"
    owner.get(url)
    assert owner.post(url, {"reason": "left"}).status_code == 200


# The list


def test_list_says_who_when_and_until_when(mina: Person, clock: Clock) -> None:
    invite(mina, role=Role.ADMINISTRATOR)
    text = said(mina.get(URL))
    assert f"{INVITED} Administrator Waiting Sent by Mina Park" in text
    assert f'datetime="{(clock() + timedelta(days=7)).date()}' in mina.page


def test_list_shows_what_is_over_if_asked(mina: Person, noor: Person, inbox: Inbox) -> None:
    invite(mina)
    accept(noor, link(inbox))
    invite(mina, JUN)
    press(mina, "withdraw", 2)
    assert "No invitation is open." in mina.get(URL).text
    text = said(mina.get(f"{URL}?show=all"))
    assert "Accepted" in text
    assert "Withdrawn" in text
    assert "Send again" not in text


def add(app: Flask, count: int, now: datetime) -> None:
    """Store so many invitations of the first account: n000@example.org and so on."""
    with app.app_context():
        with transaction():
            db.session.add_all(
                Invitation(
                    email=f"n{number:03}@example.org",
                    email_key=f"n{number:03}@example.org",
                    role=Role.MEMBER,
                    invited_by=1,
                    invited_at=now,
                    sent_at=now,
                    expires_at=now + rules.LASTS,
                    forget_at=now + rules.LASTS + rules.KEPT,
                )
                for number in range(count)
            )
        db.session.remove()


def test_pages_together_hold_every_invitation_once(mina: Person, clock: Clock) -> None:
    add(mina.app, 2 * listing.PAGE + 3, clock())
    found: list[str] = []
    url = URL
    while url:
        text = mina.get(url).text
        found += [line for line in said(mina.get(url)).split() if line.endswith("@example.org")]
        url = text.partition('href="/organization/invitations?before=')[2].partition('"')[0]
        url = f"{URL}?before={url}" if url else ""
    assert found == [f"n{number:03}@example.org" for number in reversed(range(2 * listing.PAGE + 3))]
    assert "n042@example.org" in said(mina.get(f"{URL}?search=N042"))
    assert "No invitation is like that." in mina.get(f"{URL}?search=%25_%5C").text


def later_page(person: Person) -> str:
    """Open the second page of a search among all invitations; return its address."""
    following = re.search(r'href="([^"]*before=[^"]*)"', person.get(f"{URL}?search=example&show=all").text)
    assert following
    url = unescape(following[1])
    person.get(url)
    return url


def buttons(person: Person, action: str) -> list[str]:
    """Where the buttons of the last page post to."""
    return [unescape(url) for url in re.findall(rf'action="({URL}/\d+/{action}[^"]*)"', person.page)]


@pytest.mark.parametrize("action", ["again", "withdraw"])
@pytest.mark.parametrize("htmx", [True, False])
def test_search_and_page_stay_after_a_press(make_person: Make, clock: Clock, action: str, htmx: bool) -> None:
    mina = make_person(htmx=htmx).sign_up()
    add(mina.app, listing.PAGE + 4, clock())
    clock.advance(minutes=10)
    page = later_page(mina)
    urls = buttons(mina, action)
    assert len(urls) == 4
    done = mina.post(urls[1])
    assert done.headers["HX-Push-Url" if htmx else "Location"] == page
    answer = done if htmx else mina.get(page)
    text = said(answer)
    assert ("on its way again" if action == "again" else "The invitation is withdrawn.") in text
    assert_page_two(answer)


@pytest.mark.parametrize("htmx", [True, False])
def test_search_and_page_stay_after_a_refusal(make_person: Make, clock: Clock, htmx: bool) -> None:
    mina = make_person(htmx=htmx).sign_up()
    add(mina.app, listing.PAGE + 4, clock())
    page = later_page(mina)
    navigates = {} if htmx else {"Sec-Fetch-Mode": "navigate"}
    answer = mina.post(buttons(mina, "again")[0], headers=navigates)
    if not htmx:
        assert answer.headers["Location"] == page
        answer = mina.get(page, headers=navigates)
    assert answer.status_code == 422
    assert "This invitation was sent a few minutes ago." in said(answer)
    assert_page_two(answer)


def assert_page_two(answer: Response) -> None:
    assert 'value="example"' in answer.text
    assert '<option value="all" selected>' in answer.text
    text = said(answer)
    assert "First page" in text
    assert "n003@example.org" in text
    assert "n028@example.org" not in text


def test_what_is_over_is_forgotten_after_a_while(
    mina: Person, noor: Person, inbox: Inbox, clock: Clock
) -> None:
    invite(mina)
    accept(noor, link(inbox))
    invite(mina, JUN)
    for days, left in ((29, 2), (2, 1), (7, 0)):
        clock.advance(days=days)
        with mina.app.app_context():
            for _ in housekeeping.tidy():
                pass
            db.session.remove()
        assert len(stored(mina.app)) == left


# What is stored about people


def test_file_of_a_person_has_their_invitations(mina: Person, noor: Person, inbox: Inbox) -> None:
    invite(mina, role=Role.ADMINISTRATOR)
    accept(noor, link(inbox))
    for person, part in ((mina, "Invitations that you sent"), (noor, "Invitations to you")):
        person.get("/account/profile/data")
        told = json.loads(person.post("/account/profile/data").text)
        [found] = told[part]
        assert found["Role"] == "Administrator"
        assert found["Accepted at"]
        assert ("Email" in found) is (person is mina)


def test_invitation_goes_with_the_account_that_it_opened(
    mina: Person, noor: Person, inbox: Inbox, clock: Clock
) -> None:
    invite(mina)
    accept(noor, link(inbox))
    change(mina.app, INVITED, delete_at=clock() - timedelta(days=1))
    assert delete_due(mina.app, clock()) == 1
    assert stored(mina.app) == []
