"""The events of the console, beside those of :mod:`mfa.activity.rules`."""

from __future__ import annotations

ACCOUNT_CREATED = "account_created"
ACCOUNT_IMPORTED = "account_imported"
SIGNED_IN = "signed_in"
SIGNED_OUT = "signed_out"
SESSION_ENDED = "session_ended"
OTHER_SESSIONS_ENDED = "other_sessions_ended"
NAME_CHANGED = "name_changed"
PASSWORD_CHANGED = "password_changed"  # noqa: S105 (the name of an event)
PASSWORD_RESET = "password_reset"  # noqa: S105
EMAIL_CHANGE_ASKED = "email_change_asked"
EMAIL_CHANGED = "email_changed"
EMAIL_CHANGE_UNDONE = "email_change_undone"
SUPPORT_LOOKED = "support_looked"
SUPPORT_DISABLED = "support_disabled_two_step"
SUPPORT_SIGNED_OUT = "support_signed_out"
SUPPORT_LOCKED = "support_locked"
SUPPORT_UNLOCKED = "support_unlocked"
