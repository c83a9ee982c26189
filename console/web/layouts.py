"""The layouts of the console's pages."""

from __future__ import annotations

CARD = "card.html"
"""One card: everything before somebody is signed in."""
CONSOLE = "console.html"
"""The console, with the account modal over it."""
ORGANIZATION = "organization.html"
"""The same, with Organization Management over it."""
SHEET = "sheet.html"
"""A page of paper."""
