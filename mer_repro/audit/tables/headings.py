"""What a header, a row's name or a caption says: a quantity of the vocabulary, its unit, and the rest."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from mer_repro.audit import quantities

#: aliases that mean a quantity only where nothing else stands in the header
_ALONE = {
    "map", "roc", "error", "err", "loss", "hits", "spec", "sens", "rec", "oa", "ua", "m", "k", "n", "dice", "corr",
    "score", "concordance", "npv", "matthews", "hit rate", "cross entropy", "time", "length", "iou", "dsc", "uar",
}  # fmt: skip
#: kinds of quantities that a header may name beside other words
_SCORES = ("score", "error")
_MEASURES = {"latency", "throughput", "memory", "batch_size", "percentage_gain", "difference", "support"}
#: single letters mean these where all three stand side by side
LETTERS = {"p": "precision", "r": "recall", "f": "f1", "pre": "precision", "f1": "f1"}
_COUNTED = re.compile(
    r"^(?:#|no\.? of|num(?:ber)?\.? of|count of)\s*(?P<what>[a-z][a-z ]*)?|^(?P<alone>support|count|samples|n)$"
)
AGGREGATES = {
    "macro": re.compile(r"^(?:macro|unweighted)[ -]?(?:avg|average|mean|averaged?)?\W*$", re.I),
    "weighted": re.compile(r"^weighted[ -]?(?:avg|average|mean)?\W*$", re.I),
    "micro": re.compile(r"^micro[ -]?(?:avg|average|averaged?)?\W*$", re.I),
    "accuracy": re.compile(r"^(?:overall )?(?:accuracy|acc)\W*$", re.I),
    "mean": re.compile(r"^(?:avg|average|mean|averaged)\.?(?: ?/ ?total)?\W*$", re.I),
    "total": re.compile(r"^(?:total|sum|all|overall|in total)\W*$", re.I),
}
PARTS = {
    "training": re.compile(r"\btrain(?:ing)?\b", re.I),
    "validation": re.compile(r"\b(?:dev|development|valid(?:ation)?|val)\b", re.I),
    "testing": re.compile(r"\btest(?:ing)?\b", re.I),
}


@dataclass(frozen=True, slots=True)
class Heading:
    """A header understood.

    Attributes
    ----------
    text : as printed.
    quantity : name in the vocabulary; '' if none is named.
    unit : unit where the header states one, else ''.
    rest : the other words: a model, a data set, a class.
    several : quantities named, if more than one (then `quantity` is '').
    letter : 'p', 'r' or 'f' if only a single letter names the quantity, so that its neighbours must confirm it.
    """

    text: str
    quantity: str = ""
    unit: str = ""
    rest: str = ""
    several: tuple[str, ...] = ()
    letter: str = ""


def plain(text: str) -> str:
    """A header in lower case, with R ², F 1, arrows, and plurals unified."""
    text = text.casefold().replace("²", "2").replace("₁", "1").replace("−", "-")
    text = re.sub(r"\$|\\[a-z]+|[{}↑↓⇑⇓^_]|\((?:higher|lower|more|less) is better\)", " ", text)
    text = re.sub(r"\b(r|f) ?([12])\b", r"\1\2", text)
    text = re.sub(r"\baccuracies\b", "accuracy", re.sub(r"\b(score|value|measure|error)s\b", r"\1", text))
    return re.sub(r"\s+", " ", text).strip()


@functools.cache
def _aliases() -> dict[tuple[str, ...], str]:
    """Word sequences of the vocabulary that a header may contain -> quantity."""
    found = {}
    for name, quantity in quantities.quantities().items():
        if quantity.kind in _SCORES or name in _MEASURES:
            for alias in (name.replace("_", " "), *quantity.aliases):
                found[tuple(_words(alias))] = name
    found[("accuracy", "rate")] = found[("rate", "of", "accuracy")] = "accuracy"
    for sign in ("f1-score", "f-1", "f1 measure", "f-score", "f-measure"):
        found[tuple(_words(sign))] = "f1"
    return found


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:[.@][^\W_]+)*|#", text)


def read(text: str) -> Heading:
    """Understand one header; see `Heading`."""
    clean = plain(text)
    unit = "%" if "%" in clean or "percent" in clean else ""
    bracket = re.search(r"[(\[]\s*([a-z/µ]+)\s*[)\]]", clean)
    if not unit and bracket and quantities.unit_of(bracket[1]) in quantities.UNITS:
        unit = quantities.unit_of(bracket[1])
        clean = clean.replace(bracket[0], " ")
    clean = re.sub(r"\(\s*%?\s*\)|%", " ", clean).strip()
    counted = _COUNTED.match(clean)
    if counted:
        name = "support" if clean == "support" else "count"
        return Heading(text, name, "items", (counted["what"] or "").strip())
    words = _words(clean)
    if words and words[0] == "support" and len(words) <= 2:
        return Heading(text, "support", "items")
    found, rest = _search(words)
    if len(set(found)) == 1:
        return Heading(text, found[0], unit, " ".join(rest))
    if found:
        gained = [name for name in found if name != "percentage_gain"]
        if "percentage_gain" in found and len(gained) == 1:
            return Heading(text, "percentage_gain", unit, " ".join([gained[0], *rest]))
        return Heading(text, several=tuple(dict.fromkeys(found)), unit=unit, rest=" ".join(rest))
    letters = [k for k, word in enumerate(words) if word in LETTERS]
    if len(letters) == 1 and (letters[0] in (0, len(words) - 1)):
        rest = words[: letters[0]] + words[letters[0] + 1 :]
        return Heading(text, LETTERS[words[letters[0]]], unit, " ".join(rest), letter=words[letters[0]][0])
    return Heading(text, unit=unit, rest=clean)


def _search(words: list[str]) -> tuple[list[str], list[str]]:
    """The quantities that the words name, longest first, and the words left."""
    table = _aliases()
    found, rest, position = [], [], 0
    longest = max(map(len, table))
    while position < len(words):
        for size in range(min(longest, len(words) - position), 0, -1):
            part = tuple(words[position : position + size])
            alone = " ".join(part) in _ALONE and len(words) > size
            if part in table and not alone:
                found.append(table[part])
                position += size
                break
        else:
            rest.append(words[position])
            position += 1
    return found, rest


def named(text: str) -> list[str]:
    """All quantities that a sentence names, in its order."""
    return _search(_words(plain(text)))[0]


def aggregate(label: str) -> str:
    """Which aggregate a row's or column's name means: macro, weighted, micro, accuracy, mean, total, or ''."""
    return next((kind for kind, pattern in AGGREGATES.items() if pattern.match(label.strip())), "")


def part_of(text: str) -> str:
    """The part of the data that a text names (training, validation, testing), or '' if none or several."""
    found = [name for name, pattern in PARTS.items() if pattern.search(text)]
    return found[0] if len(found) == 1 else ""


def same(first: str, second: str) -> bool:
    """Whether two names mean the same thing: equal letters and digits, '30m' being '30 minutes'."""
    return _key(first) == _key(second) != ""


def _key(text: str) -> str:
    text = re.sub(r"(\d)\s*m(?:in(?:ute)?\s?s?)?\b", r"\1min", plain(text))
    return re.sub(r"[\W_]", "", text)
