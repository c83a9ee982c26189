"""The statement of the tab, made once."""

from __future__ import annotations

from sqlalchemy import bindparam, exists, func, lambda_stmt

from mfa.columns import Instant
from mfa.factors.models import SecondStep
from mfa.factors.statements import CODE_USED_AT, CODES_LEFT, KEPT
from mfa.people.models import PersonState
from mfa.people.statements import recovering_until
from mfa.sign_in.models import RememberedBrowser

SHOWN = lambda_stmt(
    lambda: KEPT.outerjoin(PersonState, PersonState.person_id == SecondStep.person_id).add_columns(
        CODES_LEFT,
        CODE_USED_AT,
        func.coalesce(PersonState.generation, 0).label("generation"),
        func.coalesce(PersonState.device_epoch, 0).label("device_epoch"),
        recovering_until(SecondStep.person_id).label("recovering_until"),
        exists()
        .where(
            RememberedBrowser.person_id == SecondStep.person_id,
            RememberedBrowser.expires_at > bindparam("now", type_=Instant),
        )
        .label("has_browsers"),
    ),
    enable_tracking=False,
)
"""What is kept of a person's second step, with how the recovery codes stand, what was counted, until when a
recovery is open, and whether a browser is remembered; no row while it is off.

By its lambda SQLAlchemy finds it compiled; else by all its 1,500 parts, 1.3 % of the tab.
"""
