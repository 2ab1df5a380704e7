"""Raw files: the cards that describe them, where they come from, download, safe unpacking."""
