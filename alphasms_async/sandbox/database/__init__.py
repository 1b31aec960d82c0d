"""A sandbox's file: all that it accepted and was told, so that it outlives the process."""
