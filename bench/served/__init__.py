"""The applications of ours that are measured: the floors and Twostep."""
