"""Which mail each event sends to whom. The words lie in templates/email/<name>/."""
