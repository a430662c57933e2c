"""Streaming clusters: one pass, each post costs about the same however long the stream runs.

A *facet* is a handful of posts in nearly the same words; a post goes to the nearest facet or opens one. A *cluster* is
the facets of one matter, which a periodic review finds among the latest (`kinship`) and checks by how each cluster
talks (`voices`). What nobody adds to is forgotten. One ordered writer; the state is plain arrays (`dump`, `load`).
"""

from kentongan.listening.clustering.clusterer import Cluster, Clusterer
from kentongan.listening.clustering.settings import Settings

__all__ = ["Cluster", "Clusterer", "Settings"]
