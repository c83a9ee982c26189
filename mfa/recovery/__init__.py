"""The way back for somebody who has lost every second step: help that was arranged for them, or a wait."""
