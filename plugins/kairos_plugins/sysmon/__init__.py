"""The machine's own metrics as events, on change only."""
