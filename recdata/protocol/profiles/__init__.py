"""Which entries of a profile a model is shown, and in which order: ``profile`` in protocols over examples.

An operator is a function from a batch of examples (``Asked``) to the places of the entries that it takes, a list for each
example in the order in which they are shown. It is found by its name; no list names it a second time. What it takes
depends on the example, its profile and the protocol's seed alone, never on other examples.
"""
