"""The page shows what the address says: also after Back, and without loading again and again."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Request, Route

from tests.journeys.visitor import Visitor
from tests.support.expecting import expect
from tests.support.person import EMAIL, Person

pytestmark = pytest.mark.looks


def loads(visitor: Visitor, url: str) -> list[str]:
    """Return the addresses of the documents that the browser asks for when *url* is opened."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if request.resource_type == "document":
            asked.append(request.url)

    visitor.page.on("request", note)
    visitor.page.goto(url)
    visitor.page.wait_for_load_state("networkidle")
    return asked


@pytest.mark.parametrize(
    "path", ["/nothing%20here", "/sign%2Din", "/reset-password/a%2Eb%3E", "/%EA%B0%80>", "/dev/mailbox/~.%7E"]
)
def test_an_address_spelled_in_another_way_loads_once(
    make_visitor: Callable[..., Visitor], server: str, path: str
) -> None:
    assert len(loads(make_visitor(), server + path)) == 1


def test_a_doubled_slash_loads_no_page_twice(make_visitor: Callable[..., Visitor], server: str) -> None:
    asked = loads(make_visitor(), f"{server}//sign-in")
    assert len(asked) == len(set(asked)) <= 2


@pytest.mark.parametrize("change", [lambda link: link + ">", lambda link: link.replace(".", "%2E")])
def test_a_mailed_link_that_a_mail_program_changed_loads_once(
    make_visitor: Callable[..., Visitor], person: Person, change: Callable[[str], str]
) -> None:
    person.get("/sign-up")
    person.post("/sign-up", {"email": EMAIL})
    link = person.inbox.wait_for("Create your").link
    scheme, _, rest = link.partition("://")
    host, _, path = rest.partition("/")
    assert len(loads(make_visitor(), f"{scheme}://{host}/{change(path)}")) == 1


def test_back_while_a_page_still_loads_shows_the_page_before(visitor: Visitor) -> None:
    held: list[Route] = []
    visitor.open_two_step()
    visitor.page.route("**/static/app.*.js", lambda route: held.append(route), times=1)  # noqa: PLW0108
    with visitor.page.expect_request("**/static/app.*.js"):
        visitor.page.reload(wait_until="commit")
    visitor.page.evaluate("history.back()")
    expect(visitor.page).to_have_url(re.compile("/account/profile$"))
    held[0].continue_()
    visitor.sees("Profile")
    expect(visitor.page.get_by_role("heading", name="2-step verification is off")).to_be_hidden()


def test_a_browser_that_names_its_page_otherwise_loads_it_twice_at_most(
    make_visitor: Callable[..., Visitor], server: str
) -> None:
    mina = make_visitor()
    mina.context.add_init_script(
        "performance.getEntriesByType = () => [{ name: 'https://elsewhere.example/' }];"
    )
    assert len(loads(mina, f"{server}/sign-in")) == 2
