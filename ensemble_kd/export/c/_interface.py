"""What a C program sees of a model: the row, the prediction, the codes of categories."""

from __future__ import annotations

import numpy as np

from ensemble_kd.errors import InputError, shown
from ensemble_kd.export._categories import check_unicode, codes_by_text, texts_of
from ensemble_kd.export.c._tables import Tables
from ensemble_kd.export.c._text import identifiers, remark
from ensemble_kd.model import CompactModel
from ensemble_kd.schema import Column

FIND = """
static int @_find(const char *text, const char *const *texts, const @_code *codes, int n,
                  int unseen)
{
    int i;
    if (text == NULL)
        return @_MISSING;
    for (i = 0; i < n; i++)
        if (strcmp(text, texts[i]) == 0)
            return codes[i];
    return unseen;
}
"""


def fields_of(model: CompactModel) -> list[str]:
    """Return the name of each column's field in the row."""
    return identifiers(model.schema.names, "x_")


def declarations(model: CompactModel, real: str) -> str:
    """Return the part of the file that a program using it needs to see; @ stands for the name.

    Parameters
    ----------
    model : CompactModel
        The student.
    real : {"double", "float"}
        Type of a numeric column.
    """
    columns = list(zip(model.schema.columns, fields_of(model), strict=True))
    fields = [
        f"    {'@_real' if column.kind == 'numeric' else 'int'} {field};  /* {_remark(column)} */"
        for column, field in columns
    ]
    lines = [
        f"typedef {real} @_real;",
        "",
        f"enum {{ @_MISSING = -1, @_N_OUTPUTS = {model.n_outputs} }};",
        "",
        "/* One row. Missing: NAN in a number, @_MISSING in an int. */",
        "struct @_row {",
        *fields,
        "};",
        "",
        f"/* Writes {_outputs(model)}. */",
        "void @_predict(const struct @_row *row, float *out);",
    ]
    texts = [
        f"int @_code_{field}(const char *text);"
        for column, field in columns
        if column.kind == "categorical"
    ]
    if texts:
        lines += ["", "/* The code of a category by its text; NULL is missing. */", *texts]
    if model.is_detector:
        rule = f"-1, abnormal, below a score of {model.threshold:.6g}, else 1"
        lines += ["", f"/* What it is, by what predict wrote: {rule}. */"]
        lines += ["int @_decide(const float *out);"]
    if model.has_classes:
        rule = "the likeliest"
        if model.threshold is not None:
            rule = f"class 1 from a probability of {model.threshold:.6g} on, else 0"
        lines += ["", f"/* The predicted class, by what predict wrote: {rule}. */"]
        lines += ["int @_decide(const float *out);"]
    if model.classes:
        lines += ["", "/* The label of output k. */", "const char *@_class(int k);"]
    return "\n".join(lines) + "\n"


def text_functions(model: CompactModel, tables: Tables) -> str:
    """Return the functions that turn texts into codes and outputs into labels.

    Raises
    ------
    InputError
        If a text cannot stand in a C string, or means two categories.
    """
    functions, code = [], _code_type(model)
    for column, field in zip(model.schema.columns, fields_of(model), strict=True):
        if column.kind != "categorical":
            continue
        unseen = len(column.categories)
        codes = codes_by_text(column)
        body = f"    return text == NULL ? @_MISSING : {unseen};"
        if codes:
            _check_texts(f"column {column.name!r}", list(codes))
            tables.add_texts(f"texts_{field}", list(codes))
            tables.add(f"codes_{field}", np.array(list(codes.values()), dtype=code))
            body = (
                f"    return @_find(text, @_texts_{field}, @_codes_{field}, {len(codes)}, "
                f"{unseen});"
            )
        functions.append(f"int @_code_{field}(const char *text)\n{{\n{body}\n}}\n")
    any_text = any(column.categories for column in model.schema.columns)
    if model.classes:
        labels = [texts_of(label)[0] for label in model.classes]
        _check_texts("the classes", labels)
        tables.add_texts("classes", labels)
        functions.append("const char *@_class(int k)\n{\n    return @_classes[k];\n}\n")
    find = f"typedef {code}_t @_code;\n{FIND}" if any_text else ""
    return "\n".join(part for part in (find, tables.source(), *functions) if part)


def _code_type(model: CompactModel) -> str:
    most = max(len(column.categories) for column in model.schema.columns)
    return "uint16" if most < 2**16 else "int32"


def _check_texts(where: str, texts: list[str]) -> None:
    for text in texts:
        check_unicode(text, where)
        if "\0" in text:
            raise InputError(
                f"a text in C must not hold NUL, got {shown(text)} in {where}; rename it before "
                f"training, or export to JSON."
            )


def _remark(column: Column) -> str:
    name = remark(column.name)
    if column.kind == "numeric":
        return f"{name}: a number"
    if column.kind == "boolean":
        return f"{name}: 0 or 1"
    return f"{name}: code of one of {len(column.categories)} categories; that many: another one"


def _outputs(model: CompactModel) -> str:
    if model.is_multilabel:
        return f"the probabilities of the {model.n_outputs} labels, each by itself, to out"
    if not model.has_classes:
        if model.n_outputs > 1:
            return f"the {model.n_outputs} values to out"
        return f"the {'score' if model.is_detector else 'value'} to out[0]"
    return f"the probabilities of the {model.n_outputs} classes to out"
