"""Webhooks: the events for another system, the outbox in which they wait, and how they are posted."""
