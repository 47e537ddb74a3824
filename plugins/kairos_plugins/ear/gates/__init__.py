"""Measured checks of the ear, found by entry points like those of the daemon."""
