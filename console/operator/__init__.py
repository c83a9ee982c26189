"""What the people who run the installation may do to an account."""
