"""Phone verification: a flash call, what follows where it fails, and the check of the code."""
