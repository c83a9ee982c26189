"""Two-step verification for Flask applications: what any host can use. Nothing here knows the console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mfa import signals
from mfa.accounts import Accounts, Person, SignedOut
from mfa.attempts.hashing import Busy
from mfa.errors import Refusal, SetUpWrong
from mfa.extension import TwoStep
from mfa.people.required import Required
from mfa.schema import include_name, is_ours

if TYPE_CHECKING:
    from mfa.flask_login import FlaskLoginAccounts

__all__ = [
    "Accounts",
    "Busy",
    "FlaskLoginAccounts",
    "Person",
    "Refusal",
    "Required",
    "SetUpWrong",
    "SignedOut",
    "TwoStep",
    "include_name",
    "is_ours",
    "signals",
]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # A host without Flask-Login need not have it.
    if name == "FlaskLoginAccounts":
        from mfa.flask_login import FlaskLoginAccounts  # noqa: PLC0415 (see above)

        return FlaskLoginAccounts
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
