"""How many synthetic rows a number, a multiple or "auto" stand for."""

from __future__ import annotations

import numpy as np

from ensemble_kd.errors import InputError

FEWEST, MOST = 20_000, 320_000
# Synthetic rows for each real one, and so many labels where a label has few numbers: the small
# tables gain most (phoneme: log-loss .205 of 33 times its rows, .197 of 88).
MULTIPLE, MOST_MULTIPLE, MULTIPLE_LABELS = 32, 96, 192
# A teacher of many classes labels slowly: fewer rows where each needs many numbers.
MOST_LABELS = 4_000_000


def n_synthetic_rows(n_synthetic: int | float | str, n_real: int, n_outputs: int = 1) -> int:
    """Return how many synthetic rows are meant.

    Parameters
    ----------
    n_synthetic : int, float or "auto"
        A number of rows; a multiple of the real rows; or "auto": 96 times the real rows,
        fewer with more than two classes but at least 32 times; at least 20,000 and at most 320,000,
        or 4 million probabilities.
    n_real : int
        Real rows that the student is trained on.
    n_outputs : int, default=1
        Numbers in a label.

    Returns
    -------
    int

    Raises
    ------
    InputError
        If it is negative or something else.
    """
    if isinstance(n_synthetic, str):
        if n_synthetic != "auto":
            raise InputError(f"n_synthetic must be a number or 'auto', got {n_synthetic!r}.")
        most = max(FEWEST, min(MOST, MOST_LABELS // n_outputs))
        multiple = np.clip(MULTIPLE_LABELS // n_outputs, MULTIPLE, MOST_MULTIPLE)
        return int(np.clip(multiple * n_real, FEWEST, most))
    is_number = isinstance(n_synthetic, int | float | np.number)
    if not is_number or isinstance(n_synthetic, bool) or not 0 <= n_synthetic < np.inf:
        raise InputError(f"n_synthetic must be >= 0, got {n_synthetic!r}.")
    if isinstance(n_synthetic, int | np.integer):
        return int(n_synthetic)
    return round(float(n_synthetic) * n_real)
