"""Filters: operators that keep some rows of a corpus's interactions, and a few that change their values.

A filter is a public function (engine, rows, kept, *, arguments) -> Rows in a module of this package. It names what it
keeps ``kept``. The relation has the columns row, user, item, timestamp, rating, event and whatever else the corpus
declares; ``row`` is the place in canonical order, so a user's rows run in time.
"""
