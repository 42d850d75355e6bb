"""What may come in as a letter: the package, its archive, its markup."""
