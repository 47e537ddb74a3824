"""How KAIROS touches the machine: one library or program a file, no policy."""
