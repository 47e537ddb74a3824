"""The resident model: load it once, feed it frames, read its verdict, rewind it exactly."""
