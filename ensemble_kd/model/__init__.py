"""The compact model as plain records: what students produce, the bundle stores, the runtime reads."""

from ensemble_kd.model._compact import CompactModel, Task
from ensemble_kd.model._layers import Dense, MLPRecord
from ensemble_kd.model._trees import Link, TreesRecord

__all__ = ["CompactModel", "Dense", "Link", "MLPRecord", "Task", "TreesRecord"]
