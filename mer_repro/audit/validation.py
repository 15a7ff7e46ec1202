"""How often the audit is right: its checks run over generated score tables, honest ones and ones with a planted error.

A generated table is a small ledger.  Its numbers come from simulated predictions (regression), simulated confusion
matrices (classification, one run or a mean of several) or simulated studies (counts, splits, gains, timings), printed
as papers print them: two to four decimals or percentages, rounded half up or half to even.  Half of the tables stay as
they are; into each of the others one error of one kind is planted after rounding.  Everything is drawn from one seed.

- false alarm: a check that calls an honest table `inconsistent`.  None is accepted.
- hit: a check that is meant for a planted error and calls the table `inconsistent` (for checks that only observe:
  answers `undetermined`).
- the checks that the score tables do not bind have trials of their own (`mer_repro.audit.trials`), so that every check
  is measured.
- noticed: the same, counting `undetermined` too.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from fractions import Fraction

from mer_repro.audit import ledger as ledgers
from mer_repro.audit.ledger import Ledger
from mer_repro.audit.runner import audit

TABLES = 400
#: honest and wrong cases for each check that has a trial of its own
TRIALS_PER_CHECK = 40
#: exact as printed, though not counted
EXACT = {"split_share"}
SEED = 2026


@dataclasses.dataclass
class Table:
    """A generated score table: printed values by id, and the checks that bind them.

    Attributes
    ----------
    kind : ``regression``, ``classification``, ``study`` or ``trial`` (one check, see `mer_repro.audit.trials`).
    claims : id -> (quantity, unit, printed value).
    checks : (name of check, roles, options).
    planted : name of the planted error, empty for an honest table.
    targets : names of the checks that are meant to find it.
    """

    kind: str
    claims: dict[str, tuple[str, str, str]] = dataclasses.field(default_factory=dict)
    checks: list[tuple[str, dict, dict]] = dataclasses.field(default_factory=list)
    planted: str = ""
    targets: tuple[str, ...] = ()
    statements: list[str] = dataclasses.field(default_factory=list)

    def say(self, name: str) -> str:
        """Add a statement without a number; its id."""
        self.statements.append(name)
        return name

    def state(self, name: str, quantity: str, value: str, unit: str = "1") -> str:
        """Add a printed value of a quantity in a unit under the id `name`; the id."""
        self.claims[name] = (quantity, unit, value)
        return name

    def bind(self, check: str, options: dict | None = None, **roles) -> None:
        """Add a check with its options; each role holds the id of a claim or statement, or a list of ids."""
        self.checks.append((check, roles, options or {}))

    def ledger(self) -> Ledger:
        """The table as a ledger that `mer_repro.audit.runner.audit` takes."""
        place = {"section": "generated"}
        claims = [
            {"id": n, "where": place, "quantity": q, "unit": unit, "value": v}
            | ({"rounding": "exact"} if q in EXACT else {})
            for n, (q, unit, v) in self.claims.items()
        ]
        says = [{"id": n, "where": place, "kind": "design", "says": "It is so."} for n in self.statements]
        checks = [
            {"id": f"k{position}", "check": check, "claims": roles, "options": options}
            for position, (check, roles, options) in enumerate(self.checks)
        ]
        return ledgers.build("generated", claims, says, checks)


class Printer:
    """Prints numbers with a fixed number of decimals, ties rounded half up or half to even."""

    def __init__(self, decimals: int, half_even: bool, percent: bool = False):
        self.decimals, self.half_even, self.percent = decimals, half_even, percent

    def __call__(self, value, decimals: int | None = None) -> str:
        """`value`, rounded to `decimals` (the printer's own if None) with a point and trailing zeros: '0.850'."""
        decimals = self.decimals if decimals is None else decimals
        scaled = Fraction(value) * 10**decimals
        units = round(scaled) if self.half_even else math.floor(scaled + Fraction(1, 2))
        sign, digits = ("-" if units < 0 else ""), str(abs(units)).rjust(decimals + 1, "0")
        return sign + (f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits)

    def share(self, value) -> tuple[str, str]:
        """A share as (printed value, unit): 0.845 or 84.5 %."""
        if self.percent:
            return self(Fraction(value) * 100, max(self.decimals - 2, 0)), "%"
        return self(value), "1"


def draw_printer(rng) -> Printer:
    """A printer with two to four decimals; rounding of ties, and shares as fractions or percentages, at even odds."""
    return Printer(int(rng.integers(2, 5)), bool(rng.integers(2)), bool(rng.integers(2)))


# --- honest tables ---------------------------------------------------------------------------------------------------


def regression_table(rng) -> Table:
    """Two to five models on one test set of 60 to 1,500 targets between 0 and 1: R2, MSE, RMSE, MAE, MAPE, correlation.

    In half of the tables 'R2' is the squared correlation, as some code computes it; then no check is told otherwise.
    """
    import numpy as np

    table, show = Table("regression"), draw_printer(rng)
    size, models = int(rng.integers(60, 1500)), [f"m{k}" for k in range(int(rng.integers(2, 6)))]
    target = rng.beta(*rng.uniform(1.5, 5, 2), size=size) * 0.98 + 0.01
    squared = bool(rng.integers(2))
    columns: dict[str, list[str]] = {name: [] for name in ("r2", "mse", "rmse", "mae", "mape", "correlation")}
    for model in models:
        slope, noise, offset = rng.uniform(0.2, 1.0), rng.uniform(0.02, 0.15), rng.normal(0, 0.03)
        prediction = target.mean() + slope * (target - target.mean()) + offset + rng.normal(0, noise, size)
        error = prediction - target
        correlation = float(np.corrcoef(prediction, target)[0, 1])
        mse = float(np.mean(error**2))
        r2 = correlation**2 if squared else 1 - mse / float(target.var())
        values = {"mse": mse, "rmse": math.sqrt(mse), "mae": float(np.abs(error).mean()), "correlation": correlation}
        for name, value in values.items():
            decimals = show.decimals + 1 if name == "mse" else None
            columns[name].append(table.state(f"{model}.{name}", name, show(value, decimals)))
        for name, value in (("r2", r2), ("mape", float(np.mean(np.abs(error) / target)))):
            columns[name].append(table.state(f"{model}.{name}", name, *show.share(value)))
    low, high = table.state("scale.low", "threshold", "0.0"), table.state("scale.high", "threshold", "1.0")
    center = show(float(np.abs(target - target.mean()).mean()))
    guess = show(float(np.abs(target - rng.uniform(size=size)).mean()))
    baseline = table.state("mean.mae", "mae", center)
    random = table.state("random.mae", "mae", guess)
    count = table.state("n", "count", str(size))
    best = min(range(len(models)), key=lambda k: float(table.claims[columns["rmse"][k]][2]))
    others = [columns["rmse"][k] for k in range(len(models)) if k != best]
    table.bind("rmse_is_root_of_mse", rmse=columns["rmse"], mse=columns["mse"])
    table.bind("mae_at_most_rmse", mae=columns["mae"], rmse=columns["rmse"])
    definition = {} if squared else {"definition": "determination"}
    table.bind("implied_variance", definition, r2=columns["r2"], rmse=columns["rmse"])
    table.bind("variance_within_scale", r2=columns["r2"], rmse=columns["rmse"], low=low, high=high)
    table.bind("error_within_scale", errors=columns["mae"] + columns["rmse"], low=low, high=high)
    table.bind("mape_scale", mae=columns["mae"], mape=columns["mape"], largest=high)
    table.bind("r2_at_most_squared_correlation", r2=columns["r2"], correlation=columns["correlation"])
    table.bind("mean_baseline", mae=baseline, r2=columns["r2"], rmse=columns["rmse"])
    table.bind("uniform_random_baseline", mae=random, r2=columns["r2"], rmse=columns["rmse"], n=count)
    table.bind("in_range", values=[name for column in columns.values() for name in column])
    table.bind("ordering", better=[columns["rmse"][best]], worse=others)
    return table


def classification_table(rng) -> Table:
    """One model over two to six classes of 20 to 900 items: precision, recall, F1, support, averages and accuracy.

    A third of the tables are means over five runs on one test set; the bindings of the others say: one run.
    """
    import numpy as np

    table, show = Table("classification"), draw_printer(rng)
    size = int(rng.integers(2, 7))
    supports = rng.integers(20, 900, size)
    runs = 5 if rng.integers(3) == 0 else 1
    skill = rng.uniform(0.5, 0.95, size)
    scores = []
    for _ in range(runs):
        matrix = np.zeros((size, size), dtype=int)
        for true in range(size):
            spread = rng.dirichlet(np.ones(size - 1)) if size > 2 else np.ones(1)
            chance = np.insert((1 - skill[true]) * spread, true, skill[true])
            matrix[true] = rng.multinomial(supports[true], chance / chance.sum())
        scores.append(class_scores(matrix.tolist()))
    mean = {name: _mean([score[name] for score in scores]) for name in scores[0]}
    classes = [f"c{k}" for k in range(size)]
    columns: dict[str, list[str]] = {}
    for name in ("precision", "recall", "f1"):
        columns[name] = [
            table.state(f"{c}.{name}", name, *show.share(v)) for c, v in zip(classes, mean[name], strict=True)
        ]
    columns["support"] = [
        table.state(f"{c}.support", "support", str(n)) for c, n in zip(classes, supports, strict=True)
    ]
    total = table.state("total.support", "support", str(int(supports.sum())))
    accuracy = table.state("accuracy", "accuracy", *show.share(mean["accuracy"]))
    weighted = bool(rng.integers(2))
    weights = [Fraction(int(n), int(supports.sum())) if weighted else Fraction(1, size) for n in supports]
    for name in ("precision", "recall", "f1"):
        value = sum(w * v for w, v in zip(weights, mean[name], strict=True))
        average = table.state(f"average.{name}", name, *show.share(value))
        table.bind("average_of_classes", average=average, per_class=columns[name], support=columns["support"])
    triple = {name: columns[name] for name in ("f1", "precision", "recall")}
    averages = {name: [f"average.{name}"] for name in ("f1", "precision", "recall")}
    table.bind("f1_from_precision_recall", {"average": "class" if runs == 1 else "unstated"}, **triple)
    table.bind("f1_from_precision_recall", {"average": "unstated"}, **averages)
    table.bind("accuracy_from_recall", accuracy=accuracy, recall=columns["recall"], support=columns["support"])
    known_runs = {"runs": "one"} if runs == 1 else {}
    table.bind("confusion_counts", known_runs, accuracy=accuracy, support=columns["support"], **triple)
    table.bind("sum_to_total", parts=columns["support"], total=total)
    table.bind("granularity", known_runs, values=[accuracy], n=total)
    table.bind("in_range", values=[*columns["precision"], *columns["recall"], *columns["f1"], accuracy])
    return table


def class_scores(matrix: list[list[int]]) -> dict:
    """Exact precision, recall and F1 by class, and accuracy, of a confusion matrix (true by predicted)."""
    size = range(len(matrix))
    hits = [matrix[k][k] for k in size]
    named = [sum(matrix[i][k] for i in size) for k in size]
    supports = [sum(matrix[k]) for k in size]
    return {
        "precision": [Fraction(hits[k], named[k]) if named[k] else Fraction(0) for k in size],
        "recall": [Fraction(hits[k], supports[k]) for k in size],
        "f1": [Fraction(2 * hits[k], named[k] + supports[k]) for k in size],
        "accuracy": Fraction(sum(hits), sum(supports)),
    }


def _mean(values):
    """Mean of numbers, or of lists position by position."""
    if isinstance(values[0], list):
        return [_mean(list(position)) for position in zip(*values, strict=True)]
    return sum(values, Fraction(0)) / len(values)


def study_table(rng) -> Table:
    """A study's other numbers: split, class shares, published size, gains, throughput, dimensions, weights, repeats."""
    table, show = Table("study"), draw_printer(rng)
    total = int(rng.integers(200, 60_000))
    parts = [(7, 1.5, 1.5), (8, 1, 1), (6, 2, 2), (70, 15, 15)][int(rng.integers(4))]
    exact = [Fraction(part) / Fraction(sum(parts)) * total for part in parts]
    sizes = [math.floor(exact[0]) if rng.integers(2) else math.ceil(exact[0]), round(exact[1])]
    sizes.append(total - sum(sizes))
    shares = [table.state(f"split.share{k}", "split_share", str(part)) for k, part in enumerate(parts)]
    counts = [table.state(f"split.size{k}", "count", f"{size:,}") for k, size in enumerate(sizes)]
    whole = table.state("n", "count", f"{total:,}")
    table.bind("split_sizes", shares=shares, sizes=counts, total=whole)
    table.bind("sum_to_total", parts=counts, total=whole)
    classes = rng.multinomial(total, rng.dirichlet([4, 4, 4]))
    proportions = [
        table.state(f"class{k}.share", "class_share", show(Fraction(int(c), total) * 100, 1), "%")
        for k, c in enumerate(classes)
    ]
    sizes_named = [table.state(f"class{k}.size", "count", str(int(c))) for k, c in enumerate(classes)]
    table.bind("integer_shares", shares=proportions, n=whole)
    table.bind("sum_to_total", parts=proportions)
    table.bind("proportion", stated=proportions[0], part=sizes_named[0], whole=whole)
    table.bind("same_total", first=sizes_named, second=counts)
    table.bind("published_size", stated=whole, published=[table.state("published", "count", str(total + 17))])
    table.bind("at_most", smaller=counts, larger=[whole] * 3)
    _gains(table, rng, show)
    _timings(table, rng, show)
    dimensions = [int(d) for d in rng.integers(32, 800, 3)]
    named = [table.state(f"dimension{k}", "dimension", str(d)) for k, d in enumerate(dimensions)]
    combined = table.state("dimension.all", "dimension", str(sum(dimensions)))
    table.bind("combined_dimension", {"operation": "concatenation"}, parts=named, combined=combined)
    weights = rng.dirichlet([6] * 12)
    printed = [
        table.state(f"weight{k}", "weight", show(Fraction(float(w)) * 100, 3), "%") for k, w in enumerate(weights)
    ]
    order = sorted(range(12), key=lambda k: weights[k])
    table.bind("weights_feasible", highest=printed[order[-1]], weights=printed, lowest=printed[order[0]])
    return table


def _gains(table: Table, rng, show: Printer) -> None:
    """Accuracies of four models, the best one's gain in points or relative, and its accuracy again as a percentage."""
    scores = sorted(float(s) for s in rng.uniform(0.4, 0.95, 4))
    names = [table.state(f"model{k}.accuracy", "accuracy", *show.share(score)) for k, score in enumerate(scores)]
    decimals = 1 if show.decimals == 3 else 2
    step = Fraction(scores[3]) - Fraction(scores[2])
    relative = bool(rng.integers(2))
    change = step / Fraction(scores[2]) if relative else step
    gain = table.state("gain", "percentage_gain", show(change * 100, decimals), "%")
    again = table.state("again", "accuracy", show(Fraction(scores[3]) * 100, show.decimals - 2), "%")
    table.bind("stated_change", stated=gain, before=[names[2]], after=[names[3]])
    table.bind("ordering", better=[names[3]], worse=names[:2])
    table.bind("repeated", values=[names[3], again])
    table.bind("copied_cells", cells=names)
    majority = table.state("majority", "class_share", *show.share(scores[0] * float(rng.uniform(0.5, 0.95))))
    table.bind("majority_baseline", accuracy=names, majority=majority)


def _timings(table: Table, rng, show: Printer) -> None:
    """Throughput, latency and memory for rising batch sizes, memory being a constant plus a slope."""
    constant, slope = rng.uniform(0.5, 2), rng.uniform(0.01, 0.05)
    columns: dict[str, list[str]] = {"stated": [], "batch": [], "latency": [], "memory": []}
    for k, batch in enumerate((1, 8, 32, 128)):
        latency = float(rng.uniform(20, 40)) + batch * float(rng.uniform(0.5, 1))
        values = {
            "stated": ("throughput", show(batch / (latency / 1000), 1), "items/s"),
            "batch": ("batch_size", str(batch), "1"),
            "latency": ("latency", show(latency, 0), "ms"),
            "memory": ("memory", show(constant + slope * batch, 2), "GB"),
        }
        for role, (quantity, value, unit) in values.items():
            columns[role].append(table.state(f"row{k}.{quantity}", quantity, value, unit))
    table.bind("throughput", stated=columns["stated"], batch=columns["batch"], latency=columns["latency"])
    table.bind("memory_growth", memory=columns["memory"], batch=columns["batch"])


# --- planted errors --------------------------------------------------------------------------------------------------

ERRORS: dict[str, tuple[str, Callable, tuple[str, ...]]] = {}


def error(kind: str, *targets: str) -> Callable:
    """Register a planted error for tables of `kind`; `targets` are the checks meant to find it.

    The function changes a table in place, with a random generator at hand.
    """

    def register(function: Callable) -> Callable:
        ERRORS[function.__name__] = (kind, function, targets)
        return function

    return register


def _shift(table: Table, name: str, units: int) -> None:
    """Change a printed value by whole units of its last digit."""
    quantity, unit, value = table.claims[name]
    plain = value.replace(",", "")
    decimals = len(plain.partition(".")[2])
    table.claims[name] = (quantity, unit, Printer(decimals, False)(Fraction(plain) + Fraction(units, 10**decimals)))


def _swap(table: Table, one: str, other: str) -> None:
    """Exchange two printed values."""
    first, second = table.claims[one], table.claims[other]
    table.claims[one], table.claims[other] = (*first[:2], second[2]), (*second[:2], first[2])


def _named(table: Table, ending: str) -> list[str]:
    return [name for name in table.claims if name.endswith(ending)]


def _pick(rng, names: list[str]) -> str:
    return names[int(rng.integers(len(names)))]


@error("regression", "mae_at_most_rmse", "rmse_is_root_of_mse")
def mae_and_rmse_swapped(table: Table, rng) -> None:
    """RMSE and MAE of one model change places."""
    model = _pick(rng, _named(table, ".rmse")).removesuffix(".rmse")
    _swap(table, f"{model}.rmse", f"{model}.mae")


@error("regression", "rmse_is_root_of_mse")
def rmse_of_another_run(table: Table, rng) -> None:
    """One model's RMSE moves up or down by 4 to 29 units of its last digit."""
    name = _pick(rng, _named(table, ".rmse"))
    _shift(table, name, int(rng.integers(4, 30)) * (1 if rng.integers(2) else -1))


@error("regression", "implied_variance")
def r2_of_another_test_set(table: Table, rng) -> None:
    """The first model's R2 is what the same MSE gives where the target's variance is 1.3 to 2.49 times as large."""
    quantity, unit, value = table.claims["m0.r2"]
    scale, decimals = (100 if unit == "%" else 1), len(value.partition(".")[2])
    spread = Fraction(int(rng.integers(130, 250)), 100)  # the other test set's variance is that much larger
    other = scale * (1 - (1 - Fraction(value) / scale) / spread)
    table.claims["m0.r2"] = (quantity, unit, Printer(decimals, False)(other))


@error("regression", "mape_scale")
def mape_too_small(table: Table, rng) -> None:
    """One model's MAPE is divided by 8 to 19."""
    name = _pick(rng, _named(table, ".mape"))
    quantity, unit, value = table.claims[name]
    smaller = Fraction(value) / int(rng.integers(8, 20))
    table.claims[name] = (quantity, unit, Printer(len(value.partition(".")[2]), False)(smaller))


@error("regression", "in_range", "r2_at_most_squared_correlation")
def r2_above_one(table: Table, rng) -> None:
    """The whole part of the first model's R2 becomes 1, or 100 where it is a percentage; 2 or 102 without decimals."""
    quantity, unit, value = table.claims["m0.r2"]
    decimals = value.partition(".")[2]
    whole = str((1 if unit == "1" else 100) + (0 if decimals.strip("0") else 1 if unit == "1" else 2))
    table.claims["m0.r2"] = (quantity, unit, f"{whole}.{decimals}" if decimals else whole)


@error("regression", "ordering")
def worst_model_called_best(table: Table, rng) -> None:
    """The ordering is bound anew, with the largest RMSE as better than all others; no printed value changes."""
    names = sorted(_named(table, ".rmse"), key=lambda name: float(table.claims[name][2]))
    checks = [entry for entry in table.checks if entry[0] != "ordering"]
    table.checks = [*checks, ("ordering", {"better": [names[-1]], "worse": names[:-1]}, {})]


@error("regression", "uniform_random_baseline")
def random_baseline_too_good(table: Table, rng) -> None:
    """The MAE of uniform random predictions falls to 35 % of what it is."""
    quantity, unit, value = table.claims["random.mae"]
    table.claims["random.mae"] = (quantity, unit, Printer(len(value) - 2, False)(Fraction(value) * Fraction(35, 100)))


@error("regression", "error_within_scale", "mae_at_most_rmse")
def error_beyond_scale(table: Table, rng) -> None:
    """The first digit of the first model's MAE becomes 1, so that it exceeds the scale's width of 1."""
    quantity, unit, value = table.claims["m0.mae"]
    table.claims["m0.mae"] = (quantity, unit, "1" + value[1:])


@error("classification", "accuracy_from_recall", "confusion_counts")
def accuracy_raised(table: Table, rng) -> None:
    """The accuracy rises by 1 to 3.9 points."""
    unit = table.claims["accuracy"][1]
    value = table.claims["accuracy"][2]
    point = Fraction(1 if unit == "%" else Fraction(1, 100))
    decimals = len(value.partition(".")[2])
    raised = Fraction(value) + point * Fraction(int(rng.integers(10, 40)), 10)
    table.claims["accuracy"] = ("accuracy", unit, Printer(decimals, False)(raised))


def _move_points(table: Table, rng, name: str) -> None:
    """Lower a score by one to five points."""
    quantity, unit, value = table.claims[name]
    point = Fraction(1) if unit == "%" else Fraction(1, 100)
    lower = Fraction(value) - point * Fraction(int(rng.integers(10, 50)), 10)
    table.claims[name] = (quantity, unit, Printer(len(value.partition(".")[2]), False)(lower))


@error("classification", "f1_from_precision_recall")
def f1_mistyped(table: Table, rng) -> None:
    """The F1 of one class falls by 1 to 4.9 points."""
    _move_points(table, rng, _pick(rng, [n for n in _named(table, ".f1") if n.startswith("c")]))


@error("classification", "confusion_counts", "f1_from_precision_recall")
def precision_mistyped(table: Table, rng) -> None:
    """The precision of one class falls by 1 to 4.9 points."""
    _move_points(table, rng, _pick(rng, [n for n in _named(table, ".precision") if n.startswith("c")]))


@error("classification", "accuracy_from_recall", "confusion_counts", "f1_from_precision_recall")
def recall_mistyped(table: Table, rng) -> None:
    """The recall of one class falls by 1 to 4.9 points."""
    _move_points(table, rng, _pick(rng, [n for n in _named(table, ".recall") if n.startswith("c")]))


@error("classification", "average_of_classes")
def average_mistyped(table: Table, rng) -> None:
    """One average over classes (of precision, recall or F1) falls by 1 to 4.9 points."""
    _move_points(table, rng, _pick(rng, [n for n in table.claims if n.startswith("average.")]))


@error("classification", "sum_to_total", "confusion_counts", "accuracy_from_recall")
def support_mistyped(table: Table, rng) -> None:
    """The support of one class rises by a quarter, at least by 9; the stated total stays."""
    name = _pick(rng, [n for n in _named(table, ".support") if n.startswith("c")])
    value = int(table.claims[name][2])
    table.claims[name] = ("support", "1", str(value + max(9, value // 4)))


@error("classification", "granularity")
def accuracy_of_no_whole_number(table: Table, rng) -> None:
    """Small test set: an accuracy between two possible ones."""
    unit, items = "1", int(rng.integers(11, 90))
    value = Printer(3, False)(Fraction(2 * int(rng.integers(items // 2, items)) + 1, 2 * items))
    table.claims["small.accuracy"] = ("accuracy", unit, value)
    table.claims["small.n"] = ("count", "1", str(items))
    table.bind("granularity", {"runs": "one"}, values=["small.accuracy"], n="small.n")


@error("study", "split_sizes", "sum_to_total", "same_total")
def split_size_mistyped(table: Table, rng) -> None:
    """The second part of the split gains 3 to 59 items; the stated total stays."""
    _shift(table, "split.size1", int(rng.integers(3, 60)))


@error("study", "split_sizes")
def other_split_used(table: Table, rng) -> None:
    """The parts have the sizes of a split of 50, 25 and 25 %, whatever shares are stated; they add up to the total."""
    total = int(table.claims["n"][2].replace(",", ""))
    for k, share in enumerate((Fraction(1, 2), Fraction(1, 4))):
        table.claims[f"split.size{k}"] = ("count", "1", str(math.floor(share * total)))
    rest = total - math.floor(total / 2) - math.floor(total / 4)
    table.claims["split.size2"] = ("count", "1", str(rest))


@error("study", "integer_shares", "sum_to_total", "proportion")
def class_share_mistyped(table: Table, rng) -> None:
    """The share of the first class rises by 0.5 to 3.9 points."""
    _shift(table, "class0.share", int(rng.integers(5, 40)))


@error("study", "published_size")
def more_than_published(table: Table, rng) -> None:
    """The published size becomes 30 to 90 % of the sample said to be drawn from it."""
    total = int(table.claims["n"][2].replace(",", ""))
    table.claims["published"] = ("count", "1", str(int(total * rng.uniform(0.3, 0.9))))


@error("study", "stated_change")
def gain_of_another_table(table: Table, rng) -> None:
    """The stated gain becomes 1.3 to 2.99 times as large, plus half a point."""
    quantity, unit, value = table.claims["gain"]
    other = Fraction(value) * Fraction(int(rng.integers(130, 300)), 100) + Fraction(1, 2)
    table.claims["gain"] = (quantity, unit, Printer(len(value.partition(".")[2]), False)(other))


@error("study", "repeated")
def text_differs_from_table(table: Table, rng) -> None:
    """The second mention of the best accuracy rises by 3 to 29 units of its last digit."""
    _shift(table, "again", int(rng.integers(3, 30)))


@error("study", "throughput")
def throughput_mistyped(table: Table, rng) -> None:
    """The throughput at batch size 32 becomes 1.2 times as large."""
    quantity, unit, value = table.claims["row2.throughput"]
    table.claims["row2.throughput"] = (quantity, unit, Printer(1, False)(Fraction(value) * Fraction(12, 10)))


@error("study", "memory_growth")
def memory_off_the_line(table: Table, rng) -> None:
    """The memory at the largest batch size falls by 0.25 to 0.59 GB."""
    _shift(table, "row3.memory", -int(rng.integers(25, 60)))


@error("study", "combined_dimension")
def dimension_mistyped(table: Table, rng) -> None:
    """The dimension of the concatenated vector rises by 1 to 63."""
    _shift(table, "dimension.all", int(rng.integers(1, 64)))


@error("study", "weights_feasible")
def weights_impossible(table: Table, rng) -> None:
    """The lowest of twelve weights becomes 8.5 to 12 %, more than a twelfth."""
    check = next(entry for entry in table.checks if entry[0] == "weights_feasible")
    table.claims[check[1]["lowest"]] = ("weight", "%", Printer(3, False)(Fraction(float(rng.uniform(8.5, 12)))))


@error("study", "copied_cells")
def cell_copied(table: Table, rng) -> None:
    """The second model's accuracy becomes a copy of the first one's."""
    table.claims["model1.accuracy"] = table.claims["model0.accuracy"]


@error("study", "ordering")
def order_reversed(table: Table, rng) -> None:
    """The best and the worst model's accuracies change places."""
    _swap(table, "model3.accuracy", "model0.accuracy")


#: checks that never say more than `undetermined`, so that this is their hit
OBSERVING = {
    *("copied_cells", "memory_growth", "error_within_scale", "mape_scale", "mean_baseline", "majority_baseline"),
    *("accuracy_and_macro_f1", "constant_offset", "coverage", "difference_beyond_chance", "fewer_classes", "opposed"),
    *("pr_auc_above_prevalence", "public_fact", "receptive_field", "roots_of_rounded_mse", "terminal_digits"),
    *("trained_better_than_tested", "variance_within_scale"),
}
#: checks that say `undetermined` of any two statements: no error can be planted for them
REMARKS = {"opposed", "public_fact"}
GENERATORS = {"regression": regression_table, "classification": classification_table, "study": study_table}


# --- measuring -------------------------------------------------------------------------------------------------------


def tables(count: int = TABLES, seed: int = SEED) -> list[Table]:
    """Generated tables: `count` score tables and up to `TRIALS_PER_CHECK` cases for each check with a trial of its own.

    One half is honest, the other has one planted error each, every kind equally often. Cases of `REMARKS` are honest.
    """
    import numpy as np

    from mer_repro.audit import trials

    rng = np.random.default_rng(seed)
    kinds = list(GENERATORS)
    generated = [GENERATORS[kinds[k % len(kinds)]](rng) for k in range(count // 2)]
    names = list(ERRORS)
    for k in range(count - count // 2):
        kind, plant, targets = ERRORS[names[k % len(names)]]
        table = GENERATORS[kind](rng)
        plant(table, rng)
        table.planted, table.targets = names[k % len(names)], targets
        generated.append(table)
    cases = max(2, min(TRIALS_PER_CHECK, count // 4))
    for check in trials.TRIALS:
        for k in range(cases):
            generated.append(trials.generated(check, rng, wrong=k % 2 == 1 and check not in REMARKS))
    return generated


def verdicts(table: Table) -> dict[str, set[str]]:
    """The verdicts on a table by check.  Raises RuntimeError where a check itself fails."""
    found: dict[str, set[str]] = {}
    for result in audit(table.ledger()):
        if result.fault:
            raise RuntimeError(f"{result.check}: {result.fault}")
        found.setdefault(result.check, set()).add(result.verdict)
    return found


def measure(count: int = TABLES, seed: int = SEED):
    """One row a table and check: a DataFrame with table, kind, planted, check, target (bool), verdict (the worst)."""
    import pandas as pd

    from mer_repro.audit.finding import worst

    rows = [
        (position, table.kind, table.planted, check, check in table.targets, worst(found))
        for position, table in enumerate(tables(count, seed))
        for check, found in verdicts(table).items()
    ]
    return pd.DataFrame(rows, columns=["table", "kind", "planted", "check", "target", "verdict"])


def report(count: int = TABLES, seed: int = SEED):
    """Error rates by check.

    Returns
    -------
    DataFrame, one row a check: ``honest`` (honest tables it ran on), ``false_alarms`` (of these called inconsistent),
    ``open`` (of these called undetermined), ``planted`` (tables with an error meant for it), ``hits``, ``noticed`` and
    ``hit_rate`` = hits / planted (see the module's docstring).  Checks without a planted error of their own have none.
    """
    import pandas as pd

    measured = measure(count, seed)
    rows = []
    for check, group in measured.groupby("check"):
        honest, aimed = group[group.planted == ""], group[group.target]
        wrong = {"inconsistent", "undetermined"} if check in OBSERVING else {"inconsistent"}
        hits = int(aimed.verdict.isin(wrong).sum())
        rows.append(
            {
                "check": check,
                "honest": len(honest),
                "false_alarms": int((honest.verdict == "inconsistent").sum()),
                "open": int((honest.verdict == "undetermined").sum()),
                "planted": len(aimed),
                "hits": hits,
                "noticed": int((aimed.verdict != "consistent").sum()),
                "hit_rate": hits / len(aimed) if len(aimed) else float("nan"),
            }
        )
    return pd.DataFrame(rows).sort_values("check", ignore_index=True)


def found_by_error(count: int = TABLES, seed: int = SEED):
    """How often each kind of planted error is found by any check: planted, found (inconsistent), noticed.

    An error that only observing checks aim at counts as found when one of them answers `undetermined`.
    """
    import pandas as pd

    measured = measure(count, seed)
    rows = []
    for name, group in measured[measured.planted != ""].groupby("planted"):
        aimed = group[group.target]
        hit = aimed.verdict.eq("inconsistent") | (aimed.check.isin(OBSERVING) & aimed.verdict.eq("undetermined"))
        rows.append(
            {
                "error": name,
                "kind": group.kind.iloc[0],
                "planted": group.table.nunique(),
                "found": aimed[hit].table.nunique(),
                "noticed": aimed[aimed.verdict != "consistent"].table.nunique(),
            }
        )
    return pd.DataFrame(rows)
