"""Verdicts to terminal text, JSON, HTML and GitHub annotations."""
