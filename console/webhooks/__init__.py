"""Webhooks: what another system is told of, how it waits in an outbox of its own, and how it is posted."""
