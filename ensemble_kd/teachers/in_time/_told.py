"""What is said of members that had too little time."""

from __future__ import annotations

from ensemble_kd.errors import warn
from ensemble_kd.teachers.in_time._fit_in_time import MemberTime


def tell_short_time(times: dict[str, MemberTime], n_rows: int) -> None:
    """Warn of members that were left out, or fitted on a sample, to end in time.

    Parameters
    ----------
    times : dict of str to MemberTime
        By the name of the member.
    n_rows : int
        Of the table.
    """
    short = [
        f"{name} on {found.n_rows:,}" if found.n_rows else f"{name} not at all"
        for name, found in times.items()
        if found.is_short
    ]
    if short:
        warn(
            f"time_limit left the teacher too little time for all of {n_rows:,} rows: "
            f"{', '.join(short)}; fit_times_ tells what each took. More seconds make a better "
            "teacher."
        )
