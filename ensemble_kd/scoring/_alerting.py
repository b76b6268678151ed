"""What a scorer with a threshold tells of the alerts among rows."""

from __future__ import annotations

from typing import Any

from ensemble_kd.errors import InputError
from ensemble_kd.model import AlertRate, CompactModel, alert_rate


class Alerting:
    """Mixin: how many raw rows are alerts."""

    model: CompactModel

    def predict(self, X: Any) -> Any:
        """Return the answers to raw rows."""
        raise NotImplementedError

    def alert_rate(self, X: Any) -> AlertRate:
        """Return how many rows are alerts, beside what the rows that chose the threshold promised.

        An alert is a row that is called the second of two classes or, of outliers, abnormal. No
        labels are needed: ask it of rows as they come, such as those of a day.

        Parameters
        ----------
        X : data frame, array of shape (n_samples, n_features), list of dict, or dict
            Raw rows.

        Returns
        -------
        AlertRate

        Raises
        ------
        InputError
            If the model has no threshold, or there is no row.
        """
        model = self.model
        if model.threshold is None:
            raise InputError(
                "an alert rate is that of a threshold, and this model has none; choose one by a "
                "ThresholdPolicy, or `ensemble-kd threshold`."
            )
        called = self.predict(X)
        n_alerts = int((called == (-1 if model.is_detector else model.classes[1])).sum())
        return alert_rate(model, n_alerts / max(len(called), 1), len(called))
