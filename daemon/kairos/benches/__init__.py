"""What things cost, measured on your machine: one file a bench."""
