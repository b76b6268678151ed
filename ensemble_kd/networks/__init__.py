"""Networks in torch, shared by the teacher's member and the student; the encoding is numpy."""

from ensemble_kd.networks._edges import OUTSIDE
from ensemble_kd.networks._encoding import Encoding, fit_encoding

__all__ = ["OUTSIDE", "Encoding", "fit_encoding"]
