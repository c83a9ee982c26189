"""What stops the start."""

from __future__ import annotations

from typing import ClassVar


class BadSetting(ValueError):
    """A setting that is missing, weak or makes no sense; its text is one sentence for the operator.

    :cvar exit_status: what a process that can't start for it ends with. By 3 systemd and gunicorn know that
        trying again is of no use.
    """

    exit_status: ClassVar[int] = 3
