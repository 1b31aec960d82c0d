"""What the gateway speaks: one module for each of its pages, and what they read and write with."""
