"""What the extension counts for each person: the changes of their second step, and the devices they use."""
