"""Measurements, each a program: ``python -m ensemble_kd.benchmarks.run --help`` and so on.

run : how good students are, beside their teacher and rivals; quality.demo is a small one
detectors : detectors of outliers, their ensemble, its student and rivals
tuning : students tuned within budgets
scoring : what one answer costs
compress : what each compression costs
fit_time : how long a fit takes, and its memory
munge_speed : MUNGE beside a plain loop
same_models : whether a change of the code changes a model
"""
