"""The demo: an embedded mail host, sample people, a playground in the browser, and the self-playing run."""
