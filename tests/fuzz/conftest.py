"""What is thrown at the parsers of outside input meets the whole application, without its limits by range.

No thread delivers mail beside it: Hypothesis wants chance to itself while it makes an example.
"""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.support.applications import Applications

ENDLESS = "1000000 per second"


@pytest.fixture
def config(config: dict[str, Any]) -> dict[str, Any]:
    return {
        **config,
        "MAIL_WORKER": "none",
        "EVENT_LOG": "none",
        "RATELIMIT_REFUSED": ENDLESS,
        "RATELIMIT_MAILS": ENDLESS,
    }


@pytest.fixture
def app(config: dict[str, Any], applications: Applications) -> Flask:
    return applications.get(config)
