"""Debian's Firefox, driven by Selenium.

``python -m tests.support.firefox`` installs it if it is missing, and prints its path.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from selenium.webdriver.common.options import ArgOptions
from selenium.webdriver.remote.webdriver import WebDriver

from tests.support import debian
from tests.support.marionette import SET_CONTEXT, Executor
from tests.support.page import Page, until

_PREFERENCES = {
    # Firefox chooses a free port and writes it into the profile.
    "marionette.port": 0,
    # A fifth of the processor's time: what moves, and processes for pages that nobody opens.
    "ui.prefersReducedMotion": 1,
    "toolkit.cosmeticAnimations.enabled": False,
    "browser.tabs.remote.separatePrivilegedContentProcess": False,
    "dom.ipc.processPrelaunch.enabled": False,
    "browser.download.folderList": 2,
    "browser.download.always_ask_before_handling_new_types": False,
}
_NARROW = 'gBrowser.selectedBrowser.style.setProperty("max-width", `${arguments[0]}px`)'


def install() -> str:
    """Return the path of a Firefox, after installing one if there is none."""
    return os.environ.get("MFA_FIREFOX") or debian.program("firefox-esr", "firefox-esr")


@contextmanager
def opened(
    home: Path,
    *,
    script: bool = True,
    preferences: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[FirefoxPage]:
    """Start a Firefox that keeps everything in *home*; yield its one page.

    :param script: False for a browser in which the person has turned JavaScript off.
    :param preferences: what is set otherwise than by default, as in ``about:config``.
    :param environment: with a ``DISPLAY`` that shows it; by default it is headless.
    """
    own = {"javascript.enabled": script, "browser.download.dir": str(home), **(preferences or {})}
    profile = _profile(home, {**_PREFERENCES, **own})
    command = [install(), "--marionette", "--remote-allow-system-access", "--no-remote"]
    command += ["--profile", str(profile), *([] if environment else ["--headless"])]
    environment = {**(environment or os.environ), "HOME": str(home), "MOZ_CRASHREPORTER_DISABLE": "1"}
    with (
        (home / "firefox.log").open("w") as log,
        subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True) as process,
    ):
        try:
            with (
                closing(Executor(_port(process, profile))) as executor,
                WebDriver(executor, options=_Options()) as driver,  # type: ignore[arg-type]
            ):
                driver.set_page_load_timeout(60)
                yield FirefoxPage(driver)
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def _profile(home: Path, preferences: Mapping[str, Any]) -> Path:
    profile = home / "firefox"
    profile.mkdir()
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in preferences.items()]
    (profile / "user.js").write_text("\n".join(lines))
    return profile


def _port(process: subprocess.Popen[bytes], profile: Path) -> int:
    """Wait until Firefox listens, and return where."""
    written = profile / "MarionetteActivePort"

    def read() -> int:
        assert process.poll() is None, "Firefox ended while it started: see firefox.log in its home"
        return int(written.read_text() or 0) if written.exists() else 0

    return until(read, "Firefox does not listen", seconds=120)


class _Options(ArgOptions):
    """Nothing: a Firefox that runs already takes none."""

    @property
    def default_capabilities(self) -> dict[str, str]:
        return {}


class FirefoxPage(Page):
    """The page in a Firefox."""

    @contextmanager
    def chrome(self) -> Iterator[None]:
        """Let scripts run in the browser itself, where they can do all that it can."""
        self.driver.execute(SET_CONTEXT, {"value": "chrome"})
        try:
            yield
        finally:
            self.driver.execute(SET_CONTEXT, {"value": "content"})

    def resize(self, width: int, height: int) -> None:
        # A window is never as narrow as a phone, so the page is made narrower than its window.
        self.driver.set_window_size(max(width, 500), height)
        with self.chrome():
            self.driver.execute_script(_NARROW, width)
        self.is_wide(width)


if __name__ == "__main__":
    print(install())  # noqa: T201
