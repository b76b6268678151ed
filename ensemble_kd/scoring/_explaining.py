"""What a scorer of a model with reasons tells beside its answers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ensemble_kd.model import CompactModel
from ensemble_kd.runtime import row_encoder

if TYPE_CHECKING:
    from ensemble_kd.explain import Contributions, Explainer, Explanation


class Explaining:
    """Mixin: why raw rows have their scores."""

    model: CompactModel
    strict: bool
    extra: str | None

    @cached_property
    def _explainer(self) -> Explainer:
        # Loaded and laid out when it is first asked for, as most scorers explain nothing.
        from ensemble_kd.explain import Explainer

        return Explainer(self.model)

    def explain(self, X: Any) -> Contributions:
        """Return what each column adds to the score of each row.

        Parameters
        ----------
        X : data frame, array of shape (n_samples, n_features), list of dict, or dict
            Raw rows.

        Returns
        -------
        Contributions
            Its `reasons()` are those of each row.

        Raises
        ------
        InputError
            If the model has no reasons, columns are absent, or a value is of the wrong kind.
        """
        explainer = self._explainer
        return explainer.explain(self.model.schema.encode(X, strict=self.strict, extra=self.extra))

    def explain_one(self, row: Mapping[str, Any]) -> Explanation:
        """Return what each column adds to the score of one raw row, and its reasons.

        Parameters
        ----------
        row : dict
            Value of each column by name; a nullable column may be left out.

        Returns
        -------
        Explanation

        Raises
        ------
        InputError
            If the model has no reasons, a key is unknown, a value is absent, or of the wrong kind.
        """
        explainer = self._explainer
        encode = row_encoder(self.model.schema, strict=self.strict, extra=self.extra)
        return explainer.explain(encode(row)).one(0)
