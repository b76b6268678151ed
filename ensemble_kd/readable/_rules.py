"""The rules of a tree: what each leaf answers, to which rows, and how true to the teacher."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.model import CompactModel, TreesRecord
from ensemble_kd.readable._conditions import Step, conditions
from ensemble_kd.runtime import TreesRuntime

Array = NDArray[np.float64]


@dataclass(frozen=True)
class LeafFacts:
    """What is known of the leaves of a tree from some rows, an entry for each node.

    Parameters
    ----------
    share : ndarray of shape (n_nodes,)
        Share of the rows that end there.
    fidelity : ndarray of shape (n_nodes,)
        Of these, the share for which the teacher names the leaf's class; of values and scores the
        root mean squared difference to the teacher. NaN where no row ends.
    """

    share: Array
    fidelity: Array


@dataclass(frozen=True)
class Rule:
    """One leaf.

    Parameters
    ----------
    conditions : tuple of str
        What holds of its rows, one for each column that is tested; () of all rows.
    response : tuple of float
        A probability for each class, or the value.
    answer : label or float
        The likeliest class, or the value.
    share : float or None, default=None
        Share of the rows that end there.
    fidelity : float or None, default=None
        See `LeafFacts`.
    """

    conditions: tuple[str, ...]
    response: tuple[float, ...]
    answer: Any
    share: float | None = None
    fidelity: float | None = None


@dataclass(frozen=True)
class Rules:
    """The rules of a tree, of which exactly one holds of a row; `str` gives them as text.

    Parameters
    ----------
    rules : tuple of Rule
        From the left to the right of the tree.
    has_classes : bool
        Whether a response is probabilities.
    """

    rules: tuple[Rule, ...]
    has_classes: bool

    def __str__(self) -> str:
        """Return one rule a line, "if ... : answer"."""
        return "\n".join(self._line(rule) for rule in self.rules)

    def to_dict(self) -> dict[str, Any]:
        """Return them as plain values."""
        return {"rules": [vars(rule) for rule in self.rules]}

    def _line(self, rule: Rule) -> str:
        condition = " and ".join(rule.conditions) or "anything"
        if self.has_classes:
            answer = f"{rule.answer!r} with {max(rule.response):.3g}"
        else:
            answer = f"{rule.answer:.6g}"
        facts = []
        if rule.share is not None:
            facts.append(f"{rule.share:.1%} of rows")
        if rule.fidelity is not None:
            known = f"{rule.fidelity:.1%}" if self.has_classes else f"+- {rule.fidelity:.4g}"
            facts.append(f"{'fidelity ' if self.has_classes else ''}{known}")
        return f"if {condition}: {answer}" + (f"  ({', '.join(facts)})" if facts else "")


def leaf_facts(
    record: TreesRecord,
    codes: Array,
    response: Array,
    weight: Array | None = None,
    *,
    has_classes: bool,
) -> LeafFacts:
    """Return shares and fidelity of the leaves of one tree.

    Parameters
    ----------
    record : TreesRecord
        The tree.
    codes : ndarray of shape (n_rows, n_columns)
        Encoded rows.
    response : ndarray of shape (n_rows, n_outputs)
        The teacher's response.
    weight : ndarray of shape (n_rows,) or None, default=None
        Weight of each row.
    has_classes : bool
        Whether a response is probabilities.

    Returns
    -------
    LeafFacts
    """
    runtime, n_nodes = TreesRuntime(record), len(record.feature)
    leaf, own = runtime.leaves(codes)[:, 0], runtime.outputs(codes)
    weight = np.ones(len(codes)) if weight is None else weight
    reached = np.bincount(leaf, weights=weight, minlength=n_nodes)
    if has_classes:
        near = (own.argmax(axis=1) == response.argmax(axis=1)).astype(float)
    else:
        near = ((own - response) ** 2).sum(axis=1)
    mean = np.full(n_nodes, np.nan)
    sums = np.bincount(leaf, weights=weight * near, minlength=n_nodes)
    np.divide(sums, reached, out=mean, where=reached > 0)
    return LeafFacts(
        reached / max(float(reached.sum()), 1e-300), mean if has_classes else np.sqrt(mean)
    )


def rules(model: CompactModel, X: Any = None, response: Array | None = None) -> Rules:
    """Return the rules of a model that is one tree.

    Parameters
    ----------
    model : CompactModel
        Such as the ``model_`` of an estimator whose student is "tree" or "trepan".
    X : data frame, array of shape (n_rows, n_features), list of dict, or None, default=None
        Rows by which to tell what share of them each rule holds of.
    response : ndarray of shape (n_rows, n_outputs) or None, default=None
        The teacher's response to them, by which to tell each rule's fidelity. Needed with `X`.

    Returns
    -------
    Rules

    Raises
    ------
    InputError
        If the model is no tree, or more than one.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from ensemble_kd import DistilledClassifier, TreeStudent
    >>> X, y = load_iris(return_X_y=True)
    >>> student = TreeStudent(max_leaf_nodes=2)
    >>> model = DistilledClassifier(student=student, alpha=0, n_synthetic=0).fit(X, y).model_
    >>> print(rules(model))
    if x3 <= 0.8: 0 with 1
    if x3 > 0.8: 1 with 0.5
    """
    if X is None:
        return rules_with(model, None)
    if response is None:
        raise InputError("response must be given with X: that of the teacher to each row.")
    response = np.asarray(response, dtype=np.float64).reshape(len(response), -1)
    record = _the_tree(model)
    facts = leaf_facts(record, model.schema.encode(X), response, has_classes=model.has_classes)
    return rules_with(model, facts)


def rules_with(model: CompactModel, facts: LeafFacts | None) -> Rules:
    """Return the rules of a model that is one tree, with what is known of its leaves.

    Parameters
    ----------
    model : CompactModel
        One tree.
    facts : LeafFacts or None
        As `leaf_facts` gives them.

    Returns
    -------
    Rules
    """
    record = _the_tree(model)
    found, waiting = [], [(int(record.roots[0]), list[Step]())]
    while waiting:
        node, path = waiting.pop()
        if record.feature[node] >= 0:
            waiting += [(int(record.right[node]), [*path, (node, False)]),
                        (node + 1, [*path, (node, True)])]  # fmt: skip
            continue
        response = tuple((record.base + record.value[node]).tolist())
        answer = model.classes[int(np.argmax(response))] if model.has_classes else response[0]
        of_leaf: tuple[float | None, float | None] = (None, None)
        if facts is not None:
            fidelity = float(facts.fidelity[node])
            of_leaf = float(facts.share[node]), None if np.isnan(fidelity) else fidelity
        found.append(Rule(conditions(record, model.schema, path), response, answer, *of_leaf))
    return Rules(tuple(found), model.has_classes)


def _the_tree(model: CompactModel) -> TreesRecord:
    """Return the tree, or refuse the model."""
    body = model.body
    if model.n_outputs > 1 and not model.has_classes:
        raise InputError(
            f"rules tell one value, got {model.n_outputs} "
            f"{'labels' if model.is_multilabel else 'outputs'}; distil a tree for each."
        )
    if not isinstance(body, TreesRecord):
        raise InputError(
            "rules are those of one tree, got a network; choose student='tree' or 'trepan'. "
            "An additive model has curves: ensemble_kd.readable.curves."
        )
    if len(body.roots) != 1 or body.link != "identity":
        raise InputError(
            f"rules are those of one tree, got {len(body.roots)} boosted ones; choose "
            "student='tree' or 'trepan'."
        )
    return body
