"""Many accounts at once: taken over from another system, and given to one."""
