"""Passwords: what is acceptable as one, and how one is hashed."""
