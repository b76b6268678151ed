"""The `mlp` student: a small network over piecewise-linear encoded columns."""

from __future__ import annotations

from typing import Any

from sklearn.base import clone

from ensemble_kd._optional import require
from ensemble_kd.errors import InputError
from ensemble_kd.losses import DistillationLoss
from ensemble_kd.networks import Beyond, Encoding
from ensemble_kd.rows import TransferSet, check_seed
from ensemble_kd.students._beyond import CHOICES, how_beyond, with_checks_outside
from ensemble_kd.students._encoded import NetworkStudent, encoding_of_size, learned_real_rows
from ensemble_kd.students._size import NetworkSize, TableBytes, choose_size, fitting_sizes

# Of the moving average of weights: over about 250 steps.
AVERAGING = 0.996
# With and without Muon.
LEARNING_RATE = {True: 0.012, False: 0.008}
# Checks whose mean held-out loss is compared, with a teacher: soft labels of many rows teach until
# late, and the least loss of few held-out rows is chance (optdigits: log-loss .064 at the least of
# 421 rows, .059 later). True labels are overfitted sooner: there the least loss is kept.
SPAN = 7
# Share of the steps below which a fit is but a trial.
SHORT = 0.1


class MLPStudent(NetworkStudent):
    """A network of a few small layers, trained with torch, scored with numpy.

    A numeric column enters as a piecewise-linear curve [1]_ whose edges lie where the teacher's
    trees split it, and else at its quantiles, so that the first layer follows their steps; a
    category enters as a row of a table, which categories share to which the teacher responds alike
    where they are many; a missing value has a weight of its own.

    Parameters
    ----------
    hidden : tuple of int or "auto", default="auto"
        Widths of the hidden layers, at least one, each at least 1. "auto": at most (96, 96, 96),
        fewer where the table is so wide that they would not fit `max_bytes`.
    n_bins : int or "auto", default="auto"
        Largest number of intervals of a numeric column, at least 1. "auto": at most 32, as many as
        fit `max_bytes`.
    max_categories : int or "auto", default="auto"
        Rows for the categories of a column, at least 1. Where it has more categories, half of the
        rows are for frequent ones, the others for groups of rarer ones, taught by out-of-fold
        labels; without a teacher all are for frequent ones. "auto": at most 128.
    max_bytes : int, default=180_000
        Bytes of arrays and schema that what is "auto" is chosen by, greater than 0; where outliers
        are to be told, of the whole file. In a distillation the default is lowered to the bytes of
        a smaller teacher, to no less than 20,000.
    edges : {"auto", "teacher", "quantiles"}, default="auto"
        Where numeric columns are cut: at the splits of the teacher's trees, merged with quantiles,
        or at quantiles alone. "auto" is "teacher", and leaves the choice to a race.
    beyond : bool or {"auto", "edges", "numbers", "both"}, default="auto"
        Whether values outside of what was seen are told apart. "edges": by edges at distances of
        0.3, 2 and 10 ranges on either side of a column, a constant one too. "numbers": by five
        numbers that tell how far outside a row lies, in any columns. Either way half of the edges
        inside stand evenly from the smallest value to the largest, and what lies outside is learned
        from rows there, as `GuardSynthesizer` makes them. True: edges in a table of at most 24
        columns, numbers in one of more than 45, both between. "auto": True where outliers are to be
        told, else False.
    encoding : {"auto", "piecewise_linear", "periodic"}, default="auto"
        How a numeric column's curve is trained: each interval freely, or all as samples at the
        edges of waves with learned frequencies ([1]_, Eq. 2), which keeps the curve smooth. Bytes
        and scoring are the same. "auto" is "piecewise_linear", and leaves the choice to a race. At
        full length (letter: two seeds, the others: one) "periodic" lowered the log-loss on letter
        by 15 % and changed that on adult by less than 1 %; it raised the error on
        california_housing and wine_quality by up to 1 % and on power_plant by 2 %; on all five it
        followed the teacher less closely.
    frequency_scale : float, default=1.0
        Standard deviation of the frequencies at the start, in waves from the first edge to the
        last, of the periodic encoding alone. Greater than 0; the less, the smoother: 0.5 was better
        than 1 on letter, 5 on power_plant.
    n_updates : int, default=3_500
        Most gradient steps, at least 1.
    max_epochs : int, default=100
        Most passes over the rows, which binds on small sets. At least 1.
    batch_size : int, default=1024
        Rows a step, fewer on small sets. At least 1.
    optimizer : {"auto", "muon", "adamw"}, default="auto"
        "muon": Muon [2]_ for the weight matrices of the first and the hidden layers, AdamW for the
        rest. It fits faster, which serves soft labels on many rows, and overfits true labels
        sooner: "auto" is AdamW where there is no teacher.
    learning_rate : float or "auto", default="auto"
        Greater than 0; it falls to 0 along a cosine. "auto": 0.012, of AdamW alone 0.008.
    weight_decay : float, default=0.01
        Share of the weights that a step takes away at a learning rate of 1, at least 0.
    patience : int, default=12
        Checks of the held-out loss without a better one after which training ends.
    device : str, default="auto"
        "auto" (a GPU where there is one) or a torch device.
    random_state : int, RandomState or None, default=None
        Seeds the weights and the order of rows.
    verbose : int, default=0
        A progress bar from 1 on.

    Attributes
    ----------
    history_ : list of float
        Held-out loss at each check, in regression that of values of spread 1.

    References
    ----------
    .. [1] Gorishniy, Rubachev, Babenko (2022). On Embeddings for Numerical Features in Tabular Deep
       Learning, Eq. 1 and 2.
    .. [2] Jordan et al. (2024). Muon: An optimizer for hidden layers in neural networks.
    """

    _hint_share: float = 0.0
    # A fitted network whose outputs are added to those of this one.
    _after: Any = None

    def __init__(
        self,
        *,
        hidden: tuple[int, ...] | str = "auto",
        n_bins: int | str = "auto",
        max_categories: int | str = "auto",
        max_bytes: int = 180_000,
        edges: str = "auto",
        beyond: bool | str = "auto",
        encoding: str = "auto",
        frequency_scale: float = 1.0,
        n_updates: int = 3_500,
        max_epochs: int = 100,
        batch_size: int = 1024,
        optimizer: str = "auto",
        learning_rate: float | str = "auto",
        weight_decay: float = 0.01,
        patience: int = 12,
        device: str = "auto",
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.hidden = hidden
        self.n_bins = n_bins
        self.max_categories = max_categories
        self.max_bytes = max_bytes
        self.edges = edges
        self.beyond = beyond
        self.encoding = encoding
        self.frequency_scale = frequency_scale
        self.n_updates = n_updates
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.patience = patience
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    def _fit(self, transfer_set: TransferSet, loss: DistillationLoss) -> None:
        networks = require("ensemble_kd.networks.with_torch", extra="train")
        beyond = self._beyond(transfer_set)
        if beyond is not None:
            transfer_set = with_checks_outside(transfer_set, check_seed(self.random_state))
        n_train = int((~transfer_set.held_out).sum())
        muon = loss.alpha > 0 if self.optimizer == "auto" else self.optimizer == "muon"
        span = SPAN if loss.alpha > 0 else 1
        rate = self.learning_rate
        batch_size = self._rows_a_step(n_train)
        epoch = -(-n_train // batch_size)
        size, encoding = self._size_and_encoding(transfer_set, loss, beyond)
        before = self._after
        self._network = networks.train_network(
            transfer_set,
            loss,
            encoding=encoding if before is None else before.encoding,
            hidden=size.hidden,
            plan=networks.TrainingPlan(
                n_updates=min(self.n_updates, self.max_epochs * epoch),
                batch_size=batch_size,
                learning_rate=LEARNING_RATE[muon] if rate == "auto" else float(rate),
                weight_decay=self.weight_decay,
                muon=muon,
                averaging=AVERAGING,
                patience=self.patience + span - 1,  # a mean is known so much later
                span=span,
                stop_after=self._stop_after,
                deadline=self._deadline,
            ),
            device=self.device,
            seed=check_seed(self.random_state),
            frequency_scale=float(self.frequency_scale) if self.encoding == "periodic" else None,
            hint_share=self._hint_share,
            offset=None if before is None else before.outputs(transfer_set.X),
            progress="student" if self.verbose >= 1 else None,
            watch=self._watch,
        )
        self.history_ = self._network.history

    def _beyond(self, transfer_set: TransferSet) -> Beyond | None:
        """Return how rows outside are told apart."""
        chosen = transfer_set.task.looks_beyond if self.beyond == "auto" else self.beyond
        return how_beyond(transfer_set.schema, chosen)

    def _size_and_encoding(
        self, transfer_set: TransferSet, loss: DistillationLoss, beyond: Beyond | None
    ) -> tuple[NetworkSize, Encoding]:
        """Return the first size that fits the bytes, of the file where the task counts those."""
        task, real = transfer_set.task, transfer_set.X[learned_real_rows(transfer_set)]
        table = TableBytes(real, transfer_set.schema, beyond=beyond)
        for size in fitting_sizes(
            table, transfer_set.n_outputs, self.max_bytes, **self._fixed_sizes()
        ):
            uses_splits = self.edges != "quantiles"
            encoding = encoding_of_size(transfer_set, loss, size, beyond, uses_splits=uses_splits)
            if not task.counts_file or table.file_fits(
                encoding, size, transfer_set.n_outputs, self.max_bytes
            ):
                break
        return size, encoding

    def _fixed_sizes(self) -> dict[str, Any]:
        """Return what the user chose of a size, None where it is open."""
        return {
            "hidden": None if isinstance(self.hidden, str) else tuple(self.hidden),
            "n_bins": None if self.n_bins == "auto" else int(self.n_bins),
            "max_categories": None if self.max_categories == "auto" else int(self.max_categories),
        }

    def _size(self, transfer_set: TransferSet, beyond: Beyond | None) -> NetworkSize:
        """Return the size that fits the bytes, with what was chosen as it is."""
        return choose_size(
            transfer_set.X[learned_real_rows(transfer_set)],
            transfer_set.schema,
            transfer_set.n_outputs,
            self.max_bytes,
            beyond=beyond,
            **self._fixed_sizes(),
        )

    def with_effort(self, effort: float) -> MLPStudent:
        """Return an unfitted student that takes a share of the steps, or more of them.

        Parameters
        ----------
        effort : float
            Greater than 0; 1 changes nothing.

        Returns
        -------
        MLPStudent
        """
        student: MLPStudent = clone(self)
        # Few steps are far from where large batches pay.
        small = {"batch_size": max(1, self.batch_size // 2)} if effort < SHORT else {}
        return student.set_params(n_updates=max(1, round(effort * self.n_updates)), **small)

    def with_hint(self, share: float) -> MLPStudent:
        """Return an unfitted student whose hidden layers first learn the teacher's view of rows.

        Parameters
        ----------
        share : float
            Steps of that, as a multiple of those that follow; 0 is none.

        Returns
        -------
        MLPStudent
        """
        student: MLPStudent = clone(self)
        student._hint_share = share
        return student

    def of_kind(self, kind: type[MLPStudent]) -> MLPStudent:
        """Return an unfitted student of another class with the same parameters and hints.

        Parameters
        ----------
        kind : type
            A class of networks.

        Returns
        -------
        MLPStudent
        """
        student: MLPStudent = clone(kind(**self.get_params(deep=False)))
        student._hint_share = self._hint_share
        return student

    def within(self, n_bytes: int, n_outputs: int) -> MLPStudent:
        """Return an unfitted student that stays within some bytes.

        Parameters
        ----------
        n_bytes : int
            Bytes that its arrays and schema may take.
        n_outputs : int
            Numbers in a response.

        Returns
        -------
        MLPStudent
            The same where the user chose the layers or the bytes.
        """
        student: MLPStudent = clone(self)
        default = MLPStudent().max_bytes
        if (self.hidden, self.max_bytes) != ("auto", default):
            return student
        return student.set_params(max_bytes=min(default, n_bytes))

    def _check(self, loss: DistillationLoss) -> None:
        for name in ("hidden", "n_bins", "max_categories"):
            if isinstance(getattr(self, name), str) and getattr(self, name) != "auto":
                raise InputError(f"{name} must be 'auto' or given, got {getattr(self, name)!r}.")
        if self.hidden != "auto" and (not self.hidden or any(int(w) < 1 for w in self.hidden)):
            raise InputError(f"hidden must be widths of at least 1, got {self.hidden!r}.")
        for name in (
            "n_bins",
            "max_categories",
            "max_bytes",
            "n_updates",
            "max_epochs",
            "batch_size",
            "patience",
        ):
            value = getattr(self, name)
            if value != "auto" and value < 1:
                raise InputError(f"{name} must be >= 1, got {value!r}.")
        if self.edges not in ("auto", "teacher", "quantiles"):
            raise InputError(f"edges must be 'auto', 'teacher' or 'quantiles', got {self.edges!r}.")
        if not isinstance(self.beyond, bool) and self.beyond not in CHOICES:
            raise InputError(
                f"beyond must be true, false or one of {CHOICES}, got {self.beyond!r}."
            )
        if self.encoding not in ("auto", "piecewise_linear", "periodic"):
            raise InputError(
                f"encoding must be 'auto', 'piecewise_linear' or 'periodic', got {self.encoding!r}."
            )
        if not self.frequency_scale > 0:
            raise InputError(f"frequency_scale must be > 0, got {self.frequency_scale!r}.")
        if self.optimizer not in ("auto", "muon", "adamw"):
            raise InputError(
                f"optimizer must be 'auto', 'muon' or 'adamw', got {self.optimizer!r}."
            )
        if self.learning_rate != "auto" and not float(self.learning_rate) > 0:
            raise InputError(f"learning_rate must be > 0, got {self.learning_rate!r}.")
        if not self.weight_decay >= 0:
            raise InputError(f"weight_decay must be >= 0, got {self.weight_decay!r}.")
