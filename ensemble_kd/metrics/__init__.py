"""How close the student is to its teacher, and what it costs."""

from ensemble_kd.metrics._cost import latency_us, pickled_bytes
from ensemble_kd.metrics._fidelity import Fidelity, gain_kept, measure_fidelity

__all__ = ["Fidelity", "gain_kept", "latency_us", "measure_fidelity", "pickled_bytes"]
