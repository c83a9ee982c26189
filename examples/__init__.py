"""Applications that Twostep is mounted in, each run by the tests."""
