"""2-step verification: the wizard that turns it on, and everything that asks for it."""
