"""Generated corpora: communities, popularity and engagement after HYDRA, the same bits on every machine."""
