"""The copy of what is stored about somebody, for them to take away."""
