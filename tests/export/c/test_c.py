"""A C file compiles without a warning, checks itself, and answers as the model does."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ensemble_kd.errors import InputError
from ensemble_kd.export import build_c, export_c
from ensemble_kd.export._rows import answers
from ensemble_kd.export.c._text import identifiers, literal, macro_name, remark
from ensemble_kd.schema import Column, TableSchema

from ..conftest import LONG, STUDENTS, TASKS
from ..hand_made import MODELS, constant_models, one_split

MAIN = ["-DENSEMBLE_KD_MAIN"]
FORMS = [("float32", "float64"), ("int8", "float64"), ("float32", "float32"), ("int8", "float32")]


def write(source, path):
    path.write_text(source, encoding="ascii")
    return path


def driver(model, table, name="model"):
    """Return a program that prints the answers to a table's rows, categories given as text."""
    rows = []
    for values in table[model.schema.names].astype(object).itertuples(index=False):
        cells = []
        for column, field, value in zip(
            model.schema.columns, identifiers(model.schema.names, "x_"), values, strict=True
        ):
            missing = pd.isna(value)
            if column.kind == "numeric":
                text = "NAN" if missing else repr(float(value)).replace("inf", "INFINITY")
            elif column.kind == "boolean":
                text = f"{name}_MISSING" if missing else str(int(value))
            else:
                text = f"{name}_code_{field}({'NULL' if missing else literal(str(value))})"
            cells.append(f"row.{field} = {text};")
        rows.append(f"    {' '.join(cells)}\n    show(&row);")
    return f"""
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#define ENSEMBLE_KD_HEADER
#include "{name}.c"

static void show(const struct {name}_row *row)
{{
    float out[{name}_N_OUTPUTS];
    int k;
    {name}_predict(row, out);
    for (k = 0; k < {name}_N_OUTPUTS; k++)
        printf("%.9g ", out[k]);
    printf("\\n");
}}

int main(void)
{{
    struct {name}_row row;
{chr(10).join(rows)}
    return 0;
}}
"""


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("kind", STUDENTS)
def test_c_answers_raw_rows_as_the_model_does(trained, odd_frame, gcc, tmp_path, kind, task):
    model = trained(kind, task)
    files = [
        write(driver(model, odd_frame), tmp_path / "main.c"),
        write(export_c(model), tmp_path / "model.c"),
    ]
    lines = gcc(*files).stdout.splitlines()
    given = np.array([line.split() for line in lines], dtype=np.float64)
    wanted = answers(model, model.schema.encode(odd_frame))
    scale = 1.0 if model.classes else np.abs(wanted).max()
    assert np.abs(given - wanted).max() / scale <= 1e-5


@pytest.mark.parametrize(("dtype", "inputs"), FORMS)
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("kind", STUDENTS)
def test_c_checks_itself(trained, gcc, tmp_path, kind, task, dtype, inputs):
    source = export_c(trained(kind, task), dtype=dtype, inputs=inputs)
    done = gcc(write(source, tmp_path / "model.c"), options=MAIN)
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("OK: 0 of ")


@pytest.mark.parametrize("dtype", ["float32", "int8"])
@pytest.mark.parametrize("name", MODELS)
def test_c_of_a_hand_made_model_checks_itself(gcc, tmp_path, name, dtype):
    source = export_c(MODELS[name], name="m", dtype=dtype)
    assert gcc(write(source, tmp_path / "m.c"), options=MAIN).returncode == 0


def test_c_check_fails_when_a_number_is_altered(gcc, tmp_path):
    source = export_c(MODELS["trees_sigmoid"])
    altered = re.sub(r"(model_value\[\d+\] = \{\n\s+)0\.25f", r"\g<1>0.26f", source)
    assert altered != source
    done = gcc(write(altered, tmp_path / "model.c"), options=MAIN)
    assert done.returncode == 1
    assert done.stdout.startswith("FAILED")


