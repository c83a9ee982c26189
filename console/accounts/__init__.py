"""Accounts: sign-up, the first step of sign-in, password and profile."""
