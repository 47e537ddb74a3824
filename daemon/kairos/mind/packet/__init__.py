"""A shorter way to say an event: its n rows as k, fed in the same frame, for the same verdict and the same words."""
