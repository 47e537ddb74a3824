"""The frames the shipped adapter was trained on: our own, seeded, with whole domains and styles kept back."""
