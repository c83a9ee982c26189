"""Two-step verification for Flask applications: what any host can use. Nothing here knows the console."""

__version__ = "0.1.0"
