"""What is limited: how often something may be tried, and things that can be used only once."""
