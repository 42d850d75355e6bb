"""What arrives becomes calls of `cases`: mails, replies, scans, imports; what cannot be placed is held."""
