"""Sessions: who is signed in, in which browser, and who is halfway there."""
