"""Built tables and tasks on disk: paths, atomic writes, locks, manifests."""
