"""Webhooks: what is told, how it waits, and where it may go."""
