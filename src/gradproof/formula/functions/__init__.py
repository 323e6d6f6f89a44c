"""The functions of the language that are no layers: entry by entry, of vectors, of matrices, reductions, constructions."""
