"""Expressions to plain text and LaTeX."""
