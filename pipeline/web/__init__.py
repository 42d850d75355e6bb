"""Pages. They only translate between HTTP and the modules below."""
