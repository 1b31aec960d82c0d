"""What calls and campaigns cost, and how fast they are, against rivals in the same run."""
