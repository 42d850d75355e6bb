"""The program as it runs: the poller's steps, their lanes, and whether they fare well."""
