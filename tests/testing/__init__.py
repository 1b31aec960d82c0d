"""What users' tests get from pytest's fixtures, run as their pytest would run it."""
