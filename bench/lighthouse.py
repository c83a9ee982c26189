"""``make lighthouse``: what Lighthouse says of the sign-in page and of the account page.

It needs Node.js; npm fetches Lighthouse. The application serves from this process, on loopback, with an
account that was made for it.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from console import create_app
from tests.conftest import SETTINGS
from tests.support import chromium
from tests.support.clock import Clock
from tests.support.database import make_empty
from tests.support.person import Person
from tests.support.server import serving
from tests.support.smtp import Inbox, free_port

LIGHTHOUSE = "lighthouse@13"
PAGES = {"/sign-in": False, "/account/two-step": True}
"""Each page, and whether somebody is signed in there."""


def measure(url: str, cookie: str | None, folder: Path) -> dict[str, Any]:
    """Lighthouse's report of the page at *url*."""
    report = folder / "report.json"
    command = ["npx", "--yes", LIGHTHOUSE, url, "--quiet", "--output=json", f"--output-path={report}"]
    command.append("--chrome-flags=--headless=new " + " ".join(chromium.FLAGS))
    if cookie:
        headers = folder / "headers.json"
        headers.write_text(json.dumps({"Cookie": f"twostep-session={cookie}"}))
        command.append(f"--extra-headers={headers}")
    subprocess.run(command, check=True, env={**os.environ, "CHROME_PATH": str(chromium.install())})
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder, inbox = Path(place), Inbox()
        config = {
            **SETTINGS,
            "INSTANCE_PATH": folder,
            "SERVER_NAME": f"127.0.0.1:{free_port()}",
            "MAIL_SERVER": "127.0.0.1",
            "MAIL_PORT": inbox.port,
            "EVENT_LOG": "none",
        }
        make_empty(create_app(config))
        app = create_app(config)
        cookie = Person(app, inbox, Clock()).sign_up().cookie()
        with serving(app) as url:
            for page, signed_in in PAGES.items():
                report = measure(url + page, cookie if signed_in else None, folder)
                assert report["finalDisplayedUrl"] == url + page
                scores = ", ".join(
                    f"{category['title']} {category['score'] * 100:.0f}"
                    for category in report["categories"].values()
                )
                print(f"{page}: {scores} (Lighthouse {report['lighthouseVersion']})")
        app.extensions["mfa_mail_worker"].stop()
        inbox.stop()


if __name__ == "__main__":
    main()
