"""Formulas to running programs: the outputs that were asked for, their source, and arrays in and out."""
