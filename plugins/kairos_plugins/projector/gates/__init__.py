"""What the projector promises, measured."""
