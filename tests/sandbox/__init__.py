"""The sandbox, asked over raw HTTP as any client of the gateway would ask it."""
