"""The change of an account's e-mail address, and the link that undoes it."""
