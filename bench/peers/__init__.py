"""What people would use instead, each with an environment of its own and a minimal application."""
