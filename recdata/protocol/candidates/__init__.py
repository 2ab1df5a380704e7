"""Candidates: operators that say which items are ranked for a user, as sets fixed with the task.

An operator is a public function (pool, *, arguments) in a module of this package that returns the fixed (user, item)
pairs of the test part, sorted, relevant ones included; or None where all items of the task are ranked. ``seen`` says what
becomes of items that the user has had: "mask" (not candidates; where all items are ranked they are misses in a
prediction) or "keep" (candidates like others).
"""
