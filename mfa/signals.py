"""One signal an event, sent once the change that it tells of is committed.

The sender is the application. Each is sent with ``person_id``, ``now`` (aware, in UTC), ``device`` and
``network`` as the activity of the person has them, and ``details``, a mapping. The same stands in
``mfa_activity``, written in the transaction of the change. What a listener raises is logged, and harms
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blinker import Namespace, Signal
from flask import current_app

_ours = Namespace()

two_step_on: Signal = _ours.signal("two-step-on", "2-step verification was turned on.")
two_step_off: Signal = _ours.signal("two-step-off", "The person turned it off.")
two_step_reset: Signal = _ours.signal(
    "two-step-reset",
    "It was turned off for somebody who has lost everything: ``operator`` and ``reason`` say by whom.",
)
recovery_begun: Signal = _ours.signal(
    "recovery-begun", "A way back was opened; ``kind`` is ``help`` or ``wait``."
)
recovery_stopped: Signal = _ours.signal(
    "recovery-stopped",
    "It was stopped; ``by`` is ``owner`` (the press This wasn't me), ``second_step`` or ``host``.",
)
authenticator_moved: Signal = _ours.signal(
    "authenticator-moved", "The app of a new phone replaced the one called ``name``."
)
authenticator_added: Signal = _ours.signal(
    "authenticator-added", "``kind`` is ``app`` or ``passkey``, ``name`` what the person calls it."
)
authenticator_renamed: Signal = _ours.signal(
    "authenticator-renamed", "``kind`` and ``name`` say which one it is; the name is the new one."
)
authenticator_removed: Signal = _ours.signal(
    "authenticator-removed", "``kind`` and ``name`` say which one it was."
)
recovery_codes_reissued: Signal = _ours.signal("recovery-codes-reissued", "New codes replaced the old ones.")
recovery_codes_revoked: Signal = _ours.signal(
    "recovery-codes-revoked", "The owner made new codes worthless, by the link in the mail about them."
)
recovery_code_used: Signal = _ours.signal("recovery-code-used", "``left`` says how many are left.")
browser_remembered: Signal = _ours.signal(
    "browser-remembered", "The second step isn't asked for in this browser for ``days``."
)
remembered_browser_used: Signal = _ours.signal(
    "remembered-browser-used", "The password was right, and the second step was left out in this browser."
)
remembered_browser_forgotten: Signal = _ours.signal(
    "remembered-browser-forgotten", "The person had one browser forgotten."
)
remembered_browsers_forgotten: Signal = _ours.signal(
    "remembered-browsers-forgotten", "The person or an operator had every browser forgotten."
)
second_step_failed: Signal = _ours.signal("second-step-failed", "A wrong code; ``factor`` says its kind.")
second_step_confirmed: Signal = _ours.signal(
    "second-step-confirmed", "The owner said by mail that codes may be tried again."
)
passkey_copied: Signal = _ours.signal(
    "passkey-copied", "A passkey was refused because its counter went back: there may be a copy of it."
)
throttled: Signal = _ours.signal("throttled", "Further attempts have to wait; ``what`` says of what.")

_BY_EVENT: Mapping[str, Signal] = {
    "two_step_on": two_step_on,
    "two_step_off": two_step_off,
    "two_step_reset": two_step_reset,
    "recovery_begun": recovery_begun,
    "recovery_stopped": recovery_stopped,
    "authenticator_moved": authenticator_moved,
    "authenticator_added": authenticator_added,
    "authenticator_renamed": authenticator_renamed,
    "authenticator_removed": authenticator_removed,
    "recovery_codes_reissued": recovery_codes_reissued,
    "recovery_codes_revoked": recovery_codes_revoked,
    "recovery_code_used": recovery_code_used,
    "browser_remembered": browser_remembered,
    "remembered_browser_used": remembered_browser_used,
    "remembered_browser_forgotten": remembered_browser_forgotten,
    "remembered_browsers_forgotten": remembered_browsers_forgotten,
    "second_step_failed": second_step_failed,
    "second_step_confirmed": second_step_confirmed,
    "throttled": throttled,
    "passkey_copied": passkey_copied,
}


def send(event: str, **said: Any) -> None:
    """Send the signal of *event*, if it has one."""
    signal = _BY_EVENT.get(event)
    if signal is None or not signal.receivers:
        return
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 (the sender, as Flask's own)
    for listener in signal.receivers_for(app):
        try:
            listener(app, **said)
        except Exception:
            app.logger.exception("a listener of the signal %s failed", signal)
