"""Splits: operators that say which rows are held out. Each is one SELECT over the filtered rows.

A split is a public function (engine, rows, *, arguments) in a module of this package that returns a SELECT of (row, part)
for the rows that are not training: part 2 is validation, 3 is test, 4 is context (rows of held-out users that a model
may see when it predicts, but not train on), 0 is neither; every row that is not named is training. ``rows`` are in
canonical order (by user, then time, equal times by the MD5 of user and item id), so ``row`` alone says what came before
what. In the diagrams 1 is training and a point is a row in no part.
"""
