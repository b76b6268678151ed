"""Detectors, their ensemble, its student and rivals on tables with abnormal rows."""
