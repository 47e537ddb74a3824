"""The command line: one file a command, each found by entry point, none importing torch to be listed."""
