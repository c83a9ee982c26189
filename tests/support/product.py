"""What differs between the applications in which the same journeys are made."""

from __future__ import annotations

from dataclasses import dataclass

TWO_STEP = "/account/two-step"


@dataclass(frozen=True)
class Product:
    """An application with 2-step verification, as far as the people in it know it.

    :param name: as its mails and authenticator apps give it.
    :param sign_in: the path of its page with *Email* and *Password*, or with what it calls them.
    :param sign_out: the path that its *Sign out* posts to.
    :param verify: the path of the second step at sign-in.
    :param private: a page that answers 200 to nobody but who is signed in.
    :param email: Mina's address.
    :param menu: the button that opens its dialog, which has the tab; empty where a link leads to the tab.
    :param greeting: a heading that only somebody sees who is signed in; empty where it is that button.
    :param folded: what to press by script, where it is seen, before the link and *Sign out* are.
    :param dialog: whether that link opens the extension's dialog where scripts run.
    :param signs_up: whether people make their accounts themselves; else Mina has one.
    :param session_cookie: the name of its session cookie, and
    :param device_cookie: that of the extension's cookie of known devices, and
    :param remembered_cookie: of remembered browsers.
    """

    name: str = "Twostep"
    sign_in: str = "/sign-in"
    sign_out: str = "/sign-out"
    verify: str = "/sign-in/verify"
    private: str = "/account/profile"
    email: str = "mina.park@example.com"
    menu: str = "Account management"
    greeting: str = ""
    folded: tuple[str, ...] = ()
    dialog: bool = False
    signs_up: bool = True
    session_cookie: str = "twostep-session"
    device_cookie: str = "twostep-device"
    remembered_cookie: str = "twostep-remembered"


CONSOLE = Product()
"""The account console."""


def host(name: str, *, folded: tuple[str, ...] = (), dialog: bool = True) -> Product:
    """Return a host of the extension that leaves all its paths and cookies as they are by default."""
    return Product(
        name=name,
        sign_in="/login",
        sign_out="/logout",
        verify=f"{TWO_STEP}/verify",
        private="/",
        email="mina@example.com",
        menu="",
        greeting="Hello, Mina Park",
        folded=folded,
        dialog=dialog,
        signs_up=False,
        session_cookie="session",
        device_cookie="two-step-device",
        remembered_cookie="two-step-remembered",
    )
