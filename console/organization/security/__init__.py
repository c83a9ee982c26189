"""The tab Security settings: what is asked of everybody, or of those who manage."""
