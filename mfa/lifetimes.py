"""For how long what a mail holds is good, in seconds; the mail says so, and the rules check it."""

from __future__ import annotations

NUMBER_SECONDS = 600
"""For an e-mailed number and its link (OWASP ASVS 5.0, 6.5.5)."""
CONFIRM_LINK_SECONDS = 600
"""For the link by which an owner says at sign-in that it is them."""
REVOKE_LINK_SECONDS = 7 * 24 * 3600
"""For the link that makes new recovery codes worthless: longer than they open sign-in only."""
HELP_SECONDS = 24 * 3600
"""For the link that leads back (NIST SP 800-63B-4 §4.2.1.2)."""
LONGEST_RECOVERY_SECONDS = 60 * 24 * 3600
"""For the link that stops a recovery; the row that it names says when that ends."""
READY_SECONDS = 7 * 24 * 3600
"""At the end of a wait; meanwhile its link may be mailed again."""
