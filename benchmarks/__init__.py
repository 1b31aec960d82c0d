"""How fast campaigns are and how much memory they need, against rivals in the same run."""
