"""Delete my account: asked for by its owner, taken back by signing in, done in the background."""
