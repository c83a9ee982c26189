"""The modal on a phone: the app first, and nothing behind the keyboard."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator

from tests.journeys.visitor import PASSWORD, Visitor
from tests.support.expecting import expect
from tests.support.person import Person
from tests.support.still import settle

pytestmark = pytest.mark.looks

WITH_KEYBOARD = {"width": 390, "height": 400}

# The keyboard of iOS lies over the page, of which then less is seen; no browser here can be made to do so.
OVERLAID = """
    const seen = Object.assign(new EventTarget(), { width: 390, height: 844, offsetTop: 0, scale: 1 });
    Object.defineProperty(window, "visualViewport", { value: seen });
"""


@pytest.fixture
def phone_visitor(make_visitor: Callable[..., Visitor], person: Person) -> Visitor:
    """Signed in, at the console, on a phone."""
    return make_visitor("phone").arrive(person.sign_up())


def field_with_keyboard(mina: Visitor, label: str) -> Locator:
    """The field of that label, tapped, and the keyboard that comes up."""
    field = mina.page.get_by_label(label)
    field.tap()
    mina.page.set_viewport_size(WITH_KEYBOARD)
    return field


def expect_in_view(*parts: Locator) -> None:
    for part in parts:
        expect(part).to_be_in_viewport(ratio=1)


def button(mina: Visitor, name: str) -> Locator:
    return mina.page.get_by_role("button", name=name, exact=True)


def test_the_way_into_the_app_stands_before_the_picture(at_step: Callable[..., Visitor]) -> None:
    """To the eye, and to who goes through the page by keyboard or ear."""
    phone_visitor = at_step("scan", "phone")
    settle(phone_visitor.page)
    way = phone_visitor.page.get_by_role("link", name="Open in authenticator app").bounding_box()
    picture = phone_visitor.page.get_by_role("img", name="QR code").bounding_box()
    assert way and picture
    assert way["y"] + way["height"] <= picture["y"]
    order = phone_visitor.page.locator("a[href^='otpauth:'], svg.qr").evaluate_all(
        "all => all.map(one => one.localName)"
    )
    assert order == ["a", "svg"]


def test_at_a_desk_there_is_only_the_picture(at_step: Callable[..., Visitor]) -> None:
    mina = at_step("scan")
    expect(mina.page.get_by_role("link", name="Open in authenticator app")).to_be_hidden()


def test_the_modal_is_a_sheet_at_the_foot_of_the_screen(phone_visitor: Visitor) -> None:
    phone_visitor.open_two_step()
    sheet = phone_visitor.page.get_by_role("dialog")
    expect(sheet).to_have_css("translate", "0px")
    settle(phone_visitor.page)
    box = sheet.bounding_box()
    assert box
    assert (box["x"], box["width"], box["y"] + box["height"]) == (0, 390, 844)


def test_the_keyboard_hides_neither_the_number_nor_its_button(phone_visitor: Visitor) -> None:
    phone_visitor.begin()
    phone_visitor.send_number()
    field = field_with_keyboard(phone_visitor, "Authentication number")
    expect_in_view(field, button(phone_visitor, "Next"))


def test_the_keyboard_hides_neither_the_code_nor_its_button(at_step: Callable[..., Visitor]) -> None:
    phone_visitor = at_step("code", "phone")
    field = field_with_keyboard(phone_visitor, "Authentication code")
    expect_in_view(field, button(phone_visitor, "Next"))


def test_the_keyboard_hides_neither_the_code_of_sign_in_nor_its_button(
    phone_visitor: Visitor, person: Person
) -> None:
    phone_visitor.arrive(person.activate())
    phone_visitor.sign_out()
    phone_visitor.type_password()
    field = field_with_keyboard(phone_visitor, "Authentication code")
    expect_in_view(field, button(phone_visitor, "Verify"))


def test_a_keyboard_that_lies_over_the_page_makes_the_sheet_shorter(phone_visitor: Visitor) -> None:
    phone_visitor.page.add_init_script(OVERLAID)
    phone_visitor.page.reload()
    phone_visitor.begin()
    phone_visitor.send_number()
    phone_visitor.page.get_by_label("Authentication number").tap()
    phone_visitor.page.evaluate(
        "Object.assign(visualViewport, { height: 500 }).dispatchEvent(new Event('resize'))"
    )
    settle(phone_visitor.page)
    box = phone_visitor.page.get_by_role("dialog").bounding_box()
    assert box
    assert box["y"] + box["height"] == 500


def test_when_that_keyboard_goes_the_sheet_is_as_before(phone_visitor: Visitor) -> None:
    phone_visitor.page.add_init_script(OVERLAID)
    phone_visitor.page.reload()
    phone_visitor.open_two_step()
    for height in (500, 844):
        phone_visitor.page.evaluate(
            "height => Object.assign(visualViewport, { height }).dispatchEvent(new Event('resize'))", height
        )
    assert phone_visitor.page.locator("html").get_attribute("style") == ""


# The tabs, and what is under the finger


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("width", [320, 360, 390])
def test_every_tab_is_seen(
    make_visitor: Callable[..., Visitor], make_person: Callable[..., Person], language: str, width: int
) -> None:
    way = "korean-phone" if language == "ko" else "phone"
    mina = make_visitor(way).arrive(make_person(languages=language).sign_up())
    mina.page.set_viewport_size({"width": width, "height": 740})
    for url in ("/account/activity", "/organization/members"):
        mina.page.goto(url)
        for size in ("16px", "24px"):
            mina.page.locator("html").evaluate("(html, size) => (html.style.fontSize = size)", size)
            tabs = mina.page.locator("dialog:modal .tabs a").all()
            assert tabs
            expect_in_view(*tabs)


@pytest.mark.parametrize(("width", "height"), [(320, 568), (360, 640), (390, 844), (412, 915)])
def test_after_reissue_success_is_seen_and_no_danger_under_finger(
    make_visitor: Callable[..., Visitor], person: Person, width: int, height: int
) -> None:
    mina = make_visitor("phone").arrive(person.sign_up().activate())
    mina.page.set_viewport_size({"width": width, "height": height})
    mina.open_two_step()
    mina.press("Reissue Recovery Code")
    mina.type("Password", PASSWORD)
    mina.press("Next")
    mina.tick("I have saved my recovery codes on my personal device")
    complete = button(mina, "Complete")
    complete.scroll_into_view_if_needed()
    settle(mina.page)
    pressed = complete.bounding_box()
    assert pressed
    mina.press("Complete")
    expect_in_view(mina.page.locator(".done-line", has_text="Your new recovery codes are active."))
    settle(mina.page)
    finger = {"x": pressed["x"] + pressed["width"] / 2, "y": pressed["y"] + pressed["height"] / 2}
    under = mina.page.evaluate(
        "({ x, y }) => document.elementFromPoint(x, y)?.closest('.button--danger')?.textContent ?? ''", finger
    )
    assert under == ""
