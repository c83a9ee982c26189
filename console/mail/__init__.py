"""Mail: what is said, what waits to be sent, and how it leaves."""
