"""Completion: the open places of a document are found, answered, verified and filled in."""
