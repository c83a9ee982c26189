"""What operators hear of the running server: its health, its metrics, and what browsers report."""
