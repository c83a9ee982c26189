"""The organization: its activity, members, roles and settings."""