@pytest.mark.parametrize("kind", STUDENTS)
def test_c_of_8_bits_stays_near_the_model(trained, kind):
    for task in ("binary", "multiclass"):
        model = trained(kind, task)
        full, small = build_c(model), build_c(model, dtype="int8")
        assert full.worst_difference == 0
        assert 0 < small.worst_difference < 0.03
        assert small.table_bytes < full.table_bytes


def test_c_of_8_bits_regresses_near_the_model(trained):
    for kind in sorted(
        (STUDENTS | LONG).keys() - {"mlp", "looking_mlp"}
    ):  # values spread by some 30
        assert build_c(trained(kind, "regression"), dtype="int8").worst_difference < 1.0


def test_c_counts_the_bytes_of_its_tables(trained):
    size = {"float": 4, "double": 8, "int8_t": 1, "uint8_t": 1, "int16_t": 2, "uint16_t": 2}
    for kind in STUDENTS:
        c = build_c(trained(kind, "binary"))
        source = c.source.split("#ifndef ENSEMBLE_KD_NO_TEXTS")[0]
        tables = re.findall(r"^static const (\w+) \w+\[(\d+)\] = \{$", source, re.MULTILINE)
        assert sum(size[of] * int(n) for of, n in tables) == c.table_bytes > 0
        assert f"Numbers in flash: {c.table_bytes} bytes" in source
        buffers = re.findall(r"^    (?:float|model_real) (?:h0|h1|x)\[(\d+)\];", source, re.M)
        width = 8 if kind in ("gbdt", "tree") else 4
        seen = 8 * sum(map(int, re.findall(r"^    double seen\[(\d+)\]", source, re.M)))
        assert sum(map(int, buffers)) * width + seen == c.stack_bytes
        assert (c.stack_bytes > 0) is (kind != "additive")  # which has no hidden layer to keep


def test_c_needs_no_library_but_expf_and_text(trained):
    for kind in STUDENTS:
        source = export_c(trained(kind, "binary")).split("#ifdef ENSEMBLE_KD_MAIN")[0]
        headers = set(re.findall(r"#include <(.*)>", source))
        assert headers == {"math.h", "stddef.h", "stdint.h", "string.h"}
        code = re.sub(r"/\*.*?\*/|\"[^\"]*\"", "", source, flags=re.DOTALL)
        called = set(re.findall(r"\b(\w+)\(", code))
        foreign = {name for name in called if not name.startswith("model_")}
        assert foreign <= {"expf", "memcpy", "strcmp", "if", "for", "while"}


def test_c_may_leave_texts_out(trained, gcc, tmp_path):
    path = write(export_c(trained("mlp", "binary")), tmp_path / "model.c")
    assert gcc(path, options=[*MAIN, "-DENSEMBLE_KD_NO_TEXTS"]).returncode == 0


def test_c_files_of_two_models_link_into_one_program(trained, gcc, tmp_path):
    files = []
    for name, kind in [("one", "mlp"), ("two", "gbdt")]:
        files.append(write(export_c(trained(kind, "binary"), name=name), tmp_path / f"{name}.c"))
    code = "#define ENSEMBLE_KD_HEADER\n" + "".join(f'#include "{f.name}"\n' for f in files)
    code += "int main(void) { return one_N_OUTPUTS - two_N_OUTPUTS + (one_class(0) == 0); }\n"
    assert gcc(write(code, tmp_path / "main.c"), *files).returncode == 0


@pytest.mark.parametrize("dtype", ["float32", "int8"])
@pytest.mark.parametrize("which", [0, 1])
def test_c_of_a_constant_model_checks_itself(gcc, tmp_path, which, dtype):
    source = export_c(constant_models()[which], dtype=dtype)
    assert gcc(write(source, tmp_path / "model.c"), options=MAIN).returncode == 0


