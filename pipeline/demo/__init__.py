"""The demo: the office of an invented city, played on one machine."""
