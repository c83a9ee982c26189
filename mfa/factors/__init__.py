"""What is stored of the second step once it is on: the authenticator app and the recovery codes."""
