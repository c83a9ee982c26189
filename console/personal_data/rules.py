"""The file that owners download: each download is noted in Activity and mailed."""

from __future__ import annotations

import json

from console.accounts.models import Account
from console.activity import events
from console.mail import messages
from console.personal_data import content
from console.sessions.models import AccountSession
from mfa.activity import rules as activity
from mfa.attempts import rules as attempts
from mfa.database import transaction
from mfa.here import Here
from mfa.notices import outbox


def make_file(account: Account, session: AccountSession, here: Here) -> str:
    """Return what the file holds, as JSON; note that it was taken.

    :raises attempts.Throttled: too many such files.
    """
    # First, because reading is what takes long.
    attempts.count(attempts.account_subject(account.id), attempts.DATA_DOWNLOADS, here.now)
    told = content.of(account, session, here)
    with transaction():
        activity.record(account.id, events.DATA_DOWNLOADED, here)
        outbox.post(messages.data_downloaded, account, here.now, always=True, **here.seen)
    return json.dumps(told, ensure_ascii=False, indent=2)
