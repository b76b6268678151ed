"""Outlier detectors on the command line: `tune` and `evaluate` where there is no target."""

from ensemble_kd.cli.detectors._evaluated import evaluated_scores, render_scores
from ensemble_kd.cli.detectors._tuned import has_target, run_for_outliers

__all__ = ["evaluated_scores", "has_target", "render_scores", "run_for_outliers"]
