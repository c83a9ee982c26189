"""What was done in the name of the organization: a chain of rows that nobody changes without a trace.

docs/audit.md says how the chain is made, what it shows and what it can't show.
"""

from __future__ import annotations

from console.organization.audit.events import Event
from console.organization.audit.rules import BadReason, check_reason, write_down, written_down

__all__ = ["BadReason", "Event", "check_reason", "write_down", "written_down"]
