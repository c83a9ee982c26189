"""What the organization asks of its accounts: read with each session, changed by its administrators."""
