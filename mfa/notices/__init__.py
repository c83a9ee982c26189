"""Mails: how they leave now, and how they wait in the outbox until they can."""
