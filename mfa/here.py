"""When and where from somebody acts: the two things that nearly every rule wants to know of an act."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mfa.devices import NO_DEVICE, Device


@dataclass(frozen=True)
class Here:
    """The moment of an act, aware and in UTC, and the device it comes from.

    :param device: :data:`NO_DEVICE` for what an operator or the server itself does.
    """

    now: datetime
    device: Device = NO_DEVICE

    @property
    def seen(self) -> dict[str, Any]:
        """What a mail says of an act, as the outbox keeps it: ``at``, ``device`` and ``network``."""
        return {"at": self.now.isoformat(), "device": self.device.name, "network": self.device.address}
