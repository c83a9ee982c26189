"""Firefox's own password manager, as the person before it uses it."""

from __future__ import annotations

from typing import Any

from tests.support.firefox import FirefoxPage
from tests.support.page import until

PREFERENCES = {
    # Marionette turns both off, and would not have its choice here.
    "signon.rememberSignons": True,
    "signon.autofillForms": True,
    "signon.generation.enabled": False,
}
_OFFER = """
    const offer = PopupNotifications.getNotification("password");
    const field = document.getElementById("password-notification-username");
    return PopupNotifications.panel.state === "open" && offer && field ? [field.value] : null;
"""
_ACCEPT = "PopupNotifications.panel.firstElementChild.button.click()"
_SAVED = """
    return Services.logins.getAllLogins().then((all) => all.map((one) => [one.username, one.password]));
"""
_FORGET = """
    const all = Services.logins;
    // Older ones have only the second.
    return Promise.resolve(all.removeAllLoginsAsync ? all.removeAllLoginsAsync() : all.removeAllLogins())
      .then(() => true);
"""
_PUT = """
    const [origin, name, password] = arguments;
    const pair = Cc["@mozilla.org/login-manager/loginInfo;1"].createInstance(Ci.nsILoginInfo);
    pair.init(origin, origin, null, name, password, "", "");
    return Services.logins.addLoginAsync(pair).then(() => true);
"""


class Keeper:
    """What Firefox keeps for one site."""

    def __init__(self, page: FirefoxPage) -> None:
        self._page = page

    def save(self) -> str:
        """Press *Save* or *Update* as soon as Firefox offers it; return the name that it offers."""
        (name,) = until(lambda: self._run(_OFFER), lambda: f"Firefox offers nothing; it has {self.saved()}")
        self._run(_ACCEPT)
        return str(name)

    def saved(self) -> list[tuple[str, str]]:
        """Return all names that are saved, each with its password."""
        return [(name, password) for name, password in self._run(_SAVED)]

    def has(self, *pairs: tuple[str, str]) -> None:
        """Wait until these names, each with its password, are all that is saved."""
        until(lambda: sorted(self.saved()) == sorted(pairs), lambda: f"saved are {self.saved()}")

    def forget(self) -> None:
        """Forget all that is saved."""
        self._run(_FORGET)

    def put(self, url: str, name: str, password: str) -> None:
        """Save a pair for the site at *url* without asking."""
        self._run(_PUT, url, name, password)

    def _run(self, script: str, *values: Any) -> Any:
        with self._page.chrome():
            return self._page.driver.execute_script(script, *values)
