"""A whole run from one declarative file: data, a network as one formula, training, pruning, metrics, a map, a page."""
