"""Networks in torch, shared by the teacher's member and the student; the encoding is numpy."""

from ensemble_kd.networks._edges import OUTSIDE
from ensemble_kd.networks._encoding import Beyond, Encoding, fit_encoding
from ensemble_kd.networks._outside import OUTSIDE_EDGES
from ensemble_kd.networks._record import network_record

__all__ = ["OUTSIDE", "OUTSIDE_EDGES", "Beyond", "Encoding", "fit_encoding", "network_record"]
