"""What happened to a person: events, written with what they tell of."""
