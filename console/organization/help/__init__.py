"""Help for members who have lost every second step: asked for by one who manages, approved by another."""
