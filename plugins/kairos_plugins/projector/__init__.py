"""The audio projector: what was said enters the mind as rows of its own embedding, not as text."""
