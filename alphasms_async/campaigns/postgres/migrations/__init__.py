"""Each file makes the tables of the version before into those of its own number."""
