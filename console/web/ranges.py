"""The console's own limit by network, beside those of :mod:`mfa.web.ranges`."""

from __future__ import annotations

from mfa.web.ranges import Limit

reports = Limit("reports", "60 per minute")
"""For what browsers report: enough to hear of a fault, too few to fill the log."""
