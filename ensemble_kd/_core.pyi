from collections.abc import Callable
from typing import Any

def expand(kind: str, values: Any, others: Any = None, width: int = 0, /) -> bytes: ...

class Model:
    def __new__(
        cls,
        kind: str,
        arrays: dict[str, Any],
        columns: tuple[tuple[str, str, bool, tuple[Any, ...] | None, bool], ...],
        classes: tuple[Any, ...],
        encode_other: Callable[[Any], Any],
        /,
        *,
        link: str = "identity",
        n_layers: int = 0,
        output_mean: float = 0.0,
        output_scale: float = 1.0,
        most_floats: int = 16,
        logit_scale: float = 1.0,
        logit_bias: Any = None,
        curve_x: Any = None,
        curve_y: Any = None,
        threshold: float = ...,
        reasons: dict[str, Any] | None = None,
    ) -> Model: ...
    @property
    def n_floats(self) -> int: ...
    @property
    def base(self) -> float: ...
    def predict_one(self, row: Any, /) -> Any: ...
    def predict_proba_one(self, row: Any, /) -> dict[Any, float]: ...
    def score_one(self, row: Any, /) -> float: ...
    def respond_row(self, row: Any, /) -> list[float]: ...
    def outputs(self, X: Any, out: Any, n_threads: int, /) -> None: ...
    def respond(self, X: Any, out: Any, n_threads: int, /) -> None: ...
    def explain(self, X: Any, out: Any, /) -> None: ...
