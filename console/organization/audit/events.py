"""The events of the organization. A new one is a line here and its sentence in :mod:`.words`."""

from __future__ import annotations

from enum import StrEnum

EVENT_LENGTH = 40


class Event(StrEnum):
    """What was done; the value is stored, so its meaning never changes."""

    SETTINGS_CHANGED = "settings_changed"
    REQUIREMENT_ON = "requirement_on"
    REQUIREMENT_OFF = "requirement_off"
    ROLE_CHANGED = "role_changed"
    OWNER_MADE = "owner_made"
    MEMBER_REMINDED = "member_reminded"
    MEMBER_SIGNED_OUT = "member_signed_out"
    MEMBER_LOCKED = "member_locked"
    MEMBER_UNLOCKED = "member_unlocked"
    INVITATION_SENT = "invitation_sent"
    INVITATION_SENT_AGAIN = "invitation_sent_again"
    INVITATION_WITHDRAWN = "invitation_withdrawn"
    INVITATION_ACCEPTED = "invitation_accepted"
    MEMBER_REMOVED = "member_removed"
    TWO_STEP_RESET = "two_step_reset"
    RESET_ASKED = "reset_asked"
    RESET_APPROVED = "reset_approved"
    RESET_WITHDRAWN = "reset_withdrawn"
    RESET_STOPPED = "reset_stopped"
    RESET_FINISHED = "reset_finished"
    RESET_ENDED = "reset_ended"
    DELETION_ASKED = "deletion_asked"
    DELETION_TAKEN_BACK = "deletion_taken_back"
    ACCOUNT_DELETED = "account_deleted"
    MEMBERS_EXPORTED = "members_exported"
    ACTIVITY_EXPORTED = "activity_exported"
    ACCOUNTS_IMPORTED = "accounts_imported"
    ACCOUNTS_EXPORTED = "accounts_exported"
    KEYS_ROTATED = "keys_rotated"
    BACKUP_RESTORED = "backup_restored"
