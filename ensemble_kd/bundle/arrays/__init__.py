"""The arrays of a file: in fewer bytes where that is allowed, and as numpy's own again."""

from ensemble_kd.bundle.arrays._storage import Arrays, forbid, store, unstore
from ensemble_kd.bundle.arrays._tensors import arrays_from_views, encode_arrays

__all__ = ["Arrays", "arrays_from_views", "encode_arrays", "forbid", "store", "unstore"]
