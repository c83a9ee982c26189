"""What a host's own routes ask for: a second step that is on, and one that was shown a moment ago."""
