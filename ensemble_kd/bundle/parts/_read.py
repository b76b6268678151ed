"""From a file's bytes to its parts, in the order in which each step makes the next one safe."""

from __future__ import annotations

from collections import namedtuple

from ensemble_kd.bundle._archive import unpack
from ensemble_kd.bundle._file import check_names_and_sizes
from ensemble_kd.bundle._table import POLICY, REASONS, SIGNATURE, SIGNED_VERSION
from ensemble_kd.bundle.parts._arrays import read_arrays
from ensemble_kd.bundle.parts._columns import read_schema
from ensemble_kd.bundle.parts._costs import check_memory
from ensemble_kd.bundle.parts._manifest import read_manifest
from ensemble_kd.bundle.parts._policy import read_policy
from ensemble_kd.bundle.parts._reasons import read_reasons
from ensemble_kd.bundle.parts._scalars import number_of_outputs, read_scalars
from ensemble_kd.bundle.parts._selftest import read_selftest
from ensemble_kd.bundle.parts._signature import read_signature
from ensemble_kd.errors import BundleError

TYPE_CHECKING = False  # as typing says, which takes long to import
if TYPE_CHECKING:
    import os

    PublicKey = str | os.PathLike[str] | bytes | None


class Parts(
    namedtuple(
        "Parts",
        [
            "manifest",
            "card",
            "schema",
            "scalars",
            "arrays",
            "selftest",
            "key_id",
            "policy",
            "reasons",
        ],
    )
):
    """What the members hold, each as it must be but for the items of the arrays.

    Parameters
    ----------
    manifest : dict
        What manifest.json holds.
    card : str
        The model card.
    schema, scalars : dict
        What schema.json and model.json hold.
    arrays : dict of str to (memoryview, tuple of int)
        The items of each array, a view of the file, and its shape.
    selftest : dict
        What selftest.json holds.
    key_id : str or None
        The key that the file says it is signed by.
    policy : dict or None
        What policy.json holds.
    reasons : dict or None
        What reasons.json holds, where it is there.
    """

    __slots__ = ()


def read_parts(data: bytes, require_signature: PublicKey = None) -> Parts:
    """Return the parts of a file, checked in form.

    Parameters
    ----------
    data : bytes
        The whole file.
    require_signature : str, path, bytes or None, default=None
        The public key whose signature the file must have.

    Returns
    -------
    Parts

    Raises
    ------
    BundleError
        If a part is not as docs/bundle_format.md says, but for the items of the arrays, or the file
        has not the signature that is required.
    InputError
        If `require_signature` is no public key.
    """
    members = unpack(data)
    check_names_and_sizes(members)
    key_id = read_signature(members, require_signature)
    manifest = read_manifest(members)
    if key_id is not None and manifest["min_reader"] < SIGNED_VERSION:
        raise BundleError(
            f"{SIGNATURE} needs a min_reader of at least {SIGNED_VERSION}, got "
            f"{manifest['min_reader']}."
        )
    card = _read_card(members["README.md"])
    schema = read_schema(members["schema.json"], manifest["min_reader"])
    task, n_classes = manifest["task"], len(manifest["classes"])
    scalars = read_scalars(members["model.json"], task, n_classes, manifest["min_reader"])
    policy = None
    if POLICY in members:
        policy = read_policy(members[POLICY], task, n_classes, scalars, manifest["min_reader"])
    arrays, costs = read_arrays(members["model.safetensors"], scalars, n_classes)
    n_columns, n_outputs = len(schema["columns"]), number_of_outputs(scalars, n_classes)
    selftest = read_selftest(members["selftest.json"], n_columns, n_outputs, costs.work)
    check_memory(costs, schema, selftest, len(data))
    reasons = None
    if REASONS in members:
        min_reader = manifest["min_reader"]
        reasons = read_reasons(members[REASONS], schema["columns"], task, n_outputs, min_reader)
    return Parts(manifest, card, schema, scalars, arrays, selftest, key_id, policy, reasons)


def _read_card(data: memoryview) -> str:
    try:
        return bytes(data).decode("utf-8")
    except UnicodeDecodeError as error:
        raise BundleError(f"README.md must be UTF-8 text: {error}.") from error
