"""Invitations: an address, a role, and a mailed link that opens the account."""
