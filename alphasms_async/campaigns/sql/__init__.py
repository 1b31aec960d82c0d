"""What every journal in a database does, whichever database that is."""
