"""Every export of every student, however its file keeps its numbers, by the command."""

from __future__ import annotations

import json
from functools import cache

import pytest

from ensemble_kd.cli.main import main
from ensemble_kd.compress import (
    DropDeadNeurons,
    FactorizeWeights,
    PruneNeurons,
    PruneTrees,
    TruncateTrees,
    compress,
    in_codes_of,
)
from ensemble_kd.export import export_json, json_difference
from ensemble_kd.losses import SoftTargetLoss, SquaredErrorLoss
from ensemble_kd.scoring import load, save

from .conftest import STUDENTS

COMPRESSIONS = {
    "none": None,
    "float16": "float16",
    "int8": "int8",
    "low rank": FactorizeWeights(1),
    "low rank in int8": [FactorizeWeights(1), "int8"],
    "fewer neurons": PruneNeurons(0.5, n_updates=20),
    "dead neurons": DropDeadNeurons(),
    "fewer leaves in int8": [PruneTrees(), "int8"],
    "fewer trees in float16": [TruncateTrees(1), "float16"],
}
OF_NETWORKS = {"low rank", "low rank in int8", "fewer neurons", "dead neurons"}
OF_TREES = {"fewer leaves in int8", "fewer trees in float16"}
TREES = {"gbdt", "tree"}
# A soft tree is a network like any other, and the C code of curves is that of a first layer.
CASES = [
    (student, compression)
    for student in STUDENTS
    for compression in COMPRESSIONS
    if compression not in (OF_NETWORKS if student in TREES else OF_TREES)
    and (student != "soft_tree" or compression == "int8")
    and (student != "additive" or compression in OF_NETWORKS)
]
EXPORTS = {
    "onnx": ["--to", "onnx"],
    "json": ["--to", "json"],
    "c": ["--to", "c"],
    "c in int8": ["--to", "c", "--dtype", "int8"],
    "c of float32": ["--to", "c", "--inputs", "float32"],
}


@pytest.fixture(scope="module")
def compressed(trained, make_transfer_set, tmp_path_factory):
    """Return the function that gives the file of a compressed student."""
    folder = tmp_path_factory.mktemp("compressed")

    @cache
    def _compressed(student, compression, task):
        model, rows = trained(student, task), make_transfer_set(task)
        loss = SoftTargetLoss(alpha=0.7) if rows.task.has_classes else SquaredErrorLoss(0.7)
        small = compress(model, COMPRESSIONS[compression], in_codes_of(model.schema, rows), loss)
        path = folder / f"{student} {compression} {task}.ekd".replace(" ", "_")
        save(small.model, path)
        return path

    return _compressed


@pytest.mark.parametrize("task", ["binary", "regression"])
@pytest.mark.parametrize("export", EXPORTS)
@pytest.mark.parametrize(("student", "compression"), CASES)
def test_export_of_a_compressed_student(
    compressed, request, tmp_path, capsys, student, compression, export, task
):
    out = tmp_path / "out.c"
    path = compressed(student, compression, task)
    argv = ["export", str(path), "--out", str(out), "--name", "m", "--json", *EXPORTS[export]]
    argv = [word for word in argv if export != "json" or word not in ("--name", "m")]
    assert main(argv) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["size_bytes"] == out.stat().st_size
    allowed = {"json": 0.0, "onnx": 1e-6, "c": 0.0, "c of float32": 0.1, "c in int8": 0.1}[export]
    assert facts["worst_difference"] <= allowed * max(1.0, facts["answers_span"])
    if export.startswith("c") and task == "binary":
        done = request.getfixturevalue("gcc")(out, options=["-DENSEMBLE_KD_MAIN"])
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("compression", ["none", "float16", "int8"])
# The least of the few numbers of curves and gates is too large for 1e-9 more to change a float32.
@pytest.mark.parametrize("student", sorted(STUDENTS.keys() - {"additive", "soft_tree"}))
def test_json_is_compared_number_by_number(compressed, student, compression):
    """A number that no answer depends on counts, too."""
    model = load(compressed(student, compression, "binary")).model
    document = json.loads(export_json(model))
    name = "threshold" if student in TREES else "first_bias"
    numbers = document["model"][name]
    place = min(range(len(numbers)), key=lambda i: abs(float(numbers[i])))
    numbers[place] = float(numbers[place]) + 1e-9
    assert 0 < json_difference(model, json.dumps(document)) < 1e-3
