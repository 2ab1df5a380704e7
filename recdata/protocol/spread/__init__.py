"""Tasks made where no machine holds them: parts stay relations of Spark's, and only digests and counts come to the driver.

The operators are those of ``filters``, ``splits`` and ``candidates``; what is here takes the place of the arrays that
``recdata.protocol.assign`` and ``build`` keep in memory. A task has the same content, fingerprint and buckets either way.
"""
