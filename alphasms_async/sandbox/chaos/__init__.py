"""What goes wrong on the wire, on purpose, how often, and repeatable by a seed."""
