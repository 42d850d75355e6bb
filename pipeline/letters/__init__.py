"""The reply letter: drafting it from the office's Word template and reading what comes back.

Hides docxtpl, the Word package format and the limits that keep a hostile file harmless.
"""
