"""Mail in and out of the office's mailbox.

Hides MIME, charsets, delivery reports and reply habits; the reading half
(`message`, `triage`, `reply`) is pure: bytes and values in, values out.
"""
