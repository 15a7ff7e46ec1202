"""Small generated cases for single checks: an honest one, or one with an error, each drawn at random.

`mer_repro.audit.validation` runs them beside its score tables, so that every check has a measured error rate.  A trial
states numbers that some study could have and binds one check; told to be ``wrong``, it breaks one of them.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from fractions import Fraction

from mer_repro.audit.validation import Printer, Table, class_scores

#: check -> its trial, a function of a table to fill, a random generator, a printer and whether to plant an error
TRIALS: dict[str, Callable] = {}


def trial(function: Callable) -> Callable:
    """Register a trial under the name of the check that it binds."""
    TRIALS[function.__name__] = function
    return function


def generated(check: str, rng, wrong: bool) -> Table:
    """One case for a check."""
    from mer_repro.audit.validation import draw_printer

    table = Table("trial", planted=check if wrong else "", targets=(check,) if wrong else ())
    TRIALS[check](table, rng, draw_printer(rng), wrong)
    return table


def _state(table: Table, quantity: str, values, unit: str = "1") -> list[str]:
    """State some printed values of one quantity; their ids."""
    first = len(table.claims)
    return [table.state(f"v{first + k}", quantity, str(value), unit) for k, value in enumerate(values)]


def _one(table: Table, quantity: str, value, unit: str = "1") -> str:
    return _state(table, quantity, [value], unit)[0]


def _outside(rng, low: float, high: float, gap: float) -> float:
    """A number outside an interval by at least `gap`."""
    return high + gap * float(rng.uniform(1, 3)) if rng.integers(2) else low - gap * float(rng.uniform(1, 3))


# --- statements ------------------------------------------------------------------------------------------------------


@trial
def opposed(table, rng, show, wrong) -> None:
    """Two statements beside each other: the check says `undetermined` of any two, so nothing can be planted."""
    table.bind("opposed", statement=table.say("s.one"), other=table.say("s.other"))


@trial
def public_fact(table, rng, show, wrong) -> None:
    """A statement beside a public fact: the check says `undetermined` of any two, so nothing can be planted."""
    table.bind("public_fact", statement=table.say("s.one"), fact=table.say("s.fact"))


@trial
def coverage(table, rng, show, wrong) -> None:
    """A statement about every item of three groups, all of which have the feature; wrong: 1 to 39 of each lack it."""
    items = rng.integers(50, 500, 3)
    having = [int(n) - (int(rng.integers(1, 40)) if wrong else 0) for n in items]
    counts = _state(table, "count", having), _state(table, "count", items)
    table.bind("coverage", statement=table.say("s.every"), having=counts[0], items=counts[1])


@trial
def softmax_regression(table, rng, show, wrong) -> None:
    """A softmax output layer for regression with 2 to 8 outputs; wrong: with one output."""
    outputs = _one(table, "dimension", 1 if wrong else int(rng.integers(2, 9)))
    table.bind("softmax_regression", statement=table.say("s.softmax"), outputs=outputs)


# --- counts and sizes ------------------------------------------------------------------------------------------------


@trial
def between(table, rng, show, wrong) -> None:
    """A duration between two stated ends, printed with fewer decimals than they; wrong: 0.5 to 1.5 s outside."""
    low, high = sorted(float(v) for v in rng.uniform(10, 90, 2))
    value = _outside(rng, low, high, 0.5) if wrong else float(rng.uniform(low, high))
    ends = [_one(table, "duration", show(v, 2), "s") for v in (low, high)]
    table.bind("between", stated=[_one(table, "duration", show(value, 1), "s")], low=ends[0], high=ends[1])


@trial
def bins_partition(table, rng, show, wrong) -> None:
    """Three bins of whole scores from 0 to 60; wrong: the first one ends up to two scores after the second's start."""
    cuts = sorted(int(v) for v in rng.choice(range(5, 55), 2, replace=False))
    lower = [0, cuts[0] + 1, cuts[1] + 1]
    upper = [cuts[0], cuts[1], 60]
    if wrong:
        upper[0] = lower[1] + int(rng.integers(0, 3))
    scale = _state(table, "threshold", [0, 60])
    table.bind(
        "bins_partition",
        lower=_state(table, "threshold", lower),
        upper=_state(table, "threshold", upper),
        scale=scale,
    )


