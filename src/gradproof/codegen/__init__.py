"""Formulas to programs that need nothing of Gradproof."""
