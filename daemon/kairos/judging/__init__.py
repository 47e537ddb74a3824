"""What gates and benches share beyond their form: lives of a real daemon, the default mind as shipped, pictures."""
