"""The inputs of the graph: one a column, and what each becomes before the student sees it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ensemble_kd.errors import InputError
from ensemble_kd.export._categories import codes_by_text
from ensemble_kd.export.onnx._graph import ML_DOMAIN, Graph
from ensemble_kd.schema import Column, TableSchema


class ColumnInputs:
    """The raw columns as graph inputs.

    Parameters
    ----------
    graph : Graph
        Gets an input for every column, used or not.
    schema : TableSchema
        The columns.
    missing : str
        The text that stands for a missing category.

    Attributes
    ----------
    n_columns : int
        How many there are.
    facts : list of dict
        For each input its name, the column's name and kind, and the texts of its categories.
    """

    def __init__(self, graph: Graph, schema: TableSchema, missing: str) -> None:
        self._graph = graph
        self._columns = schema.columns
        self.n_columns = len(schema.columns)
        self._missing = missing
        self._texts = [
            _texts(column, missing) if column.kind == "categorical" else {}
            for column in schema.columns
        ]
        self._names = [graph.input(_input_name(column), _type(column)) for column in schema.columns]
        self.facts: list[dict[str, Any]] = [
            {"input": name, "column": column.name, "kind": column.kind, "texts": texts}
            for name, column, texts in zip(self._names, self._columns, self._texts, strict=True)
        ]

    def number(self, j: int) -> str:
        """Return column j as float64 of shape (N, 1): a number or a boolean, NaN if missing."""
        name = self._names[j]
        if self._columns[j].kind == "numeric":
            return name
        graph = self._graph
        double = graph.type("double")
        truth = graph.apply("Cast", name, to=graph.type("bool"))
        number = graph.apply("Cast", truth, to=double)
        return graph.apply("Where", graph.apply("IsNaN", name), name, number)

    def code(self, j: int) -> str:
        """Return a boolean or categorical column as int64 codes of shape (N, 1).

        The code after the last one stands for a missing value.
        """
        graph, column, name = self._graph, self._columns[j], self._names[j]
        if column.kind == "boolean":
            truth = graph.apply("Cast", name, to=graph.type("bool"))
            code = graph.apply("Cast", truth, to=graph.type("int64"))
            missing = graph.constant(np.array(2), "code_of_missing")
            return graph.apply("Where", graph.apply("IsNaN", name), missing, code)
        codes = self._texts[j] | {self._missing: column.n_codes}
        return graph.apply(
            "LabelEncoder",
            name,
            domain=ML_DOMAIN,
            keys_strings=list(codes),
            values_int64s=list(codes.values()),
            default_int64=len(column.categories),
        )

    def number_or_code(self, j: int) -> str:
        """Return any column as float64 of shape (N, 1): a code as a number, NaN if missing."""
        graph, column = self._graph, self._columns[j]
        if column.kind != "categorical":
            return self.number(j)
        code = self.code(j)
        number = graph.apply("Cast", code, to=graph.type("double"))
        of_missing = graph.constant(np.array([column.n_codes]), "code_of_missing")
        missing = graph.apply("Equal", code, of_missing)
        return graph.apply("Where", missing, graph.constant(np.array(np.nan), "gap"), number)

    def batch(self, row: np.ndarray[Any, Any]) -> str:
        """Return `row` repeated for each row of the batch."""
        graph = self._graph
        shape = graph.apply("Shape", self._names[0], start=0, end=1)
        width = graph.constant(np.array([len(row)]), "width")
        shape = graph.apply("Concat", shape, width, axis=0)
        return graph.apply("Expand", graph.constant(row, "row"), shape)


def _type(column: Column) -> str:
    return "string" if column.kind == "categorical" else "double"


def _input_name(column: Column) -> str:
    """Return the column's name, or where that is no name for an input, one that tells of it."""
    name = column.name if column.name.isprintable() else ascii(column.name)[1:-1]
    return name or "unnamed"


def _texts(column: Column, missing: str) -> dict[str, int]:
    texts = codes_by_text(column)
    if missing in texts:
        raise InputError(
            f"the text of a missing value must be no category, but {missing!r} is one of column "
            f"{column.name!r}; give another one (missing=, or --missing)."
        )
    return texts
