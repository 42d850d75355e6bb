"""File formats and outside programs, one wrapper each."""
