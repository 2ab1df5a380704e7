"""Protocols: the operators (filter, split, candidates, populations), the reader of protocol files, and tasks."""
