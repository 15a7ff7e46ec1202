"""The vocabulary of the audit: which quantities and units it knows, their ranges, and which way is better.

Conventions
-----------
- A quantity has one name, the field's term in lower case (``macro_f1``).  Headers and captions also use its aliases;
  `lookup` takes either and refuses everything else: an unknown quantity is never taken for one of which more is better.
- Ranges are in base units: shares from 0 to 1 (a percentage is divided by 100), seconds, hertz, gigabytes.
- ``better`` is ``higher``, ``lower`` or ``none``; ``none`` means that no ordering of it says which model is better.
- ``whole`` quantities are counted: printed without a decimal point they are exact, unless the text says about or over.

``mer-repro audit --quantities`` prints the vocabulary.
"""

from __future__ import annotations

import difflib
import functools
import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from mer_repro.errors import LedgerError

Better = Literal["higher", "lower", "none"]
Kind = Literal["score", "error", "share", "change", "count", "size", "measure", "setting", "statistic", "label"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """One quantity.

    Attributes
    ----------
    name : as a ledger writes it.
    kind : ``score`` (of a model, without a unit), ``error`` (in the target's unit), ``share``, ``change`` (a gain or a
        ratio), ``count`` (of things), ``size`` (whole settings of a network or a signal), ``measure`` (time, frequency,
        memory), ``setting``, ``statistic`` (of a sample or a test) or ``label`` (nothing to reckon with).
    low, high : least and greatest possible value in base units, possibly infinite.
    better : which way is better.
    aliases : further names in headers and captions, as normalised by `normal`.
    dimensions : dimensions of the units it may have (see `dimension`).
    family : what it is an average of: ``f1`` for ``macro_f1``; else its name.
    """

    name: str
    kind: Kind
    low: float
    high: float
    better: Better
    aliases: tuple[str, ...]
    dimensions: tuple[str, ...]
    family: str

    @property
    def whole(self) -> bool:
        """True for what is counted, which is exact where it is printed without a decimal point."""
        return self.kind in ("count", "size")

    @property
    def range(self) -> tuple[float, float]:
        """(least, greatest) possible value in base units."""
        return self.low, self.high


#: printed unit -> (dimension, factor to the base unit)
UNITS: dict[str, tuple[str, Fraction]] = {
    "1": ("number", Fraction(1)),
    "%": ("share", Fraction(1, 100)),
    "points": ("share", Fraction(1, 100)),
    "s": ("time", Fraction(1)),
    "ms": ("time", Fraction(1, 1000)),
    "min": ("time", Fraction(60)),
    "h": ("time", Fraction(3600)),
    "days": ("time", Fraction(86400)),
    "months": ("time", Fraction(2629746)),  # of a mean Gregorian year
    "Hz": ("frequency", Fraction(1)),
    "kHz": ("frequency", Fraction(1000)),
    "MHz": ("frequency", Fraction(10**6)),
    "KB": ("memory", Fraction(1, 10**6)),
    "MB": ("memory", Fraction(1, 1000)),
    "GB": ("memory", Fraction(1)),
    "TB": ("memory", Fraction(1000)),
    "MiB": ("memory", Fraction(2**20, 10**9)),
    "GiB": ("memory", Fraction(2**30, 10**9)),
    "dB": ("level", Fraction(1)),
    "date": ("date", Fraction(1)),
    "year": ("date", Fraction(1)),
}
_SPELLED = {
    "": "1", "percent": "%", "pct": "%", "percentage points": "points", "pp": "points", "pts": "points",
    "sec": "s", "secs": "s", "second": "s", "seconds": "s", "millisecond": "ms", "milliseconds": "ms", "msec": "ms",
    "minute": "min", "minutes": "min", "mins": "min", "hour": "h", "hours": "h", "hrs": "h", "day": "days",
    "month": "months",
    "hz": "Hz", "khz": "kHz", "mhz": "MHz", "kb": "KB", "mb": "MB", "gb": "GB", "tb": "TB", "mib": "MiB", "gib": "GiB",
    "db": "dB", "years": "year", "dates": "date",
}  # fmt: skip
_THINGS = re.compile(r"[A-Za-z][A-Za-z -]*")
_RATE = re.compile(r"[A-Za-z][A-Za-z ]*/s")

_PLAIN = ("number", "share")
_COUNTED = ("things", "number")
_NUMBER = ("number",)
_ANY = ("number", "share", "things", "time", "frequency", "level", "memory", "rate")
_ONE, _ALL, _INF = (0, 1), (-math.inf, math.inf), (0, math.inf)

#: name | range | better | dimensions | aliases
_TABLE: dict[Kind, list[tuple[str, tuple[float, float], Better, tuple[str, ...], str]]] = {
    "score": [
        (
            "accuracy",
            _ONE,
            "higher",
            _PLAIN,
            "acc, top 1 accuracy, top1, overall accuracy, classification accuracy, oa",
        ),
        (
            "balanced_accuracy",
            _ONE,
            "higher",
            _PLAIN,
            "bacc, bal acc, balanced acc, uar, unweighted average recall, ua",
        ),
        ("error_rate", _ONE, "lower", _PLAIN, "classification error, err rate"),
        ("precision", _ONE, "higher", _PLAIN, "prec, ppv, positive predictive value"),
        ("recall", _ONE, "higher", _PLAIN, "rec, sensitivity, sens, tpr, true positive rate, hit rate"),
        ("specificity", _ONE, "higher", _PLAIN, "spec, tnr, true negative rate, selectivity"),
        ("npv", _ONE, "higher", _PLAIN, "negative predictive value"),
        ("false_positive_rate", _ONE, "lower", _PLAIN, "fpr, fall out"),
        ("false_negative_rate", _ONE, "lower", _PLAIN, "fnr, miss rate"),
        (
            "f1",
            _ONE,
            "higher",
            _PLAIN,
            "f1 score, f1 measure, f score, f measure, fscore, f1score, fmeasure, dice, dsc",
        ),
        ("fbeta", _ONE, "higher", _PLAIN, "f beta, f2, f2 score, f0.5, f0.5 score"),
        ("jaccard", _ONE, "higher", _PLAIN, "iou, jaccard index, csi"),
        ("g_mean", _ONE, "higher", _PLAIN, "gmean, geometric mean"),
        ("fowlkes_mallows", _ONE, "higher", _PLAIN, "fm index, fowlkes mallows index"),
        ("mcc", (-1, 1), "higher", _PLAIN, "matthews correlation coefficient, matthews, phi coefficient"),
        ("kappa", (-1, 1), "higher", _PLAIN, "cohen kappa, cohens kappa, cohen's kappa, quadratic weighted kappa, qwk"),
        ("informedness", (-1, 1), "higher", _PLAIN, "youden, youdens j, youden's j, bookmaker informedness"),
        ("markedness", (-1, 1), "higher", _PLAIN, "delta p"),
        ("auc", _ONE, "higher", _PLAIN, "roc auc, auroc, auc roc, rocauc, area under the curve, roc"),
        ("pr_auc", _ONE, "higher", _PLAIN, "auprc, auc pr, prauc, map, mean average precision"),
        ("hit_ratio", _ONE, "higher", _PLAIN, "hr@5, hr@10, hr@20, hr at 10, recall@10, recall@20"),
        ("ndcg", _ONE, "higher", _PLAIN, "ndcg@5, ndcg@10, ndcg@20"),
        ("r2", (-math.inf, 1), "higher", _PLAIN, "r squared, r^2, r², r**2, coefficient of determination"),
        (
            "correlation",
            (-1, 1),
            "higher",
            _PLAIN,
            "pearson, pearson r, pearson's r, pcc, corr, pearson correlation, plcc",
        ),
        ("rank_correlation", (-1, 1), "higher", _PLAIN, "spearman, spearman rho, srcc, srocc, kendall, kendall tau"),
        ("ccc", (-1, 1), "higher", _PLAIN, "concordance correlation coefficient, lin's ccc, concordance"),
        ("explained_variance", (-math.inf, 1), "higher", _PLAIN, "explained variance score, evs"),
        ("comprehensive_score", _ALL, "higher", _PLAIN, ""),
        ("bleu", (0, 100), "higher", _PLAIN, "bleu 4, bleu score"),
        ("rouge", (0, 100), "higher", _PLAIN, "rouge 1, rouge 2, rouge l"),
    ],
    "error": [
        ("rmse", _INF, "lower", _ANY, "root mean squared error, root mean square error, rms error"),
        ("mse", _INF, "lower", _ANY, "mean squared error, mean square error"),
        ("mae", _INF, "lower", _ANY, "mean absolute error"),
        ("mape", _INF, "lower", _PLAIN, "mean absolute percentage error, smape"),
        ("error", _INF, "lower", _ANY, "err"),
        ("loss", _ALL, "lower", _NUMBER, "cross entropy, training loss, test loss, validation loss, val loss"),
        ("perplexity", _INF, "lower", _NUMBER, "ppl"),
    ],
    "share": [
        ("class_share", _ONE, "none", _PLAIN, "share, distribution"),
        ("split_share", _INF, "none", (*_PLAIN, "things"), "split, split ratio"),
        ("proportion", _ONE, "none", _PLAIN, "prop, fraction"),
        ("percentage", _ONE, "none", _PLAIN, ""),
        ("prevalence", _ONE, "none", _PLAIN, "base rate"),
        ("weight", _ALL, "none", _PLAIN, ""),
        ("dropout", _ONE, "none", _PLAIN, "dropout rate"),
    ],
    "change": [
        ("percentage_gain", _ALL, "higher", _PLAIN, "gain, improvement, relative improvement, increase"),
        ("difference", _ALL, "none", _ANY, "diff, delta"),
        ("ratio", _ALL, "none", _NUMBER, "times, factor, speedup, speed up"),
    ],
    "count": [
        ("count", _INF, "none", _COUNTED, "n, number, total, size, samples, items, instances, songs, clips, sum"),
        ("support", _INF, "none", _COUNTED, "n test, test items"),
        ("cell", _INF, "none", _COUNTED, "confusion, confusion cell"),
        ("true_positives", _INF, "none", _COUNTED, "tp, hits"),
        ("false_positives", _INF, "none", _COUNTED, "fp, false alarms"),
        ("true_negatives", _INF, "none", _COUNTED, "tn, correct rejections"),
        ("false_negatives", _INF, "none", _COUNTED, "fn, misses"),
        ("parameters", _INF, "none", _COUNTED, "params, parameter count, number of parameters, trainable parameters"),
        ("folds", _INF, "none", _COUNTED, "k, cv folds"),
        ("runs", _INF, "none", _COUNTED, "seeds, repetitions, repeats"),
        ("degrees_of_freedom", _INF, "none", _COUNTED, "df, dof"),
        ("epochs", _INF, "none", _COUNTED, "epoch, number of epochs"),
        ("patience", _INF, "none", _COUNTED, ""),
    ],
    "size": [
        (
            "dimension",
            _INF,
            "none",
            _COUNTED,
            "dim, dims, dimensions, hidden size, hidden units, units, embedding size",
        ),
        ("batch_size", _INF, "none", _COUNTED, "batch, bs, mini batch size"),
        ("kernel_size", _INF, "none", _COUNTED, "kernel, filter size"),
        ("pool_size", _INF, "none", _COUNTED, "pool, pooling"),
        ("sequence_length", _INF, "none", _COUNTED, "sequence, steps, frames, time steps"),
        ("window_size", _INF, "none", (*_COUNTED, "time"), "window, n fft"),
        ("window_length", _INF, "none", (*_COUNTED, "time"), ""),
        ("hop_size", _INF, "none", (*_COUNTED, "time"), "hop, stride"),
        ("hop_length", _INF, "none", (*_COUNTED, "time"), ""),
        ("dilation_base", _INF, "none", _COUNTED, "dilation"),
        ("lag", _INF, "none", _COUNTED, "lag order"),
    ],
    "measure": [
        ("duration", _INF, "none", ("time",), "length, time, training time, runtime"),
        ("latency", _INF, "lower", ("time",), "inference time, delay, response time"),
        ("throughput", _INF, "higher", ("rate",), "items per second, speed"),
        ("memory", _INF, "lower", ("memory",), "ram, gpu memory, model size, memory usage"),
        ("sample_rate", _INF, "none", ("frequency",), "sampling rate, sr, sampling frequency"),
        ("frequency", _INF, "none", ("frequency",), "freq"),
        ("reference_level", _ALL, "none", ("number", "level"), ""),
        ("mean_sequence_length", _INF, "none", _COUNTED, "average sequence length, average length"),
    ],
    "setting": [
        ("learning_rate", _INF, "none", _NUMBER, "lr"),
        ("weight_decay", _INF, "none", _NUMBER, "l2, wd"),
        ("threshold", _ALL, "none", _ANY, "cut off, bound, scale end"),
        ("constant", _ALL, "none", _NUMBER, ""),
        ("entropy", _INF, "none", _NUMBER, ""),
    ],
    "statistic": [
        ("mean", _ALL, "none", _ANY, "m, average, avg"),
        ("standard_deviation", _INF, "none", _ANY, "sd, std, std dev, stdev"),
        ("standard_error", _INF, "none", _ANY, "se, sem, standard error of the mean"),
        ("variance", _INF, "none", _ANY, "var"),
        ("confidence_bound", _ALL, "none", _ANY, "ci, 95 ci, confidence interval"),
        ("t_statistic", _ALL, "none", _NUMBER, "t value, t test"),
        ("f_statistic", _INF, "none", _NUMBER, "f value, anova f"),
        ("chi2_statistic", _INF, "none", _NUMBER, "chi2, chi squared, χ2, χ²"),
        ("z_statistic", _ALL, "none", _NUMBER, "z, z score, z value"),
        ("p_value", _ONE, "none", _NUMBER, "p val, sig, significance"),
    ],
    "label": [
        ("date", _ALL, "none", ("date",), "year"),
        ("label", _ALL, "none", _ANY, "id, class"),
        ("rank", _INF, "none", _COUNTED, "position, place"),
        ("model_number", _ALL, "none", _NUMBER, "no, nr"),
    ],
}
#: averages over classes that scores of classes come in
AVERAGES = {"macro": "macro avg, mean", "micro": "micro avg", "weighted": "weighted avg"}
AVERAGED = ("precision", "recall", "f1", "auc", "pr_auc", "specificity", "jaccard")
#: short headers with more than one meaning: never guessed by themselves; what stands beside them may decide
AMBIGUOUS: dict[str, tuple[str, ...]] = {
    "p": ("precision", "p_value"),
    "r": ("recall", "correlation"),
    "f": ("f1", "f_statistic"),
    "t": ("t_statistic", "duration"),
    "score": ("f1", "accuracy"),
    "average precision": ("pr_auc", "macro_precision"),
}


def normal(text: str) -> str:
    """A header in the form in which aliases are compared: 'F1-Score (%)' -> 'f1 score'."""
    text = re.sub(r"\(\s*(%|percent)?\s*\)|[%↑↓]", " ", text.casefold())
    return re.sub(r"[\s_\-–/.:]+(?!\d)|[\s_\-–/:]+", " ", text).strip()


@functools.cache
def quantities() -> dict[str, Quantity]:
    """The vocabulary: name -> quantity, kinds together."""
    found = {}
    for kind, entries in _TABLE.items():
        for name, (low, high), better, dimensions, aliases in entries:
            also = tuple(normal(alias) for alias in aliases.split(",") if alias.strip())
            found[name] = Quantity(name, kind, low, high, better, also, dimensions, name)
    for average, spelled in AVERAGES.items():
        for name in AVERAGED:
            base = found[name]
            prefixes = [average, *spelled.replace(", mean", "").split(", ")]
            words = [normal(name), *base.aliases]
            also = tuple(
                dict.fromkeys(f"{a} {w}" for a in prefixes for w in words if f"{a} {w}" != f"{average} {name}")
            )
            full = f"{average}_{name}"
            found[full] = Quantity(full, "score", base.low, base.high, base.better, also, base.dimensions, name)
    return found


@functools.cache
def _names() -> dict[str, str]:
    """Every name and alias, normalised -> the quantity's name."""
    found: dict[str, str] = {}
    for name, quantity in quantities().items():
        for alias in (normal(name), *quantity.aliases):
            if found.setdefault(alias, name) != name:
                raise AssertionError(f"'{alias}' names both {found[alias]} and {name}")
    return found


def lookup(name: str) -> Quantity:
    """The quantity of this name or alias (case, hyphens, percent signs and arrows do not count).

    Raises
    ------
    LedgerError
        If it is unknown or ambiguous; the message names the nearest, or what it may mean.
    """
    known = quantities()
    if name in known:
        return known[name]
    word = normal(name)
    if word in _names():
        return known[_names()[word]]
    if word in AMBIGUOUS:
        raise LedgerError(f"quantity '{name}' may be {' or '.join(AMBIGUOUS[word])}: write which")
    close = difflib.get_close_matches(word, _names(), n=1, cutoff=0.6)
    hint = f"; did you mean '{_names()[close[0]]}'" if close else ""
    raise LedgerError(f"quantity '{name}' is unknown{hint} (`mer-repro audit --quantities` lists them)")


def unit_of(text: str) -> str:
    """The unit that a text spells ('sec' -> 's'), in the form of `UNITS` where it is a measured one."""
    text = text.strip()
    return text if text in UNITS else _SPELLED.get(text.casefold(), text)


def dimension(unit: str) -> str:
    """What a unit measures: ``number``, ``share``, ``time``, ``frequency``, ``memory``, ``level``, ``date``, ``rate``
    (things per second) or ``things`` (any noun: songs, users, layers).

    Raises
    ------
    LedgerError
        If the text is neither a measured unit nor a noun; a measured unit spelt otherwise is named.
    """
    if unit in UNITS:
        return UNITS[unit][0]
    if unit.casefold() in _SPELLED:
        raise LedgerError(f"unit '{unit}' is unknown; did you mean '{_SPELLED[unit.casefold()]}'")
    if _RATE.fullmatch(unit):
        return "rate"
    if _THINGS.fullmatch(unit):
        return "things"
    raise LedgerError(f"unit '{unit}' is unknown; expected one of {', '.join(UNITS)}, a noun or 'things/s'")


def scale(unit: str) -> Fraction:
    """The factor from a unit to its base unit; 1 for what is counted."""
    return UNITS.get(unit, ("", Fraction(1)))[1]


def fault(quantity: str, unit: str) -> str:
    """What is wrong with a quantity in a unit, as a clause; empty if nothing.  Takes the exact name only."""
    if quantity not in quantities():
        try:
            return f"quantity '{quantity}' is an alias; write '{lookup(quantity).name}'"
        except LedgerError as error:
            return str(error)
    try:
        measured = dimension(unit)
    except LedgerError as error:
        return str(error)
    expected = quantities()[quantity].dimensions
    if measured not in expected:
        return f"{quantity} in '{unit}' measures {measured}; expected a unit of {' or '.join(expected)}"
    return ""
