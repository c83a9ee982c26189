"""The events of the console, beside those of :mod:`mfa.activity.rules`."""

from __future__ import annotations

from enum import StrEnum


class By(StrEnum):
    """Who did what an event calls SUPPORT: ``by`` in its details; support where that is missing."""

    SUPPORT = "support"
    ORGANIZATION = "organization"


ACCOUNT_CREATED = "account_created"
ACCOUNT_IMPORTED = "account_imported"
CAME_BACK = "came_back"
SIGNED_IN = "signed_in"
SIGNED_OUT = "signed_out"
SESSION_ENDED = "session_ended"
OTHER_SESSIONS_ENDED = "other_sessions_ended"
NAME_CHANGED = "name_changed"
PASSWORD_CHANGED = "password_changed"  # noqa: S105 (the name of an event)
PASSWORD_RESET = "password_reset"  # noqa: S105 (likewise)
EMAIL_CHANGE_ASKED = "email_change_asked"
EMAIL_CHANGED = "email_changed"
EMAIL_CHANGE_UNDONE = "email_change_undone"
DELETION_ASKED = "deletion_asked"
DELETION_TAKEN_BACK = "deletion_taken_back"
ACCOUNT_DELETED = "account_deleted"
"""In the log alone: what stood under Activity is deleted with the account."""
DATA_DOWNLOADED = "data_downloaded"
SUPPORT_LOOKED = "support_looked"
SUPPORT_DISABLED = "support_disabled_two_step"
SUPPORT_SIGNED_OUT = "support_signed_out"
SUPPORT_LOCKED = "support_locked"
SUPPORT_UNLOCKED = "support_unlocked"
SUPPORT_MADE_OWNER = "support_made_owner"
SUPPORT_MADE_ADMINISTRATOR = "support_made_administrator"
SUPPORT_MADE_MEMBER = "support_made_member"
SUPPORT_REMOVED = "support_removed"
SUPPORT_RESET_ASKED = "support_reset_asked"
SUPPORT_RESET_WITHDRAWN = "support_reset_withdrawn"
