"""Differentiation rules and the loop that applies them."""
