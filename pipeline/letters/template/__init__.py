"""The office's own letter templates: their fields, their lint, their bounded rendering."""
