"""Between the password and the host's session: a challenge, and the factor that answers it."""
