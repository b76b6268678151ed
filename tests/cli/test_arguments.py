"""The text of an option becomes the value that is meant."""

import pytest

from ensemble_kd.cli._arguments import n_synthetic
from ensemble_kd.cli._options import STUDENTS
from ensemble_kd.students import STUDENTS as ALL_STUDENTS


@pytest.mark.parametrize(
    ("text", "value"), [("auto", "auto"), ("500", 500), ("0", 0), ("3x", 3.0), ("2.5x", 2.5)]
)
def test_n_synthetic_is_a_number_or_a_multiple(text, value):
    assert n_synthetic(text) == value
    assert type(n_synthetic(text)) is type(value)


def test_command_line_knows_every_student():
    assert set(STUDENTS) == set(ALL_STUDENTS)
