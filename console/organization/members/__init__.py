"""The tab Members."""