@trial
def dates_in_order(table, rng, show, wrong) -> None:
    """Three rising dates between 2022 and 2026; wrong: from the latest to the earliest."""
    days = sorted(int(v) for v in rng.choice(1500, 3, replace=False))
    if wrong:
        days.reverse()
    dates = [(datetime.date(2022, 1, 1) + datetime.timedelta(days=d)).isoformat() for d in days]
    table.bind("dates_in_order", dates=_state(table, "date", dates, "date"))


@trial
def difference(table, rng, show, wrong) -> None:
    """The absolute difference of two latencies of 20 to 90 ms; wrong: 1 to 5 ms too large."""
    a, b = (float(v) for v in rng.uniform(20, 90, 2))
    step = abs(a - b) + (float(rng.uniform(1, 5)) if wrong else 0)
    names = [_one(table, "latency", show(v, 2), "ms") for v in (step, a, b)]
    table.bind("difference", stated=names[0], minuend=names[1], subtrahend=names[2])


@trial
def enumerated(table, rng, show, wrong) -> None:
    """A stated number of 2 to 8 listed things; wrong: one more than are listed."""
    count = int(rng.integers(2, 9))
    items = _state(table, "count", range(10, 10 + count))
    table.bind("enumerated", stated=_one(table, "count", count + (1 if wrong else 0)), items=items)


@trial
def at_most(table, rng, show, wrong) -> None:
    """Two counts, the smaller one 1 to 99 below the larger; wrong: as much above it."""
    large = int(rng.integers(100, 5000))
    small = large + int(rng.integers(1, 100)) * (1 if wrong else -1)
    table.bind("at_most", smaller=_state(table, "count", [small]), larger=_state(table, "count", [large]))


@trial
def product_of(table, rng, show, wrong) -> None:
    """Three factors of 2 to 19 and their product; wrong: a product that is 1 to 8 too large."""
    factors = [int(v) for v in rng.integers(2, 20, 3)]
    product = math.prod(factors) + (int(rng.integers(1, 9)) if wrong else 0)
    table.bind("product_of", factors=_state(table, "count", factors), product=_one(table, "count", product))


@trial
def published_equal(table, rng, show, wrong) -> None:
    """A count as stated and as published, there with thousands separated; wrong: 1 to 49 more are stated."""
    value = int(rng.integers(100, 9000))
    stated = _one(table, "count", value + (int(rng.integers(1, 50)) if wrong else 0))
    table.bind("published_equal", stated=stated, published=_one(table, "count", f"{value:,}"))


@trial
def stated_ratio(table, rng, show, wrong) -> None:
    """The ratio of two latencies of 5 to 50 ms, printed with one decimal; wrong: 1.2 to 2 times it, and 0.2."""
    top, bottom = (float(v) for v in rng.uniform(5, 50, 2))
    ratio = top / bottom * (float(rng.uniform(1.2, 2)) if wrong else 1) + (0.2 if wrong else 0)
    names = [_one(table, "latency", show(v, 2), "ms") for v in (top, bottom)]
    stated = _one(table, "ratio", show(ratio, 1))
    table.bind("stated_ratio", stated=stated, numerator=names[:1], denominator=names[1:])


@trial
def pooled_length(table, rng, show, wrong) -> None:
    """A length halved one to four times, rounded down or up each time; wrong: the last one is 2 to 8 too large."""
    before, times = int(rng.integers(64, 2000)), int(rng.integers(1, 5))
    after = before
    for _ in range(times):
        after = after // 2 if rng.integers(2) else -(-after // 2)
    after += int(rng.integers(2, 9)) if wrong else 0
    values = {"before": before, "after": after, "pool": 2, "times": times}
    table.bind("pooled_length", **{role: _one(table, "dimension", value) for role, value in values.items()})


