"""Presentation trees to expressions: symbols, readings, shapes."""
