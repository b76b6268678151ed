"""What a program calls to be told reasons, and what is the same of all students.

Contributions are those of `ensemble_kd.explain`: section 9.6 of the bundle format. How the values
of players are found is another matter of trees than of networks.
"""

from __future__ import annotations

from ensemble_kd.errors import InputError
from ensemble_kd.explain import Explainer, holds_whole_shares, plan_of
from ensemble_kd.export.c._tables import Tables
from ensemble_kd.export.c._text import filled, floats
from ensemble_kd.export.c.reasons._network import network_values
from ensemble_kd.export.c.reasons._trees import trees_values
from ensemble_kd.model import MOST_REASONS, CompactModel, MLPRecord, TreesRecord

DECLARED = """
enum { @_N_REASONS = N_GROUPS, @_MOST_REASONS = AT_MOST };

/* Writes what each of @_N_REASONS columns or groups adds to WHAT, then what all others add
 * together, then the mean that is added to; the sum is the score. */
void @_explain(const struct @_row *row, float *contribution);

/* Writes which columns or groups WAY the score most, by what explain wrote, the strongest first,
 * and returns how many, at most @_MOST_REASONS. */
int @_reasons(const float *contribution, int *reason);

/* The code of a reason, or where it has none its name; and its sentence, or NULL. */
const char *@_reason_code(int reason);
const char *@_reason_text(int reason);
"""
PLAYERS = """
enum { @_N_PLAYERS = N_PLAYERS_, @_N_BACKGROUND = N_BACKGROUND_ };
"""
EXPLAIN = """
void @_explain(const struct @_row *row, float *contribution)
{
    float sums[N_SUMS_];
    double value[@_N_PLAYERS], answer = 0.0, whole = WHOLE_AT_FIRST;
    double sum = 0.0, size = 0.0, rest = 0.0;
    int i;
    @_values(row, value);
    @_sums(row, sums);
    for (i = 0; i < N_SUMS_; i++) {
        answer += (double)@_answer_weight[i] * (double)sums[i];
ADD_TO_WHOLE    }
    answer = SHIFT + answer / whole;
    for (i = 0; i < @_N_PLAYERS; i++) {
        sum += value[i];
        size += fabs(value[i]);
    }
    for (i = 0; i < @_N_PLAYERS; i++) {
        if (size > 0.0)
            value[i] += (answer - (BASE) - sum) / size * fabs(value[i]);
        if (i < @_N_REASONS)
            contribution[i] = (float)value[i];
        else
            rest += value[i];
    }
    contribution[@_N_REASONS] = (float)rest;
    contribution[@_N_REASONS + 1] = (float)(BASE);
}

int @_reasons(const float *contribution, int *reason)
{
    int n, i, k, best;
    for (n = 0; n < @_MOST_REASONS; n++) {
        float most = 0.0f;
        best = -1;
        for (i = 0; i < @_N_REASONS; i++) {
            const float strength = SIGNcontribution[i];
            for (k = 0; k < n && reason[k] != i; k++)
                ;
            if (k == n && strength > most + 1e-6f) {
                best = i;
                most = strength;
            }
        }
        if (best < 0)
            break;
        reason[n] = best;
    }
    return n;
}
"""
REASON_TEXTS = """
const char *@_reason_code(int reason)
{
    return @_reason_codes[reason];
}

const char *@_reason_text(int reason)
{
    return @_reason_texts[reason][0] == 0 ? NULL : @_reason_texts[reason];
}
"""


def check_reasons(model: CompactModel, dtype: str) -> None:
    """Refuse reasons of what has none in C.

    Parameters
    ----------
    model : CompactModel
        The student.
    dtype : {"float32", "int8"}
        Type of the weights and leaf values in the file.

    Raises
    ------
    InputError
        If the model has no reasons or names none, is a network without hidden layers or one that
        takes how far outside a row lies, or is to be rounded.
    """
    body = model.body
    if not plan_of(model).groups:
        raise InputError(
            "reasons in C need a column that may be named, got all of them excluded; leave "
            "reasons out."
        )
    if isinstance(body, MLPRecord) and (not body.layers or body.outside is not None):
        raise InputError(
            "reasons in C are of trees, and of networks with hidden layers that do not take how "
            "far outside a row lies; leave reasons out, and explain with ensemble_kd."
        )
    if dtype != "float32":
        raise InputError(f"reasons in C need dtype float32, got {dtype!r}; leave one of them out.")


def reasons_declared(model: CompactModel) -> str:
    """Return what a program that asks for reasons needs to see.

    Parameters
    ----------
    model : CompactModel
        With reasons.

    Returns
    -------
    str
        Declarations in C; @ stands for the name.
    """
    assert model.reasons is not None
    what = "the score" if model.is_detector else "the value"
    if model.has_classes:
        what = "the share of a class" if model.link == "identity" else "the log-odds of a class"
    plan = plan_of(model)
    way = "raise" if model.reasons.raises else "lower"
    return filled(DECLARED, N_GROUPS=len(plan.groups), AT_MOST=MOST_REASONS, WHAT=what, WAY=way)


def reasons_source(
    model: CompactModel,
    body: MLPRecord | TreesRecord,
    fields: list[str],
    tables: Tables,
    texts: Tables,
) -> tuple[str, int]:
    """Return the functions, and the bytes of their buffers.

    `@_sums` and what it calls are there already.

    Parameters
    ----------
    model : CompactModel
        With reasons, which are counted from it.
    body : MLPRecord or TreesRecord
        Its body with the inputs of the file.
    fields : list of str
        Name of each column's field in the row.
    tables, texts : Tables
        Those of the file, which are added to.

    Returns
    -------
    source : str
        C; @ stands for the name.
    n_bytes : int
        Of the buffers on the stack.
    """
    assert model.reasons is not None
    plan = plan_of(model)
    if isinstance(body, MLPRecord):
        values, n_bytes = network_values(model, body, plan, fields, tables)
        weight = body.output_scale * plan.weight
        shift = plan.offset + body.output_mean * float(plan.weight.sum())
    else:
        values, n_bytes = trees_values(model, body, plan, tables)
        weight, shift = plan.weight, plan.offset
    tables.add("answer_weight", weight)
    base = Explainer(model).explain(plan.background[:0]).base
    divides = holds_whole_shares(model)
    explain = filled(
        EXPLAIN,
        N_SUMS_=len(weight),
        WHOLE_AT_FIRST=float(not divides),
        ADD_TO_WHOLE="        whole += (double)sums[i];\n" * divides,
        SHIFT=floats([shift], double=True)[0],
        BASE=floats([base], double=True)[0],
        SIGN="" if model.reasons.raises else "-",
    )
    texts.add_texts("reason_codes", [group.code or group.name for group in plan.groups])
    texts.add_texts("reason_texts", [group.text or "" for group in plan.groups])
    enum = filled(PLAYERS, N_PLAYERS_=plan.n_players, N_BACKGROUND_=len(plan.background))
    return enum + values + explain, n_bytes + 8 * plan.n_players + 4 * len(weight)
