"""Expressions: interned nodes, axes, the iterative walker and the function catalogue."""
