"""Follows log files and the journal, and hands in their lines."""
