"""The languages: their catalogs are whole, and everybody is spoken to in the right one."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from flask import Flask
from sqlalchemy import Engine, update

from console import languages
from console.accounts.models import Account
from mfa import i18n, words
from tests.support import catalogs
from tests.support.applications import Applications
from tests.support.database import dump
from tests.support.person import EMAIL, PASSWORD, Person, entered
from tests.support.smtp import Inbox

KOREAN_BROWSER = "ko-KR,ko;q=0.9,en;q=0.8"
ENGLISH_BROWSER = "en-GB,en;q=0.9"
WHOLE_PAGE = {"HX-Request": ""}
HANGUL = re.compile(r"[가-힣]")

_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")
_TAG = re.compile(r"<[^>]*>")


# The catalogs


@pytest.fixture(scope="module", params=catalogs.PARTS, ids=str)
def part(request: pytest.FixtureRequest) -> catalogs.Part:
    found: catalogs.Part = request.param
    return found


@pytest.fixture(scope="module")
def gathered(part: catalogs.Part) -> Catalog:
    return catalogs.gathered(part)


@pytest.fixture(params=catalogs.codes())
def code(request: pytest.FixtureRequest) -> str:
    """Each language that is offered beside English."""
    return str(request.param)


@pytest.fixture
def catalog(part: catalogs.Part, code: str) -> Catalog:
    return catalogs.read(part, code)


def texts(catalog: Catalog) -> list[Message]:
    return [message for message in catalog if message.id]


def forms(text: str | list[str] | tuple[str, ...] | None) -> list[str]:
    """A text that has no plural is a text of one form."""
    return [text or ""] if isinstance(text, str | None) else list(text)


def marks(text: str) -> Counter[str]:
    """What a translation has to keep: the placeholders and the tags of a text."""
    return Counter(_PLACEHOLDER.findall(text) + _TAG.findall(text))


def test_korean_is_among_the_languages() -> None:
    assert languages.offered() == {"en": "English", "ko": "한국어"}


def test_a_text_of_both_parts_is_translated_the_same(code: str) -> None:
    ours, console = (catalogs.read(each, code) for each in catalogs.PARTS)
    both = [(text, console.get(text.id, text.context)) for text in texts(ours)]
    assert [text.id for text, other in both if other and other.string != text.string] == []


def test_every_text_stands_in_the_catalog(gathered: Catalog, catalog: Catalog) -> None:
    missing = [text.id for text in texts(gathered) if catalog.get(text.id, text.context) is None]
    assert missing == []


def test_every_text_is_translated(catalog: Catalog) -> None:
    untranslated = [text.id for text in texts(catalog) if not all(forms(text.string))]
    assert untranslated == []


def test_no_translation_is_a_guess(catalog: Catalog) -> None:
    assert [text.id for text in texts(catalog) if text.fuzzy] == []


def test_the_catalog_holds_no_text_that_is_gone(gathered: Catalog, catalog: Catalog) -> None:
    gone = [text.id for text in texts(catalog) if gathered.get(text.id, text.context) is None]
    assert gone == []
    assert list(catalog.obsolete) == []


def test_a_translation_has_the_placeholders_and_tags_of_its_source(catalog: Catalog) -> None:
    different = [
        text.id
        for text in texts(catalog)
        if any(marks(form) not in [marks(source) for source in forms(text.id)] for form in forms(text.string))
    ]
    assert different == []


def test_the_program_reads_what_the_translator_wrote(
    part: catalogs.Part, code: str, catalog: Catalog
) -> None:
    written = part.path(code).with_suffix(".mo").read_bytes()
    assert written == catalogs.compiled(catalog), "make translations"


# The language of a visitor


@pytest.mark.parametrize(
    ("said", "spoken", "heading"),
    [
        (KOREAN_BROWSER, "ko", "로그인"),
        ("ko", "ko", "로그인"),
        ("fr", "en", "Sign in"),
        ("fr,ko;q=0.5", "ko", "로그인"),
        ("en-GB", "en", "Sign in"),
        ("en-GB,ko;q=0.9", "en", "Sign in"),
        ("ko-KR,en;q=0.9", "ko", "로그인"),
        ("ko;q=0,*", "en", "Sign in"),
        ("", "en", "Sign in"),
        ("*;q=x,,;", "en", "Sign in"),
    ],
)
def test_a_visitor_is_spoken_to_as_the_browser_asks(
    make_person: Callable[..., Person], said: str, spoken: str, heading: str
) -> None:
    page = make_person(languages=said).get("/sign-in", headers=WHOLE_PAGE).text
    assert f'<html lang="{spoken}">' in page
    assert f"data-focus>{heading}</h1>" in page


@pytest.fixture
def korean(make_person: Callable[..., Person]) -> Person:
    """Somebody with a Korean browser, and without an account."""
    return make_person(languages=KOREAN_BROWSER)


def test_a_page_that_is_not_there_is_said_in_korean(korean: Person) -> None:
    assert "페이지를 찾을 수 없어요" in korean.get("/nothing", headers=WHOLE_PAGE).text


# The language of an account


def choose(person: Person, code: str) -> None:
    person.get("/account/profile")
    response = person.post("/account/profile", {"name": "Mina Park", "language": code})
    assert response.headers["HX-Redirect"] == "/account/profile"


def spoken_to(person: Person) -> str:
    found = re.search(r'<html lang="([^"]+)">', person.get("/", headers=WHOLE_PAGE).text)
    assert found
    return found[1]


def change_password(person: Person) -> None:
    person.get("/account/password")
    data = {"current_password": PASSWORD, "new_password": "seven boats under glass"}
    assert person.post("/account/password", data).status_code == 200


def sign_up_in_korean(korean: Person, inbox: Inbox) -> None:
    korean.get("/sign-up")
    korean.post("/sign-up", {"email": EMAIL})
    path = inbox.wait_for("Twostep 계정 만들기", to=EMAIL).path
    korean.get(path)
    assert entered(korean.post(path, {"name": "박민아", "password": PASSWORD}))


def test_the_page_is_left_for_one_in_the_language_that_was_chosen(mina: Person) -> None:
    choose(mina, "ko")
    page = mina.get("/account/profile", headers=WHOLE_PAGE).text
    assert '<html lang="ko">' in page
    assert "저장했어요." in page


def test_korean_chosen_in_profile_wins_over_an_english_browser(mina: Person) -> None:
    choose(mina, "ko")
    mina.languages = ENGLISH_BROWSER
    assert spoken_to(mina) == "ko"


def test_english_chosen_in_profile_wins_over_a_korean_browser(mina: Person) -> None:
    choose(mina, "ko")
    choose(mina, "en")
    mina.languages = KOREAN_BROWSER
    assert spoken_to(mina) == "en"


def test_the_language_is_kept_for_another_browser(mina: Person, make_person: Callable[..., Person]) -> None:
    choose(mina, "ko")
    mina.sign_out()
    other = make_person(languages=ENGLISH_BROWSER)
    other.sign_in()
    assert spoken_to(other) == "ko"


def test_the_mails_go_in_the_language_that_was_chosen(mina: Person, inbox: Inbox) -> None:
    choose(mina, "ko")
    mina.languages = ENGLISH_BROWSER
    change_password(mina)
    letter = inbox.wait_for("비밀번호가 변경됐어요", to=EMAIL)
    assert "Mina Park 님, 안녕하세요." in letter.text
    assert '<html lang="ko">' in letter.html


def test_a_link_that_a_stranger_asks_for_goes_in_the_language_of_the_owner(
    mina: Person, inbox: Inbox, make_person: Callable[..., Person]
) -> None:
    choose(mina, "ko")
    stranger = make_person(languages=ENGLISH_BROWSER)
    stranger.get("/forgot-password")
    page = stranger.post("/forgot-password", {"email": EMAIL}).text
    assert "Check your inbox" in page
    assert "이 링크를 열어" in inbox.wait_for("Twostep 새 비밀번호 설정", to=EMAIL).text


@pytest.mark.parametrize("language", ["fr", "xx", "KO", "../ko", "ko\0", "k" * 5000])
def test_a_language_that_is_not_offered_changes_nothing(mina: Person, engine: Engine, language: str) -> None:
    mina.get("/account/profile")
    # A mail from before may be leaving just now.
    mina.app.extensions["mfa_mail_worker"].stop()
    before = dump(engine)
    mina.post("/account/profile", {"name": "Another Name", "language": language})
    assert dump(engine) == before


def test_a_language_that_is_not_offered_is_refused_at_its_field(mina: Person) -> None:
    mina.get("/account/profile")
    response = mina.post("/account/profile", {"name": "Mina Park", "language": "fr"})
    assert response.status_code == 422
    assert 'id="mfa-language-error">Choose one of these languages.' in response.text


def test_who_chose_a_language_that_is_no_longer_offered_is_spoken_to_as_the_browser_asks(
    mina: Person, engine: Engine
) -> None:
    with engine.begin() as connection:
        connection.execute(update(Account).values(language="fr"))
    mina.languages = KOREAN_BROWSER
    assert spoken_to(mina) == "ko"


# Signing up in Korean


def test_who_signs_up_with_a_korean_browser_gets_the_mail_in_korean(korean: Person, inbox: Inbox) -> None:
    korean.get("/sign-up")
    korean.post("/sign-up", {"email": EMAIL})
    letter = inbox.wait_for("Twostep 계정 만들기", to=EMAIL)
    assert "이 링크를 열어 이름과 비밀번호를 정해 주세요." in letter.text
    assert '<html lang="ko">' in letter.html


def test_who_signed_up_in_korean_gets_every_later_mail_in_korean(
    korean: Person, inbox: Inbox, make_person: Callable[..., Person]
) -> None:
    sign_up_in_korean(korean, inbox)
    korean.languages = ENGLISH_BROWSER
    korean.begin()
    korean.post("/account/two-step/enroll/email/send", follow_redirects=True)
    assert "박민아 님, 안녕하세요." in inbox.wait_for("Twostep 인증번호", to=EMAIL).text
    change_password(korean)
    assert "본인이 아니라면" in inbox.wait_for("비밀번호가 변경됐어요", to=EMAIL).text
    make_person(languages=ENGLISH_BROWSER).sign_in(password="seven boats under glass")
    assert "누군가" in inbox.wait_for("Twostep 새 로그인", to=EMAIL).text
    assert inbox.take_all() == []


def test_who_signed_up_in_korean_has_every_tab_in_korean(korean: Person, inbox: Inbox) -> None:
    sign_up_in_korean(korean, inbox)
    for tab in ("profile", "password", "two-step", "sessions", "activity"):
        heading = korean.get(f"/account/{tab}").text.split("data-focus>")[1].split("<")[0]
        assert HANGUL.search(heading), tab


def test_texts_of_the_extension_follow_the_language_of_a_mail(app: Flask) -> None:
    with app.test_request_context():
        with languages.speaking("ko"):
            assert (words.duration(61), i18n.language()) == ("2분", "ko")
            with languages.speaking("en"):
                assert words.duration(61) == "2 minutes"
            assert words.duration(61) == "2분"
        assert (words.duration(61), i18n.language()) == ("2 minutes", "en")


# Refusals


def test_a_wrong_password_is_refused_in_korean(korean: Person) -> None:
    response = korean.sign_in(password="not my password at all")
    assert response.status_code == 422
    assert "이메일 또는 비밀번호가 맞지 않아요." in response.text


def test_a_wait_is_said_in_korean(korean: Person) -> None:
    said = [korean.sign_in(password="not my password at all").text for _ in range(12)]
    assert re.search(r"시도 횟수가 너무 많아요\. \d+(초|분|시간) 후에 다시 시도해 주세요\.", said[-1])


def test_an_empty_field_is_refused_in_korean(korean: Person) -> None:
    korean.get("/sign-in")
    text = korean.post("/sign-in", {"email": "", "password": ""}).text
    assert "이메일을 입력해 주세요." in text
    assert "비밀번호를 입력해 주세요." in text


# One more language


@pytest.fixture
def german_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, applications: Applications
) -> Iterator[None]:
    """The languages with a folder ``de`` beside them. What it says is Korean."""
    folder = tmp_path / "translations"
    shutil.copytree(languages.FOLDER, folder)
    shutil.copytree(folder / "ko", folder / "de")
    monkeypatch.setattr(languages, "FOLDER", folder)
    kept = (languages.codes.cache_clear, languages.offered.cache_clear, applications.forget)
    for forget in kept:
        forget()
    yield
    for forget in kept:
        forget()


@pytest.fixture
def german(german_folder: None, request: pytest.FixtureRequest) -> Person:
    """Somebody with a German browser, where German is offered."""
    make_person: Callable[..., Person] = request.getfixturevalue("make_person")
    return make_person(languages="de-AT,de;q=0.9")


def test_one_folder_more_is_one_language_more_in_profile(german: Person) -> None:
    german.languages = ""
    german.sign_up()
    text = german.get("/account/profile").text
    assert '<option value="de">Deutsch</option>' in text


def test_one_folder_more_is_spoken_to_who_asks_for_it(german: Person) -> None:
    page = german.get("/sign-in", headers=WHOLE_PAGE).text
    assert '<html lang="de">' in page
    assert "data-focus>로그인</h1>" in page
