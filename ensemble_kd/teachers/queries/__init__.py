"""Teachers that cost something to ask: a budget of queries, and a model behind an address."""

from ensemble_kd.teachers.queries._endpoint import EndpointError, HTTPTeacher
from ensemble_kd.teachers.queries._queried import QueriedTeacher, queried_in

__all__ = ["EndpointError", "HTTPTeacher", "QueriedTeacher", "queried_in"]
