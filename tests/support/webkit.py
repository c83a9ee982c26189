"""Debian's WebKitGTK with its MiniBrowser, driven by Selenium through WebKitWebDriver.

It is the engine of Safari. ``python -m tests.support.webkit`` installs it if it is missing, and prints
the driver's path.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium.webdriver.remote.client_config import ClientConfig
from selenium.webdriver.remote.remote_connection import RemoteConnection
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.webkitgtk.options import Options
from selenium.webdriver.webkitgtk.service import Service

from tests.support import debian
from tests.support.page import Page

_BROWSERS = "webkit2gtk-4.*/MiniBrowser"
# With the buttons of its toolbar as they are a window is never as narrow as a phone.
_NARROW_TOOLBAR = "toolbar, toolbar *, entry, button { min-width: 0; padding: 0; margin: 0; border-width: 0 }"


def install() -> str:
    """Return the path of WebKit's driver, after installing it if there is none."""
    return debian.program("WebKitWebDriver", "webkit2gtk-driver")


def _browser() -> str:
    """Return the path of MiniBrowser, which stands beside WebKit's library."""
    return str(next(Path("/usr/lib").glob(f"*/{_BROWSERS}")))


@contextmanager
def opened(home: Path, display: str, *, script: bool = True) -> Iterator[Page]:
    """Start a WebKit that keeps everything in *home*; yield its one page.

    :param display: the X server that shows it.
    :param script: False for a browser that takes no script from a page.
    """
    driver = install()
    (home / "gtk-3.0").mkdir()
    (home / "gtk-3.0" / "gtk.css").write_text(_NARROW_TOOLBAR)
    options = Options()
    options.binary_location = _browser()
    options.add_argument("--automation")
    if not script:
        # The driver itself needs a WebKit that can run scripts.
        options.add_argument("--enable-javascript-markup=false")
    environment = {
        **os.environ,
        "DISPLAY": display,
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "XDG_CACHE_HOME": str(home),
        "XDG_DATA_HOME": str(home),
        "NO_AT_BRIDGE": "1",
        # A session bus would start a portal, which mounts a folder that outlives the browser.
        "DBUS_SESSION_BUS_ADDRESS": "disabled:",
    }
    service = Service(driver, log_output=str(home / "webkit.log"), env=environment)
    service.start()
    try:
        address = ClientConfig(remote_server_addr=service.service_url)
        with WebDriver(RemoteConnection(client_config=address), options=options) as session:
            session.set_page_load_timeout(60)
            yield Page(session)
    finally:
        service.stop()


if __name__ == "__main__":
    print(install())  # noqa: T201