def test_c_and_json_need_no_training_library_and_no_onnx(tmp_path):
    blocked = ["torch", "sklearn", "scipy", "pandas", "joblib", "lightgbm", "xgboost", "onnx"]
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({blocked!r}))\n"
        "from ensemble_kd import load\n"
        "from ensemble_kd.export import export_c, export_json\n"
        "model = load(sys.argv[1]).model\n"
        "print(len(export_c(model)) > 0, len(export_json(model)) > 0)\n"
    )
    golden = Path(__file__).parents[2] / "golden" / "v1_mlp_binary.ekd"
    command = [sys.executable, "-W", "error", "-c", code, str(golden)]
    assert subprocess.run(command, capture_output=True, text=True).stdout == "True True\n"


# --- names and texts ------------------------------------------------------------------------------

HOSTILE = [
    "*/ int main(void) { return 7; } /*",
    "int",
    "a b",
    "a_b",
    "a-b",
    "",
    "7",
    "NAN",
    'q"??/\n#error no',
    "\\",
    "é",
    "@_predict",
    "\ud800",
    "x" * 300,
]


def test_c_takes_any_column_name(gcc, tmp_path):
    columns = [Column(name, "boolean") for name in HOSTILE]
    columns.append(Column("c", "categorical", categories=("a",)))
    model = MODELS["trees_sigmoid"]
    model = replace(
        model,
        schema=TableSchema((*columns, *model.schema.columns)),
        body=replace(
            model.body,
            feature=np.where(model.body.feature < 0, -1, model.body.feature + len(columns)).astype(
                np.int32
            ),
            category_columns=model.body.category_columns + np.int32(len(columns)),
        ),
    )
    done = gcc(write(export_c(model), tmp_path / "model.c"), options=MAIN)
    assert done.returncode == 0
    assert done.stdout.startswith("OK")


TEXTS = ["", '"', "\\", "??/", "%s%n", "a\nb", "Kyōto", "@", "1\t2", "*/", '"; #error', "\x7f9"]


def test_c_finds_every_text(gcc, tmp_path):
    schema = TableSchema((Column("c", "categorical", categories=(*TEXTS, 2.5, True)),))
    model = replace(MODELS["trees_regressor"], schema=schema)
    body = replace(
        model.body,
        feature=np.minimum(model.body.feature, 0).astype(np.int32),
        category_columns=np.array([], dtype=np.int32),
        category_offsets=np.array([0], dtype=np.int32),
        category_rank=np.array([]),
    )
    path = write(export_c(replace(model, body=body)), tmp_path / "model.c")
    wanted = dict(zip([*TEXTS, "2.5", "true"], range(14), strict=True))
    wanted |= {"True": 13, "1": 13, "1.0": 13, "new": 14, "2.50": 14}
    calls = "".join(
        f"    wrong += model_code_x_c({literal(t)}) != {c};\n" for t, c in wanted.items()
    )
    code = '#define ENSEMBLE_KD_HEADER\n#include "model.c"\n'
    code += "int main(void)\n{\n    int wrong = model_code_x_c(0) != -1;\n"
    code += f"{calls}    return wrong;\n}}\n"
    assert gcc(write(code, tmp_path / "main.c"), path).returncode == 0


def test_c_identifiers_differ_and_are_identifiers():
    names = identifiers(HOSTILE, "x_")
    assert len(set(names)) == len(HOSTILE)
    assert all(re.fullmatch(r"x_[A-Za-z0-9_]*", name) for name in names)
    assert identifiers(["a b", "a_b", "a_b_2", "a-b"], "x_") == [
        "x_a_b", "x_a_b_2", "x_a_b_2_2", "x_a_b_3",
    ]  # fmt: skip


