"""The hooks: what waits to be posted, how it is written, and the posting."""
