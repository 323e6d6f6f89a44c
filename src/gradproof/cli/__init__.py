"""Argument parsing and exit codes; no mathematics."""
