"""The tab 2-Step Verification: how it stands, and the ways to change it."""