@trial
def flattened_dimension(table, rng, show, wrong) -> None:
    """Features per time step after one to four poolings, flattened or averaged over height; wrong: 7 too many."""
    height, channels, times = int(rng.integers(32, 200)), int(rng.integers(16, 256)), int(rng.integers(1, 5))
    flat = channels * (height // 2**times) if rng.integers(2) else channels
    values = {"stated": flat + (7 if wrong else 0), "height": height, "channels": channels, "pool": 2, "times": times}
    table.bind("flattened_dimension", **{role: _one(table, "dimension", value) for role, value in values.items()})


@trial
def receptive_field(table, rng, show, wrong) -> None:
    """Dilated residual blocks whose receptive field spans the whole sequence; wrong: the sequence is 1 to 98 longer."""
    kernel, blocks = int(rng.integers(2, 6)), int(rng.integers(2, 7))
    reach = 1 + (kernel - 1) * (2 ** (2 * blocks) - 1)
    length = reach + int(rng.integers(1, 99)) if wrong else int(rng.integers(2, reach + 1))
    values = {"kernel": kernel, "blocks": blocks, "length": length}
    table.bind("receptive_field", **{role: _one(table, "dimension", value) for role, value in values.items()})


@trial
def hop_duration(table, rng, show, wrong) -> None:
    """Hop length over sampling rate in ms, printed with one decimal; wrong: 1.2 to 1.6 times that duration."""
    hop, rate = int(rng.choice([128, 256, 512, 1024])), int(rng.choice([16000, 22050, 44100]))
    duration = hop / rate * 1000 * (float(rng.uniform(1.2, 1.6)) if wrong else 1)
    names = _one(table, "duration", show(duration, 1), "ms"), _one(table, "hop_length", hop)
    table.bind("hop_duration", stated=names[0], hop=names[1], rate=[_one(table, "sample_rate", rate, "Hz")])


@trial
def frame_count(table, rng, show, wrong) -> None:
    """Spectrogram frames of 5 to 59 seconds, with or without the extra one of centred frames; wrong: 4 to 39 more."""
    seconds, hop, rate = int(rng.integers(5, 60)), int(rng.choice([256, 512])), int(rng.choice([16000, 22050]))
    frames = (1 + seconds * rate // hop) if rng.integers(2) else seconds * rate // hop
    stated = _one(table, "sequence_length", frames + (int(rng.integers(4, 40)) if wrong else 0))
    others = {"seconds": _one(table, "duration", f"{seconds}.000", "s"), "hop": _one(table, "hop_length", hop)}
    table.bind("frame_count", frames=stated, rate=[_one(table, "sample_rate", rate, "Hz")], **others)


@trial
def rescaled(table, rng, show, wrong) -> None:
    """A value on a scale from 1 to 9 and its image on 0 to 1; wrong: an image that is 0.1 to 0.3 too large."""
    old = float(rng.uniform(1, 9))
    new = (old - 1) / 8 + (float(rng.uniform(0.1, 0.3)) if wrong else 0)
    names = [_one(table, "threshold", show(v, 4)) for v in (old, new, 1, 9)]
    table.bind("rescaled", before=[names[0]], after=[names[1]], low=names[2], high=names[3])


@trial
def layer_parameters(table, rng, show, wrong) -> None:
    """Parameters of a dense, 3x3 convolutional, LSTM or bidirectional GRU layer with biases; wrong: 1 to 8 too many."""
    width, units = int(rng.integers(8, 512)), int(rng.integers(8, 512))
    kind = str(rng.choice(["dense", "conv2d", "lstm", "bigru"]))
    weights = {"dense": width * units, "conv2d": 9 * width * units, "lstm": 4 * units * (width + units)}
    biases = {"dense": units, "conv2d": units, "lstm": 4 * units * int(rng.integers(1, 3)), "bigru": 6 * units}
    count = weights.get(kind, 6 * units * (width + units)) + biases[kind]
    stated = _one(table, "parameters", f"{count + (int(rng.integers(1, 9)) if wrong else 0):,}")
    sizes = {"inputs": width, "outputs": units} | ({"kernel": 3} if kind == "conv2d" else {})
    roles = {role: _one(table, "dimension", value) for role, value in sizes.items()}
    table.bind("layer_parameters", {"layer": kind}, stated=stated, **roles)


# --- comparisons and regularities ------------------------------------------------------------------------------------


@trial
def monotone(table, rng, show, wrong) -> None:
    """Four rising counts; wrong: the two in the middle change places."""
    values = sorted(int(v) for v in rng.choice(900, 4, replace=False))
    if wrong:
        values[1], values[2] = values[2], values[1]
    table.bind("monotone", {"direction": "up"}, values=_state(table, "count", values))


@trial
def marked_best(table, rng, show, wrong) -> None:
    """Four RMSEs or four accuracies with the best one marked; wrong: the second smallest is marked."""
    scores = sorted(show(Fraction(int(v), 100)) for v in rng.choice(range(20, 90), 4, replace=False))
    names = _state(table, "rmse" if rng.integers(2) else "accuracy", scores)
    best = names[0] if table.claims[names[0]][0] == "rmse" else names[-1]
    if wrong:
        best = names[1]
    table.bind("marked_best", marked=[best], others=[name for name in names if name != best])


@trial
def cited_cells(table, rng, show, wrong) -> None:
    """Three R2 that repeat those of another paper; wrong: the second one is 0.02 to 0.1 above the cited one."""
    scores = [float(v) for v in rng.uniform(0.2, 0.9, 3)]
    cited = _state(table, "r2", [show(v, 4) for v in scores])
    scores[1] += float(rng.uniform(0.02, 0.1)) if wrong else 0
    table.bind("cited_cells", stated=_state(table, "r2", [show(v, 4) for v in scores]), cited=cited)


@trial
def constant_offset(table, rng, show, wrong) -> None:
    """Two columns of five recalls that differ by 0.01 to 0.1, in each row anew; wrong: by exactly 0.1 in every row."""
    first = [float(v) for v in rng.uniform(0.5, 0.8, 5)]
    second = [v + (0.1 if wrong else float(rng.uniform(0.01, 0.1))) for v in first]
    printer = Printer(3, False)
    shown = [printer(v) for v in first]
    later = [printer(Fraction(text) + Fraction(1, 10)) for text in shown] if wrong else [printer(v) for v in second]
    table.bind("constant_offset", first=_state(table, "recall", shown), second=_state(table, "recall", later))


@trial
def terminal_digits(table, rng, show, wrong) -> None:
    """Nine counts with last digits as they fall; wrong: all of them are multiples of 5."""
    values = [int(v) * 5 if wrong else int(v) for v in rng.integers(20, 200, 9)]
    table.bind("terminal_digits", values=_state(table, "count", values))


@trial
def trained_better_than_tested(table, rng, show, wrong) -> None:
    """An RMSE on training data and one on test data that is 1.2 to 1.5 times as large; wrong: 0.5 to 0.8 times."""
    error = float(rng.uniform(0.1, 0.3))
    other = error * float(rng.uniform(0.5, 0.8) if wrong else rng.uniform(1.2, 1.5))
    names = _state(table, "rmse", [show(error, 4), show(other, 4)])
    table.bind("trained_better_than_tested", training=[names[0]], testing=[names[1]])


@trial
def roots_of_rounded_mse(table, rng, show, wrong) -> None:
    """Six MSEs printed with three decimals and the RMSEs of the exact ones; wrong: the roots of the printed MSEs."""
    squares = [float(v) for v in rng.uniform(0.01, 0.05, 6)]
    printer = Printer(4, False)
    printed = [printer(v, 3) for v in squares]
    roots = [printer(math.sqrt(float(p) if wrong else v)) for p, v in zip(printed, squares, strict=True)]
    table.bind("roots_of_rounded_mse", rmse=_state(table, "rmse", roots), mse=_state(table, "mse", printed))


@trial
def difference_beyond_chance(table, rng, show, wrong) -> None:
    """Two accuracies on 100 to 399 items that differ by a fifth of the items; wrong: by at most two items."""
    items = int(rng.integers(100, 400))
    hits = items * 3 // 4
    lead = int(rng.integers(0, 3)) if wrong else items // 5
    shares = [show(Fraction(hits + lead, items), 4), show(Fraction(hits, items), 4)]
    names = _state(table, "accuracy", shares)
    table.bind("difference_beyond_chance", better=names[0], worse=names[1], n=_one(table, "count", items))


@trial
def fewer_classes(table, rng, show, wrong) -> None:
    """Accuracy 0.5 over six classes and 0.8 over the first five of them; wrong: 0.5 over both."""
    before = [int(v) for v in rng.integers(80, 120, 6)]
    after = before[:5]
    low, high = (0.5, 0.5) if wrong else (0.5, 0.8)
    names = _state(table, "accuracy", [show(low), show(high)])
    supports = _state(table, "support", before), _state(table, "support", after)
    table.bind("fewer_classes", before=names[0], after=names[1], support_before=supports[0], support_after=supports[1])


@trial
def majority_baseline(table, rng, show, wrong) -> None:
    """An accuracy of 1.2 times the largest class's share of 0.3 to 0.7; wrong: of 0.8 times that share."""
    share = float(rng.uniform(0.3, 0.7))
    score = _one(table, "accuracy", show(share * (0.8 if wrong else 1.2)))
    table.bind("majority_baseline", accuracy=[score], majority=_one(table, "class_share", show(share)))


@trial
def pr_auc_above_prevalence(table, rng, show, wrong) -> None:
    """An area under the precision-recall curve of 1.5 times the prevalence; wrong: of 0.8 times the prevalence."""
    share = float(rng.uniform(0.1, 0.5))
    area = _one(table, "pr_auc", show(share * (0.8 if wrong else 1.5)))
    table.bind("pr_auc_above_prevalence", pr_auc=[area], prevalence=_one(table, "prevalence", show(share)))


# --- regression ------------------------------------------------------------------------------------------------------


def _predictions(rng) -> dict[str, float]:
    """Scores of simulated predictions of 80 to 600 targets, and the targets' standard deviation."""
    import numpy as np

    target = rng.normal(0.5, float(rng.uniform(0.1, 0.3)), int(rng.integers(80, 600)))
    prediction = 0.5 + rng.uniform(0.3, 1) * (target - 0.5) + rng.normal(0, 0.1, len(target)) + rng.normal(0, 0.05)
    error, r = prediction - target, float(np.corrcoef(prediction, target)[0, 1])
    spread = target.std() ** 2 + prediction.std() ** 2 + (prediction.mean() - target.mean()) ** 2
    return {
        "mae": float(np.abs(error).mean()),
        "rmse": float(np.sqrt((error**2).mean())),
        "r2": 1 - float((error**2).mean() / target.var()),
        "correlation": r,
        "ccc": 2 * r * float(target.std() * prediction.std() / spread),
        "standard_deviation": float(target.std()),
    }


def _scored(table: Table, show: Printer, scores: dict[str, float], *names: str) -> list[str]:
    return [_one(table, name, show(scores[name], 3)) for name in names]


@trial
def ccc_at_most_correlation(table, rng, show, wrong) -> None:
    """CCC and Pearson correlation of simulated predictions; wrong: a CCC that is 0.02 above the correlation."""
    scores = _predictions(rng)
    scores["ccc"] = scores["correlation"] + 0.02 if wrong else scores["ccc"]
    ccc, r = _scored(table, show, scores, "ccc", "correlation")
    table.bind("ccc_at_most_correlation", ccc=[ccc], correlation=[r])


@trial
def rmse_floor(table, rng, show, wrong) -> None:
    """RMSE and correlation of simulated predictions, and the target's standard deviation.

    Wrong: an RMSE of 0.85 times the least that the other two allow.
    """
    scores = _predictions(rng)
    floor = scores["standard_deviation"] * math.sqrt(1 - scores["correlation"] ** 2)
    scores["rmse"] = floor * 0.85 if wrong else scores["rmse"]
    rmse, r, spread = _scored(table, show, scores, "rmse", "correlation", "standard_deviation")
    table.bind("rmse_floor", rmse=[rmse], correlation=[r], spread=spread)


@trial
def mae_within_variance(table, rng, show, wrong) -> None:
    """MAE and R2 of simulated predictions, and the target's standard deviation.

    Wrong: an MAE of 1.1 times the RMSE.
    """
    scores = _predictions(rng)
    scores["mae"] = scores["rmse"] * 1.1 if wrong else scores["mae"]
    mae, r2, spread = _scored(table, show, scores, "mae", "r2", "standard_deviation")
    table.bind("mae_within_variance", {"definition": "determination"}, mae=[mae], r2=[r2], variance=spread)


@trial
def mean_baseline(table, rng, show, wrong) -> None:
    """R2 and RMSE of simulated predictions, and an MAE of the mean of 0.8 times the target's standard deviation.

    Wrong: an MAE of the mean of 1.2 times the standard deviation.
    """
    scores = _predictions(rng)
    scores["mae"] = scores["standard_deviation"] * (1.2 if wrong else 0.8)
    mae, r2, rmse = _scored(table, show, scores, "mae", "r2", "rmse")
    table.bind("mean_baseline", mae=mae, r2=[r2], rmse=[rmse])


@trial
def variance_within_scale(table, rng, show, wrong) -> None:
    """R2 and RMSE of simulated predictions on a scale as wide as three standard deviations of the target.

    Wrong: a scale as wide as 1.8 standard deviations, where two are the least possible.
    """
    scores = _predictions(rng)
    width = scores["standard_deviation"] * (1.8 if wrong else 3)
    r2, rmse = _scored(table, show, scores, "r2", "rmse")
    ends = [_one(table, "threshold", show(v, 3)) for v in (0, width)]
    table.bind("variance_within_scale", r2=[r2], rmse=[rmse], low=ends[0], high=ends[1])


# --- classification --------------------------------------------------------------------------------------------------


def _matrix(rng, size: int = 3, least: int = 5) -> list[list[int]]:
    """A confusion matrix (true by predicted class) with most items on the diagonal."""
    return [
        [int(rng.integers(least, 15)) + (k == j) * int(rng.integers(20, 80)) for j in range(size)] for k in range(size)
    ]


def _cells(table: Table, matrix: list[list[int]]) -> list[str]:
    return _state(table, "cell", [cell for row in matrix for cell in row])


@trial
def accuracy_and_macro_f1(table, rng, show, wrong) -> None:
    """Accuracy and macro F1 of a confusion matrix of three classes; wrong: half of that macro F1."""
    matrix = _matrix(rng)
    scores, items = class_scores(matrix), sum(map(sum, matrix))
    macro = sum(scores["f1"]) / 3 * (Fraction(1, 2) if wrong else 1)
    names = _one(table, "accuracy", show(scores["accuracy"], 3)), _one(table, "macro_f1", show(macro, 3))
    shares = _state(table, "class_share", [Printer(4, False)(Fraction(sum(row), items)) for row in matrix])
    count = _one(table, "count", items)
    table.bind("accuracy_and_macro_f1", accuracy=names[0], macro_f1=names[1], shares=shares, n=count)


@trial
def identities(table, rng, show, wrong) -> None:
    """Accuracy and micro F1, which are equal, and balanced accuracy and macro recall, which are equal, of one matrix.

    Wrong: a micro F1 that is 0.02 to 0.08 lower.
    """
    scores = class_scores(_matrix(rng))
    other = scores["accuracy"] - (Fraction(int(rng.integers(2, 9)), 100) if wrong else 0)
    balanced = sum(scores["recall"]) / 3
    names = [_one(table, q, show(v)) for q, v in (("accuracy", scores["accuracy"]), ("micro_f1", other))]
    names += [_one(table, q, show(balanced)) for q in ("balanced_accuracy", "macro_recall")]
    table.bind("identities", {"labels": "single"}, scores=names)


@trial
def micro_scores(table, rng, show, wrong) -> None:
    """Micro recall over the items, and accuracy over the yes/no decisions on every class of every item.

    Wrong: an accuracy that is 0.03 to 0.08 lower.
    """
    items, kinds = int(rng.integers(80, 400)), int(rng.integers(3, 7))
    hits = int(rng.integers(items // 2, items))
    accuracy = 1 - Fraction(2 * (items - hits), items * kinds)
    accuracy -= Fraction(int(rng.integers(3, 9)), 100) if wrong else 0
    names = [_one(table, "micro_recall", show(Fraction(hits, items), 4)), _one(table, "accuracy", show(accuracy, 4))]
    table.bind("micro_scores", scores=names, n=_one(table, "count", items), classes=_one(table, "count", kinds))


@trial
def binary_scores(table, rng, show, wrong) -> None:
    """Accuracy and three or four other scores of one binary test set; wrong: an accuracy that is 0.06 to 0.2 lower."""
    from mer_repro.audit.checks.confusion import BINARY

    p, n = (int(v) for v in rng.integers(20, 200, 2))
    tp, tn = int(rng.integers(p // 2, p)), int(rng.integers(n // 2, n))
    chosen = [str(q) for q in rng.choice(list(BINARY), 4, replace=False)]
    values = {q: float(BINARY[q](tp, n - tn, p - tp, tn)) for q in sorted({*chosen, "accuracy"})}
    values["accuracy"] += float(rng.uniform(0.06, 0.2)) * (-1 if wrong else 0)
    names = [_one(table, q, show(v, 3)) for q, v in values.items()]
    counts = _one(table, "count", p), _one(table, "count", n)
    table.bind("binary_scores", {"runs": "one"}, scores=names, positives=counts[0], negatives=counts[1])


@trial
def scores_over_folds(table, rng, show, wrong) -> None:
    """Recall, specificity and balanced accuracy as means over stratified folds; wrong: the last one is 0.05 lower."""
    k = int(rng.choice([3, 5, 10]))
    p, n = (int(v) for v in rng.integers(2 * k, 90, 2))
    sizes = [[total // k + (fold < total % k) for fold in range(k)] for total in (p, n)]
    hits = [[int(rng.integers(size // 2, size + 1)) for size in side] for side in sizes]
    recall, specificity = (
        sum(Fraction(h, s) for h, s in zip(*pair, strict=True)) / k for pair in zip(hits, sizes, strict=True)
    )
    balanced = (recall + specificity) / 2 - (Fraction(1, 20) if wrong else 0)
    values = {"recall": recall, "specificity": specificity, "balanced_accuracy": balanced}
    names = [_one(table, q, show(v, 4)) for q, v in values.items()]
    roles = {role: _one(table, "count", v) for role, v in (("positives", p), ("negatives", n), ("folds", k))}
    table.bind("scores_over_folds", scores=names, **roles)


@trial
def granularity_of_means(table, rng, show, wrong) -> None:
    """An accuracy with six decimals, the mean over two or three runs on one test set or over folds of it.

    Wrong: the mean is moved by at most half of the distance between two possible ones.
    """
    items, k = int(rng.integers(10, 25)), int(rng.integers(2, 4))
    folds = bool(rng.integers(2))
    sizes = [items // k + (fold < items % k) for fold in range(k)] if folds else [items] * k
    mean = sum(Fraction(int(rng.integers(size // 2, size + 1)), size) for size in sizes) / k
    mean += Fraction(1, 2 * k * items * (items if folds and items % k else 1)) if wrong else 0
    value = _one(table, "accuracy", Printer(6, False)(mean))
    roles = {"n": _one(table, "count", items), "repeats": _one(table, "folds", k)}
    table.bind("granularity_of_means", {"scheme": "folds" if folds else "runs"}, values=[value], **roles)


@trial
def matrix_scores(table, rng, show, wrong) -> None:
    """A matrix of three classes (true by predicted, or transposed), with the scores by class, supports and accuracy.

    Wrong: an accuracy that is 0.02 to 0.08 higher.
    """
    matrix = _matrix(rng)
    scores = class_scores(matrix)
    turned = [list(column) for column in zip(*matrix, strict=True)] if rng.integers(2) else matrix
    accuracy = scores["accuracy"] + (Fraction(int(rng.integers(2, 9)), 100) if wrong else 0)
    columns = {q: _state(table, q, [show(v) for v in scores[q]]) for q in ("precision", "recall", "f1")}
    support = _state(table, "support", map(sum, matrix))
    cells, stated = _cells(table, turned), _one(table, "accuracy", show(accuracy))
    table.bind("matrix_scores", cells=cells, accuracy=stated, support=support, **columns)


@trial
def same_test_set(table, rng, show, wrong) -> None:
    """Two matrices with the same class sizes; wrong: one cell of the second holds 5 to 19 more items."""
    first = _matrix(rng)
    second = [list(row) for row in first]
    for row in second:
        step = int(rng.integers(1, 5))
        row[0], row[1] = row[0] + step, row[1] - step
    if wrong:
        second[0][0] += int(rng.integers(5, 20))
    table.bind("same_test_set", first=_cells(table, first), second=_cells(table, second))


# --- statistics of samples -------------------------------------------------------------------------------------------


@trial
def p_from_statistic(table, rng, show, wrong) -> None:
    """A t, F, chi-squared, z or r statistic, its degrees of freedom and the p value of the statistic as printed.

    Wrong: 0.2 is added to a p value below 0.5; any other is divided by five.
    """
    from scipy import stats

    kind = str(rng.choice(["t", "f", "chi2", "z", "r"]))
    df, df2, value = int(rng.integers(5, 90)), int(rng.integers(10, 90)), float(rng.uniform(0.5, 3))
    value = value / 10 if kind == "r" else value * df / 2 if kind == "chi2" else value
    shown = show(value, 2)
    exact = float(shown)
    student = exact * math.sqrt(df / (1 - exact**2)) if kind == "r" else exact
    p = {
        "t": lambda: 2 * stats.t.sf(exact, df),
        "r": lambda: 2 * stats.t.sf(student, df),
        "z": lambda: 2 * stats.norm.sf(exact),
        "f": lambda: stats.f.sf(exact, df, df2),
        "chi2": lambda: stats.chi2.sf(exact, df),
    }[kind]()
    p = p + 0.2 if wrong and p < 0.5 else p / 5 if wrong else p
    name = {"t": "t_statistic", "f": "f_statistic", "chi2": "chi2_statistic", "z": "z_statistic", "r": "correlation"}
    roles = {"p": _one(table, "p_value", show(float(p), 3)), "statistic": _one(table, name[kind], shown)}
    if kind != "z":
        roles["df"] = _one(table, "degrees_of_freedom", df)
    if kind == "f":
        roles["df2"] = _one(table, "degrees_of_freedom", df2)
    table.bind("p_from_statistic", {"sides": "two"}, **roles)


@trial
def grimmer(table, rng, show, wrong) -> None:
    """Mean and standard deviation (of the sample or the population) of 5 to 39 whole-number answers from 1 to 7.

    Wrong: a standard deviation of 7.5, more than the scale allows.
    """
    import numpy as np

    answers = rng.integers(1, 8, int(rng.integers(5, 40)))
    deviation = float(np.std(answers, ddof=1)) if rng.integers(2) else float(np.std(answers))
    deviation = 7.5 if wrong else deviation
    names = _one(table, "mean", show(float(answers.mean()), 2)), _one(table, "standard_deviation", show(deviation, 2))
    scale = {role: _one(table, "threshold", v) for role, v in (("low", "1.0"), ("high", "7.0"))}
    table.bind("grimmer", mean=names[0], deviation=names[1], n=_one(table, "count", len(answers)), **scale)


@trial
def debit(table, rng, show, wrong) -> None:
    """Mean and standard deviation of 10 to 199 answers of 0 or 1; wrong: 1.2 to 1.5 times that standard deviation."""
    people = int(rng.integers(10, 200))
    mean = Fraction(int(rng.integers(1, people)), people)
    factor = people / (people - 1) if rng.integers(2) else 1
    deviation = math.sqrt(float(mean * (1 - mean)) * factor) * (float(rng.uniform(1.2, 1.5)) if wrong else 1)
    names = _one(table, "mean", show(mean, 2)), _one(table, "standard_deviation", show(deviation, 2))
    table.bind("debit", mean=names[0], deviation=names[1], n=_one(table, "count", people))


@trial
def standard_error_of_mean(table, rng, show, wrong) -> None:
    """A standard deviation and the standard error of a mean of 10 to 199 answers; wrong: 1.3 to 2 times that error."""
    people, deviation = int(rng.integers(10, 200)), float(rng.uniform(0.5, 3))
    error = deviation / math.sqrt(people) * (float(rng.uniform(1.3, 2)) if wrong else 1)
    names = _one(table, "standard_error", show(error, 3)), _one(table, "standard_deviation", show(deviation, 2))
    table.bind("standard_error_of_mean", error=names[0], deviation=names[1], n=_one(table, "count", people))


@trial
def confidence_interval(table, rng, show, wrong) -> None:
    """A mean and its 95 % interval from the normal quantile; wrong: the interval is moved up by 2.5 half widths."""
    people, deviation, mean = int(rng.integers(10, 200)), float(rng.uniform(0.5, 3)), float(rng.uniform(2, 6))
    half = 1.959964 * deviation / math.sqrt(people)
    shift = 2.5 * half if wrong else 0
    low, high = (_one(table, "confidence_bound", show(mean + shift + side * half, 2)) for side in (-1, 1))
    names = _one(table, "mean", show(mean, 2)), _one(table, "standard_deviation", show(deviation, 2))
    roles = {"mean": names[0], "spread": names[1], "n": _one(table, "count", people)}
    table.bind("confidence_interval", low=low, high=high, **roles)
