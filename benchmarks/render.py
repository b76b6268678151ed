"""What `ensemble-kd bench` prints."""

from ensemble_kd.benchmarks.quality.report import render_markdown, render_own, render_picture

__all__ = ["render_markdown", "render_own", "render_picture"]
