"""The ledger of results, comparison and significance, orders over many tasks, and the site made of them."""
