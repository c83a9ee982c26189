"""What is stored of the second step once it is on: the authenticators and the recovery codes."""
