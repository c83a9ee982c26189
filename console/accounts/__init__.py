"""People: accounts, addresses and names, and how an account is found, held and changed."""
