"""Two hosts of different languages in one process: neither hears the other."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask_babel import Babel
from flask_mail import Message, email_dispatched

from mfa.notices import outbox
from tests.mounted.hosts import FORM, Shop, csrf_token, shops

ROUNDS = 12
KOREAN, ENGLISH = "ko", "en"
HANGUL = re.compile("[가-힣]")
Speakers = dict[str, Shop]


@pytest.fixture(params=["Flask-Babel", "browser"])
def speakers(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Speakers]:
    """A host for each language, which its Flask-Babel says, or browser and person; Mina's 2SV is on."""
    making = shops(tmp_path)
    make = next(making)
    made = {}
    for code in (KOREAN, ENGLISH):

        def speak(shop: Shop, code: str = code) -> None:
            if request.param == "Flask-Babel":
                Babel(shop.app, locale_selector=lambda: code)

        adapter = {"language": "notes"} if request.param == "browser" else {}
        made[code] = make(before_mounting=speak, settings={"TESTING": True}, adapter=adapter)
        made[code].protect(made[code].add(notes=code))
    yield made
    next(making, None)


def headers(shop: Shop, code: str) -> dict[str, str]:
    """Return what a browser sends: where the host's Flask-Babel says the language, it asks for the other."""
    other = {KOREAN: ENGLISH, ENGLISH: KOREAN}[code]
    return {**FORM, "Accept-Language": other if "babel" in shop.app.extensions else code}


def in_another_language(shop: Shop, code: str) -> list[str]:
    """Return what a sign-in that doesn't succeed says in another language than *code*."""
    sent = headers(shop, code)
    visitor = shop.visitor()
    visitor.type_password(headers=sent)
    path = f"{visitor.prefix}/verify"
    asked = visitor.get(path, headers=sent)
    typed = {"code": "12345", "csrf_token": csrf_token(asked)}
    refused = visitor.post(path, typed, headers={**sent, "HX-Request": "true"})
    lost = visitor.get(f"{visitor.prefix}/enroll/link/nothing", headers=sent)
    assert [asked.status_code, refused.status_code] == [200, 422]
    return [
        answer.text
        for answer in (asked, refused, lost)
        if answer.headers["Content-Language"] != code or bool(HANGUL.search(answer.text)) != (code == KOREAN)
    ]


def test_hosts_in_turns_speak_their_own_languages(speakers: Speakers) -> None:
    for _ in range(3):
        assert {code: in_another_language(shop, code) for code, shop in speakers.items()} == {
            KOREAN: [],
            ENGLISH: [],
        }


def test_hosts_at_once_speak_their_own_languages(speakers: Speakers) -> None:
    done: dict[str, list[list[str]]] = {}
    ready = threading.Barrier(len(speakers))

    def speak(code: str, shop: Shop) -> None:
        ready.wait()
        done[code] = [in_another_language(shop, code) for _ in range(ROUNDS)]

    threads = [threading.Thread(target=speak, args=one) for one in speakers.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == {code: [[]] * ROUNDS for code in speakers}


def test_mails_of_each_host_are_in_its_language(speakers: Speakers) -> None:
    """They are written after the request, where no browser says a language."""
    sent: dict[str, list[str]] = {code: [] for code in speakers}
    for code, shop in speakers.items():
        with shop.app.test_request_context(headers=headers(shop, code)):
            shop.two_step.reset(shop.person(1), by="Kim", reason="lost the phone")

    def note(app: object, message: Message) -> None:
        sent[next(code for code, shop in speakers.items() if shop.app is app)].append(message.subject)

    with email_dispatched.connected_to(note):
        for shop in speakers.values():
            with shop.app.app_context():
                outbox.deliver_due()
    assert [sent[KOREAN][-1], sent[ENGLISH][-1]] == [
        "Shop 고객 지원에서 계정에 작업을 했어요",
        "Shop support worked on your account",
    ]
