"""What happened to an account: for its owner in the tab Activity, for the operator in the log."""
