"""Download my data: what the file says and leaves out, who may take it, and who is told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select

from console.accounts.models import Account
from console.activity import events
from console.extensions import db
from console.personal_data import content
from mfa.activity.models import ActivityEvent
from mfa.database import Model, transaction
from mfa.notices.models import OutboxMail
from tests.support.clock import Clock
from tests.support.person import EMAIL, PASSWORD, Person, Response

DATA = "/account/profile/data"
CONFIRM = "/account/two-step/confirm"
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")


def download(person: Person) -> Response:
    person.get(DATA, headers={"HX-Request": ""})
    return person.post(DATA, headers={"HX-Request": ""})


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len(dict(pairs)) == len(pairs), [name for name, _ in pairs]
    return dict(pairs)


def read(response: Response) -> dict[str, Any]:
    """What the file says; no heading comes twice in one place."""
    assert response.status_code == 200, response.text
    found: dict[str, Any] = json.loads(response.text, object_pairs_hook=_once)
    return found


def leaves(said: object) -> Iterator[object]:
    if isinstance(said, dict):
        for one in said.values():
            yield from leaves(one)
    elif isinstance(said, list):
        for one in said:
            yield from leaves(one)
    else:
        yield said


def test_file_says_all_that_is_stored(protected: Person, clock: Clock) -> None:
    protected.add_app("Old phone")
    protected.remember()
    found = read(download(protected))
    assert found["Profile"]["Name"] == "Mina Park"
    assert found["Profile"]["Email"] == EMAIL
    assert found["Profile"]["Role in the organization"] == "Owner"
    assert ISO.fullmatch(found["Profile"]["Last sign-in"])
    second_step = found["2-step verification"]
    assert second_step["State"] == "On"
    assert ISO.fullmatch(second_step["On since"])
    assert [one["Name"] for one in second_step["Authenticators"]][1] == "Old phone"
    assert all(ISO.fullmatch(one["Added"]) for one in second_step["Authenticators"])
    assert second_step["Recovery codes left"] == "10 of 10"
    (browser,) = found["Remembered browsers"]
    assert ISO.fullmatch(browser["Remembered until"])
    (session,) = found["Sessions"]
    assert session["This session"] == "Yes"
    happened = [event["What"] for event in found["Activity"]]
    assert happened[-1] == "Account created"
    assert "2-step verification turned on" in happened
    assert all(ISO.fullmatch(event["When"]) for event in found["Activity"])


def test_earlier_address_and_waiting_mail_are_in_it(app: Flask, mina: Person, clock: Clock) -> None:
    mina.get("/account/profile/email")
    mina.post("/account/profile/email", {"email": "new@example.com", "password": PASSWORD})
    path = mina.inbox.wait_for("Confirm your new Twostep address", to="new@example.com").path
    mina.get(path)
    mina.post(path)
    with app.app_context(), transaction():
        mail = {"message": "password_changed", "person_id": "1", "recipient": EMAIL, "details": {"name": "M"}}
        db.session.execute(
            insert(OutboxMail).values(**mail, created_at=clock(), due_at=clock() + timedelta(minutes=50))
        )
    found = read(download(mina))
    assert found["Profile"]["Email"] == "new@example.com"
    (earlier,) = found["Earlier e-mail addresses"]
    assert earlier["Email"] == EMAIL
    assert ISO.fullmatch(earlier["Changed at"])
    subjects = [mail["Subject"] for mail in found["Mails that wait to be sent"]]
    assert "Your password was changed" in subjects


def test_file_holds_no_secret_no_hash_and_no_id(app: Flask, protected: Person) -> None:
    protected.remember()
    text = download(protected).text
    assert protected.app_on_phone
    for secret in (protected.app_on_phone.secret, *protected.recovery_codes, PASSWORD, "argon2"):
        assert secret not in text
    with app.app_context():
        stored: list[object] = [*db.session.scalars(select(Account.password_hash))]
        for table in (*Model.metadata.sorted_tables, *db.metadata.sorted_tables):
            columns = [column for column in table.c if column.type.python_type is bytes]
            if columns:
                stored += [one for row in db.session.execute(select(*columns)) for one in row if one]
    assert len(stored) > 10
    for one in stored:
        raw = one if isinstance(one, bytes) else str(one).encode()
        assert raw not in text.encode()
        assert raw.hex() not in text
    assert not any(isinstance(one, int) for one in leaves(json.loads(text)))


def test_answer_is_a_file_that_nobody_keeps(mina: Person) -> None:
    response = download(mina)
    assert response.mimetype == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Content-Disposition"] == (
        "attachment; filename=my-data.json; filename*=UTF-8''twostep-my-data.json"
    )
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_owner_is_told_by_mail_and_in_activity(app: Flask, mina: Person) -> None:
    download(mina)
    letter = mina.inbox.wait_for("Your Twostep data was downloaded", to=EMAIL)
    assert "Somebody who was signed in to your account downloaded" in letter.text
    assert "Data downloaded" in mina.get("/account/activity").text
    with app.app_context():
        found = db.session.scalars(
            select(ActivityEvent).where(ActivityEvent.event == events.DATA_DOWNLOADED)
        ).all()
    assert len(found) == 1


def test_looking_at_the_page_is_no_download(app: Flask, mina: Person) -> None:
    mina.get(DATA)
    with app.app_context():
        assert not db.session.scalar(
            select(ActivityEvent.id).where(ActivityEvent.event == events.DATA_DOWNLOADED)
        )


@pytest.mark.parametrize("way", ["get", "post"])
def test_stolen_session_is_asked_to_confirm_first(protected: Person, clock: Clock, way: str) -> None:
    protected.get(DATA, headers={"HX-Request": ""})
    clock.advance(minutes=16)
    response = (protected.get if way == "get" else protected.post)(DATA, headers={"HX-Request": ""})
    assert response.status_code == 303
    assert response.headers["Location"].startswith(CONFIRM)
    assert EMAIL not in response.text


def test_file_that_was_asked_for_too_late_comes_after_the_code(protected: Person, clock: Clock) -> None:
    plain = {"HX-Request": ""}
    protected.get(DATA, headers=plain)
    clock.advance(minutes=16)
    ask = protected.post(DATA, headers=plain).headers["Location"]
    protected.get(ask, headers=plain)
    send = protected.post(ask, {"factor": "code", "code": protected.next_code()}, headers=plain)
    protected.get(send.headers["Location"], headers=plain)
    assert read(protected.post(DATA, headers=plain))["Profile"]["Email"] == EMAIL


def test_sixth_download_within_the_hour_has_to_wait(mina: Person, clock: Clock) -> None:
    for _ in range(5):
        assert download(mina).status_code == 200
    mina.get(DATA)
    refused = mina.post(DATA)
    assert refused.status_code == 429
    assert "Too many attempts." in refused.text
    assert "Content-Disposition" not in refused.headers
    clock.advance(minutes=1)
    assert download(mina).status_code == 200


def test_download_without_a_token_is_refused(mina: Person) -> None:
    mina.get(DATA)
    assert mina.client.post(DATA).status_code == 400


def test_nobody_elses_data_is_in_it(make_person: Callable[..., Person], mina: Person) -> None:
    other = make_person().sign_up("other@example.com")
    assert EMAIL not in download(other).text
    assert "other@example.com" not in download(mina).text


def test_file_is_in_the_language_of_its_owner(make_person: Callable[..., Person]) -> None:
    person = make_person(languages="ko").sign_up()
    person.activate()
    found = read(download(person))
    assert "Profile" not in found
    assert re.search(r"[가-힣]", "".join(found))
    headings = {name for part in found.values() if isinstance(part, dict) for name in part}
    assert not {name for name in headings if re.search(r"[A-Za-z]{3}", name)}


def test_file_is_bounded(app: Flask, mina: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "MOST_EVENTS", 3)
    mina.post("/account/profile", {"name": "Mina P", "language": "en"})
    mina.sign_out()
    mina.sign_in()
    assert len(read(download(mina))["Activity"]) == 3


def test_confirmation_leads_on_to_the_page_that_was_asked_for(protected: Person, clock: Clock) -> None:
    clock.advance(minutes=16)
    headers = {"HX-Current-URL": "http://127.0.0.1/account/profile"}
    assert protected.get(DATA, headers=headers).headers["HX-Redirect"] == f"{CONFIRM}?next={DATA}"
