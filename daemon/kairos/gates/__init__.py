"""Measured acceptance checks that ship in the product: one file a gate."""
