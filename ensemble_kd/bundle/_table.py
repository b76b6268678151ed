"""The one table of what a bundle holds: members, entries, arrays, shapes, versions and limits.

`ensemble_kd.load` and `ensemble_kd.without_numpy` both check a file by it, and a test holds
docs/bundle_format.md to it. It is plain values, and importing it imports nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as typing says, which takes long to import
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

# The dtype of an array, and a word for the length of each of its dimensions.
Form = tuple[str, tuple[str, ...]]

_KIB, _MIB = 1024, 1024 * 1024

# --- the file -------------------------------------------------------------------------------------

FORMAT = "ensemble_kd"

# The version rule. FORMAT_VERSION rises with every change in what a writer may write. `min_reader`
# rises to it when a reader of an older version would refuse the file or score it differently: a new
# member, kind, array, scalar or formula. It stays when an older reader may ignore the change, which
# can only be a new entry of manifest.json. A reader reads a file if `min_reader` <= FORMAT_VERSION.
# A file is written in the lowest version that has all it holds.
FORMAT_VERSION = 4
PLAIN_VERSION, STORAGE_VERSION, DECISION_VERSION = 1, 2, 3
# A signature, and every named place below.
SIGNED_VERSION = PLACES_VERSION = HASHED_VERSION = SCORES_VERSION = POLICY_VERSION = 4
# Several outputs of a regression, or several labels.
VALUES_VERSION = LABELS_VERSION = 4

MAX_BYTES = 256 * _MIB
MAX_MEMBERS = 64
# Every member there may be, all required, and the most bytes it may have. Parsed JSON takes many
# times its length in memory, so those members have narrow limits; the arrays have that of the file.
MEMBER_MAX_BYTES: dict[str, int | None] = {
    "README.md": 4 * _MIB,
    "manifest.json": 1 * _MIB,
    "model.json": 64 * _KIB,
    "model.safetensors": None,
    "schema.json": 16 * _MIB,
    "selftest.json": 16 * _MIB,
}
# Members that may be absent, in a file of version 4; the manifest lists them.
POLICY, REASONS = "policy.json", "reasons.json"
OPTIONAL_MAX_BYTES: dict[str, int] = {POLICY: 1 * _MIB, REASONS: 1 * _MIB}
# The one member that may be absent, and that the manifest does not list.
SIGNATURE = "manifest.sig"
SIGNATURE_MAX_BYTES = 4 * _KIB

# Of any JSON member or header: a bound on the values in it that costs next to nothing to take.
MAX_JSON_MARKS = 2**21

# --- manifest.json --------------------------------------------------------------------------------

MANIFEST_ENTRIES: dict[str, type] = {
    "format": str,
    "format_version": int,
    "min_reader": int,
    "name": str,
    "created": str,
    "task": str,
    "classes": list,
    "files": dict,
    "libraries": dict,
    "training": dict,
}
FILE_ENTRIES: dict[str, type] = {"sha256": str, "bytes": int}
MAX_NAME_LENGTH = 200
# The tasks whose files name classes: one of which a row is, or labels of which it may have any.
TASK_WITH_CLASSES, TASK_OF_LABELS = "classification", "multilabel"
# The one whose files hold a threshold on a score, and quantiles of it.
TASK_OF_SCORES = "outliers"
# The one that may have several outputs without classes.
TASK_OF_VALUES = "regression"
TASKS = (TASK_WITH_CLASSES, TASK_OF_LABELS, TASK_OF_VALUES, TASK_OF_SCORES)
# In `training`, where every older reader takes any plain value: the digest of the manifest itself,
# these digits being zeros.
OWN_DIGEST = "manifest_sha256"
DIGEST_DIGITS = 64

# --- manifest.sig ---------------------------------------------------------------------------------

ALGORITHM = "Ed25519"
# Each in so many hexadecimal digits.
SIGNATURE_DIGITS = {"key_id": 16, "signature": 128}

# --- schema.json ----------------------------------------------------------------------------------

SCHEMA_ENTRIES: dict[str, type] = {"named": bool, "columns": list}
COLUMN_ENTRIES: dict[str, type] = {"name": str, "kind": str, "nullable": bool}
# By kind of column, its further entries; a `float` here may be null.
COLUMN_KINDS: dict[str, dict[str, type]] = {
    "numeric": {"integer": bool, "minimum": float, "maximum": float},
    "boolean": {},
    "categorical": {"categories": list},
}
# Categories kept as salted hashes: an entry of the schema, one of a column in place of
# `categories`, and the hexadecimal digits of each.
SALT, HASHES, HASH_DIGITS = "salt", "category_hashes", 32

MAX_COLUMNS = 2**16
MAX_CATEGORIES = 2**20  # of all columns together

# --- model.json -----------------------------------------------------------------------------------

SCALARS: dict[str, dict[str, type]] = {
    "mlp": {"n_layers": int, "output_mean": float, "output_scale": float},
    "trees": {"link": str},
}
KINDS = tuple(SCALARS)
# What `model.json` holds only where a file is of this version or a later one.
NEW_SCALARS = {
    "storage": STORAGE_VERSION,
    "calibrator": DECISION_VERSION,
    "decision_threshold": DECISION_VERSION,
    "score_quantiles": SCORES_VERSION,
    "outside": PLACES_VERSION,
    "n_values": VALUES_VERSION,
    "labels": LABELS_VERSION,
}
# Of a regression of several outputs; of one, model.json says nothing of it.
FEWEST_VALUES, MOST_VALUES = 2, 2**16
MAX_LAYERS = 64
LINKS = ("identity", "sigmoid", "sigmoids", "softmax")
# That of several labels, whatever the student.
LINK_OF_LABELS = "sigmoids"
QUANTILES: dict[str, type] = {"score": list, "share": list}
CALIBRATORS: dict[str, dict[str, type]] = {
    "scaling": {"scale": float, "bias": list},
    "curve": {"x": list, "y": list},
}
# Of a calibrator's curve or a score's quantiles, so that it fits in model.json.
MAX_KNOTS = 1024

# --- policy.json ----------------------------------------------------------------------------------

POLICY_ENTRIES: dict[str, type] = {
    "policy": dict,
    "operating_curve": dict,
    "n_rows": float,
    "n_positives": float,  # may be null
}
# By kind of policy what it is asked, by name, with what else than a number may stand there.
POLICIES: dict[str, dict[str, type | None]] = {
    "fpr": {"fpr": float},
    "alert_budget": {"alert_budget": float, "rows_a_day": None},
    "cost": {"false_alarm": float, "missed": str},
    "contamination": {"contamination": str},
    "fixed": {"fixed": float},
}
# The lists of an operating curve: always, with labels, and with costs.
CURVE_LISTS = ("threshold", "alert_rate")
CURVE_OF_LABELS, CURVE_OF_COSTS = ("recall", "precision"), ("cost", "cost_error")
MAX_POINTS = 512

# --- model.safetensors ----------------------------------------------------------------------------

MAX_TENSOR_HEADER_BYTES = 1 * _MIB
MAX_TREE_DEPTH = 512
# Of a network: half of what float32 holds, in which the core sums.
LARGEST_SUM = 2.0**127
# Name in the header, type in the struct module, bytes of an item.
DTYPES: dict[str, tuple[str, str, int]] = {
    "float64": ("F64", "d", 8),
    "float32": ("F32", "f", 4),
    "float16": ("F16", "H", 2),  # its bits: memoryview has no halves before Python 3.14
    "int32": ("I32", "i", 4),
    "int16": ("I16", "h", 2),
    "int8": ("I8", "b", 1),
    "uint8": ("U8", "B", 1),
}
# Each is a field of the student's record by the same name.
ARRAYS: dict[str, dict[str, Form]] = {
    "mlp": {
        "numeric_columns": ("int32", ("n_numeric",)),
        "edge_offsets": ("int32", ("n_numeric + 1",)),
        "edges": ("float64", ("n_edges",)),
        "numeric_weight": ("float32", ("n_edges - n_numeric", "n_hidden")),
        "missing_weight": ("float32", ("n_numeric", "n_hidden")),
        "category_columns": ("int32", ("n_categorical",)),
        "category_offsets": ("int32", ("n_categorical + 1",)),
        "category_weight": ("float32", ("n_rows", "n_hidden")),
        "first_bias": ("float32", ("n_hidden",)),
    },
    "trees": {
        "feature": ("int32", ("n_nodes",)),
        "threshold": ("float64", ("n_nodes",)),
        "right": ("int32", ("n_nodes",)),
        "missing_left": ("uint8", ("n_nodes",)),
        "value": ("float32", ("n_nodes", "n_values")),
        "roots": ("int32", ("n_trees",)),
        "tree_output": ("int32", ("n_trees",)),
        "base": ("float64", ("n_sums",)),
        "category_columns": ("int32", ("n_categorical",)),
        "category_offsets": ("int32", ("n_categorical + 1",)),
        "category_rank": ("float64", ("n_ranks",)),
    },
}
# Of each dense layer i, as `layers.i.weight` and `layers.i.bias`.
LAYER_ARRAYS: dict[str, Form] = {
    "weight": ("float32", ("width before", "width")),
    "bias": ("float32", ("width",)),
}

# Where model.json says `outside`: of what a network finds how far outside a row lies.
OUTSIDE_ARRAYS: dict[str, Form] = {
    "columns": ("int32", ("n_outside",)),
    "low": ("float64", ("n_outside",)),
    "high": ("float64", ("n_outside",)),
    "width": ("float64", ("n_outside",)),
    "spread": ("float64", ("n_outside",)),
    "missing": ("float64", ("n_outside",)),
}
# The numbers that it finds, which its numeric columns may be.
N_OUTSIDE = 5

# Arrays kept in fewer bytes: how an array may be kept, by its dtype and number of dimensions.
STORAGE_OF: dict[tuple[str, int], tuple[str, ...]] = {
    ("float32", 2): ("float16", "int8", "low_rank", "shared_rows"),
    ("float64", 1): ("float32",),
    ("int32", 1): ("int16",),
}
# The parts of an array that are arrays themselves, and how those may be kept in their turn.
STORAGE_PARTS = {"low_rank": ("left", "right"), "shared_rows": ("rows",)}
STORAGE_OF_PART = ("float16", "int8")
MAX_RANK = 256
# A few bytes may stand for a large matrix, so what comes of them has limits of its own, in total.
MAX_EXPANDED_BYTES = 64 * _MIB
MAX_PRODUCTS = 2**28
# What comes of a file in memory, beside its own bytes, is of such bytes and so many times the file.
MAX_MEMORY_BYTES = 192 * _MIB
MAX_MEMORY_TIMES = 2
COLUMN_BYTES, CATEGORY_BYTES, SELFTEST_VALUE_BYTES = 768, 128, 80

# --- selftest.json --------------------------------------------------------------------------------

SELFTEST_ENTRIES: dict[str, type] = {"rows": list, "expected": list, "tolerance": float}
MAX_SELFTEST_ROWS = 32
MAX_SELFTEST_VALUES = 2**20  # of all rows, and of all their answers
MAX_SELFTEST_WORK = 2**30  # rows times the weights of a network, or four times the nodes of trees

# --- reasons.json ---------------------------------------------------------------------------------

REASONS_ENTRIES: dict[str, type] = {
    "background": list,
    "output": int,
    "raises": bool,
    "groups": list,
    "excluded": list,
    "n_steps": int,  # or null
}
# Of a group; code and text may be null.
REASON_ENTRIES: dict[str, type] = {"name": str, "columns": list, "code": str, "text": str}
MAX_BACKGROUND = 256
MAX_REASON_LENGTH = 1000
MAX_STEPS = 256

# --- named places of version 4 --------------------------------------------------------------------

# What a file may come to hold before the next version, by where, under its name there. A reader
# refuses a file that uses a place which still waits. To serve one: take it out here, put its form
# above, and describe it in section 9.3 of the page.
WAITING: dict[str, dict[str, str]] = {
    "member": {
        "certificate.json": "a certificate of what was shown of its answers",
        "deferral.json": "which rows are left to the teacher",
    },
}


def version_of(
    scalars: Mapping[str, Any], schema: Mapping[str, Any], *, has_policy: bool = False
) -> int:
    """Return the lowest version that has all that the file holds."""
    versions = [NEW_SCALARS[name] for name in scalars.keys() & NEW_SCALARS]
    versions += [POLICY_VERSION] * has_policy
    return max([HASHED_VERSION if SALT in schema else PLAIN_VERSION, *versions])


def array_forms(scalars: Mapping[str, Any]) -> dict[str, Form]:
    """Return the form of every array that a student must have, whatever its storage."""
    forms = dict(ARRAYS[scalars["kind"]])
    width = "n_hidden"
    for i in range(scalars.get("n_layers", 0)):
        words = {"width before": width, "width": f"width_{i}"}
        for field, (dtype, shape) in LAYER_ARRAYS.items():
            forms[f"layers.{i}.{field}"] = dtype, tuple(words[word] for word in shape)
        width = words["width"]
    if "outside" in scalars:
        forms |= {f"outside.{field}": form for field, form in OUTSIDE_ARRAYS.items()}
    return forms


def file_forms(scalars: Mapping[str, Any]) -> dict[str, Form]:
    """Return the form of every array that the file must hold."""
    storage = scalars.get("storage", {})
    out: dict[str, Form] = {}
    for name, form in array_forms(scalars).items():
        out |= _stored_forms(name, form, storage)
    return out


def _stored_forms(name: str, form: Form, storage: Mapping[str, str]) -> dict[str, Form]:
    kind, shape = storage.get(name), form[1]
    if kind is None:
        return {name: form}
    if kind in DTYPES and kind != "int8":
        return {name: (kind, shape)}
    rows, columns = shape
    if kind == "int8":
        return {f"{name}.codes": ("int8", shape), f"{name}.scale": ("float32", (columns,))}
    if kind == "low_rank":
        rank = f"{name}.rank"
        left = _stored_forms(f"{name}.left", ("float32", (rows, rank)), storage)
        return left | _stored_forms(f"{name}.right", ("float32", (rank, columns)), storage)
    distinct = _stored_forms(f"{name}.rows", ("float32", (f"{name}.n_rows", columns)), storage)
    return distinct | {f"{name}.index": ("int16", (rows,))}


def length_of(word: str, lengths: Mapping[str, int]) -> int:
    """Return what a word for a length stands for, which may be a sum or a difference."""
    first, _, rest = word.partition(" ")
    if not rest:
        return lengths[first]
    sign, second = rest.split(" ")
    other = int(second) if second.isdigit() else lengths[second]
    return lengths[first] + (other if sign == "+" else -other)
