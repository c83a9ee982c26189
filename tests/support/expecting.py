"""Playwright's ``expect``, which notices sooner what it waits for."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any, overload

from playwright.sync_api import Locator, LocatorAssertions, Page, PageAssertions, expect as playwrights

from tests.support import patience

ONCE_SECONDS = 2.4
"""How long Playwright is asked to wait at once.

It looks every half second at what it is to wait long for: after 0.27 seconds, then after 0.77. When it is to
wait less than 2.5 seconds it looks every tenth of a second.
"""


class _Expectation:
    """What is expected of one locator or page, with the methods that Playwright has for it."""

    def __init__(self, assertions: LocatorAssertions | PageAssertions) -> None:
        self._assertions = assertions

    def __getattr__(self, name: str) -> Callable[..., Any]:
        check = getattr(self._assertions, name)

        def wait(*args: Any, **options: Any) -> Any:
            end = monotonic() + patience.SECONDS
            while True:
                began = monotonic()
                try:
                    return check(*args, timeout=1000 * ONCE_SECONDS, **options)
                except AssertionError:
                    # What fails at once, as a name that two elements have, does not only take long.
                    if not began + ONCE_SECONDS / 2 < monotonic() < end:
                        raise

        return wait


@overload
def expect(actual: Locator) -> LocatorAssertions: ...
@overload
def expect(actual: Page) -> PageAssertions: ...
def expect(actual: Any) -> Any:
    """Return what can be expected of *actual* and is waited for, with the methods of Playwright's own."""
    return _Expectation(playwrights(actual))
