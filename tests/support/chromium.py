"""A Chromium for the tests: one on the PATH, else Playwright's own, else the distribution's package.

``python -m tests.support.chromium`` finds or installs one and prints its path.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.support import debian

_SHELL = "chromium-headless-shell"
"""Chromium without the window around a page: the tests that open pages take two thirds of the time."""
_NAMES = (_SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_MENUS_OF_THE_ADDRESS_BAR = ("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup")
"""Two pages that Chromium loads besides for each window. Nobody sees them, and they take longer than ours."""
_SPARE_PROCESS = "SpareRendererForSitePerProcess"
"""A process for each window in case another site is opened in it: a tenth of a second, for nobody."""
_STARTER = Path(__file__).with_suffix(".sh")


def find() -> str | None:
    """The path of a Chromium that is on this machine."""
    chosen = os.environ.get("MFA_CHROMIUM")
    if chosen:
        return chosen
    on_path = next(filter(None, map(shutil.which, _NAMES)), None)
    return on_path or _playwrights_own()


def install() -> str:
    """The path of a Chromium, installed first where there is none."""
    return find() or _install_playwrights_own() or debian.program(_SHELL, _SHELL)


def launch(playwright: Playwright, **options: Any) -> Browser:
    """Start it with all that is alike in every test.

    :param options: further ones of Playwright's ``launch``.
    """
    return playwright.chromium.launch(
        executable_path=_STARTER,
        args=[*FLAGS, f"--disable-features={','.join((*_MENUS_OF_THE_ADDRESS_BAR, _SPARE_PROCESS))}"],
        env={**os.environ, "TESTS_CHROMIUM": install()},
        **options,
    )


def _playwrights_own() -> str | None:
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else None


def _install_playwrights_own() -> str | None:
    subprocess.run(
        [sys.executable, "-m", "playwright", "install", "chromium"],
        check=False,
        stdout=sys.stderr,
    )
    return _playwrights_own()


if __name__ == "__main__":
    print(install())  # noqa: T201
