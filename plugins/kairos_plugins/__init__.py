"""What KAIROS can do beyond judging: each folder is one plugin, found by entry point like a stranger's."""