def test_c_remarks_cannot_end_their_comment():
    for name in HOSTILE:
        text = remark(name)
        assert "*" not in text
        assert "/" not in text
        assert "\\" not in text
        assert "\n" not in text
        assert "?" not in text
        assert len(text) < 70


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("churn-2", "churn_2"),
        ("7", "model_7"),
        ("é", "model"),
        ("_a", "a"),
        ("7" * 40, "model_" + "7" * 25),
    ],
)
def test_c_name_comes_from_the_file(stem, name):
    assert macro_name(stem) == name


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "2x"}, "name must be a letter"),
        ({"name": "a" * 32}, "name must be a letter"),
        ({"dtype": "int4"}, "dtype must be one of"),
        ({"inputs": "float16"}, "inputs must be one of"),
    ],
)
def test_c_refuses_parameters_it_does_not_know(options, message):
    with pytest.raises(InputError, match=message):
        export_c(MODELS["trees_sigmoid"], **options)


@pytest.mark.parametrize(
    ("label", "message"), [("a\0b", "must not hold NUL"), ("\ud800", "must be valid Unicode")]
)
def test_c_refuses_a_text_that_c_cannot_hold(label, message):
    with pytest.raises(InputError, match=message):
        export_c(replace(MODELS["trees_sigmoid"], classes=("a", label)))


def test_c_refuses_a_place_it_cannot_write_to(tmp_path):
    with pytest.raises(InputError, match="make sure that its directory exists"):
        export_c(MODELS["trees_sigmoid"], tmp_path / "absent" / "model.c")


def test_c_is_the_same_each_time(trained):
    model = trained("gbdt", "multiclass")
    assert export_c(model, dtype="int8") == export_c(model, dtype="int8")


def test_c_adds_a_large_base_to_the_sum_of_the_trees_not_to_each_of_them(gcc, tmp_path):
    # Beside 1e5 float32 has steps of 0.008, so that 0.003 added to it 1,000 times is nothing.
    model, n_trees = constant_models()[0], 1000
    leaves = replace(
        model.body,
        feature=np.full(n_trees, -1, dtype=np.int32),
        threshold=np.zeros(n_trees),
        right=np.zeros(n_trees, dtype=np.int32),
        missing_left=np.zeros(n_trees, dtype=np.uint8),
        value=np.full((n_trees, 1), 0.003, dtype=np.float32),
        roots=np.arange(n_trees, dtype=np.int32),
        tree_output=np.zeros(n_trees, dtype=np.int32),
        base=np.array([1e5]),
    )
    model = replace(model, body=leaves)
    table = pd.DataFrame({"x": [0.0]})
    files = [
        write(driver(model, table), tmp_path / "main.c"),
        write(export_c(model), tmp_path / "model.c"),
    ]
    assert float(gcc(*files).stdout) == pytest.approx(100_003.0, abs=0.01)


def test_c_warns_where_float32_does_not_tell_answers_apart():
    model = one_split(0.0, False)
    export_c(replace(model, body=replace(model.body, base=np.array([1e3]))))
    far = replace(model, body=replace(model.body, base=np.array([1e9])))
    with pytest.warns(UserWarning, match=r"neighbours are 64 apart at 1e\+09.*span 1 alone"):
        export_c(far)


def test_c_check_of_values_in_a_small_unit_fails_when_a_number_is_altered(gcc, tmp_path):
    model = one_split(0.0, False)
    value = (model.body.value * 1e-9).astype(np.float32)
    small = replace(model, body=replace(model.body, value=value, base=np.zeros(1)))
    source = export_c(small)
    assert gcc(write(source, tmp_path / "model.c"), options=MAIN).returncode == 0
    altered = source.replace("2e-09f", "2.1e-09f")
    assert altered != source
    assert gcc(write(altered, tmp_path / "model.c"), options=MAIN).returncode == 1


def test_c_check_compiles_where_its_tolerance_is_a_whole_number(gcc, tmp_path):
    model = one_split(0.0, False)
    value = np.array([[0], [0], [5e5]], dtype=np.float32)  # of which 1e-5 is 5
    whole = replace(model, body=replace(model.body, value=value, base=np.zeros(1)))
    assert gcc(write(export_c(whole), tmp_path / "model.c"), options=MAIN).returncode == 0
