"""The pages that mails and our own pages link to, by the endpoints that the host and we give them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flask import current_app

from mfa.accounts import Accounts
from mfa.errors import SetUpWrong
from mfa.settings import meant

_OURS: Mapping[str, str] = {
    "enrollment_link": "two_step.link.page",
    "confirm_second_step": "two_step.sign_in.confirm",
    "revoke_codes": "two_step.revocation.page",
    "recover": "two_step.recovery.page",
    "stop_recovery": "two_step.recovery.stopping",
}


_THEIRS = ("sign_in", "home", "forgot_password", "change_password", "change_email")


def check(accounts: Accounts) -> None:
    """Refuse pages of the host that we link to nowhere, and endpoints that the application does not have.

    :raises SetUpWrong: one of them.
    """
    for page, endpoint in accounts.pages().items():
        if page not in _THEIRS:
            likely = meant(page, _THEIRS)
            known = f"Did you mean {likely!r}?" if likely else f"It knows {', '.join(_THEIRS)}."
            raise SetUpWrong(f"The adapter's pages name {page!r}, unknown to two-step. {known}")
        if endpoint not in current_app.view_functions:
            raise SetUpWrong(
                f"The adapter's pages name {endpoint!r} for {page!r},"
                " but the application has no such endpoint."
            )


class HostPages(Mapping[str, str]):
    """The endpoints of the host's pages, asked when one is needed: the host may name them late; and ours."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def _all(self) -> Mapping[str, str]:
        return {**self._accounts.pages(), **_OURS}

    def __getitem__(self, page: str) -> str:
        return self._all()[page]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())
