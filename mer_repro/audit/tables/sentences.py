"""Sentences against tables: stated gains, comparisons of two named rows, and claims that one row is the best.

A sentence binds a check only where it names a quantity of a table and, by the paragraph, the table or its rows.  Words
that leave the comparison open (a cited work, "among", "second") end in ``unless``, so that the verdict is
`undetermined` at worst.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mer_repro.audit import quantities
from mer_repro.audit.numbers import Rounding
from mer_repro.audit.tables import headings
from mer_repro.audit.tables.binder import Bound, stated
from mer_repro.audit.tables.interpret import Table, Value

_GAIN = re.compile(
    r"(?<![\d.,\-–])(?P<value>\d+(?:\.\d+)?) ?"
    r"(?P<unit>%|per ?cent(?:age points)?|(?:absolute )?(?:percentage )?points?\b|pp\b)"
)
_CHANGED = re.compile(
    r"\b(?:improv\w+|increas\w+|decreas\w+|reduc\w+|gains?|drop\w*|higher|lower|better|worse|more accurate"
    r"|outperform\w*|boost\w*|surpass\w*|exceed\w*)\b",
    re.I,
)
#: what follows a number that is a change: '8.5 % higher', '7.8 points absolute improvement'
_GAINED = re.compile(r"\W*(?:(?:absolute|relative|points?|overall|average) )*" + _CHANGED.pattern, re.I)
_OURS = re.compile(r"\b(?:ours?|proposed|full model|this (?:paper|work))\b", re.I)
_ABOUT: dict[Rounding, re.Pattern] = {
    "approximate": re.compile(r"\b(?:about|around|approximately|nearly|almost|roughly|some)\W*$|[~≈]$", re.I),
    "at_least": re.compile(r"\b(?:over|more than|at least|above)\W*$", re.I),
    "at_most": re.compile(r"\b(?:up to|at most|under|less than|below)\W*$", re.I),
}
#: words that say that something else is compared than the rows of the tables
_ELSEWHERE = re.compile(
    r"\[\d+|\bet al\b|\(\d{4}\)|state[- ]of[- ]the[- ]art|previous|prior|human|published|on average|averag|respectively"
    r"|confiden|\bup to\b|between|range|errors?\b rate reduction",
    re.I,
)
_BETTER = re.compile(r"\b(?:outperform\w*|beats?|surpass\w*|better than|superior to)\b", re.I)
_WORSE = re.compile(r"\b(?:underperform\w*|worse than|inferior to|decreased compared (?:to|with))", re.I)
_MOST = re.compile(r"\b(?P<how>highest|best|greatest|largest|lowest|worst|smallest)\b", re.I)
_PARTLY = re.compile(
    r"\b(?:among|amongst|except|apart|other than|besides|second|next|baselines?|not|no|nor|neither|never|without|than"
    r"|but|although|while|whereas|however|setting|almost|nearly|one of|either|most)\b",
    re.I,
)
_ALL = re.compile(r"\b(?:all|every|each)(?: \w+){0,2} (?:metrics?|measures?|scores?|indicators?|respects?)\b", re.I)
#: the name of the row that is outdone stands within so many characters of the verb
NEAR = 40
#: a test as the APA writes it
_TEST = re.compile(
    r"\b(?P<name>t|F|z|r|χ2|χ²|chi2)(?: ?\((?P<df>[^)]*)\))? ?= ?(?P<value>[-−]?\d*\.\d+), "
    r"?p ?(?P<sign>[<=>]) ?(?P<p>\d?\.\d+)"
)
_JOIN = re.compile(r"\b(?:match|join|link|merg|intersect)\w*\b[^.]{0,60}\b(?:ids?|identifiers?|names?|keys?)\b", re.I)
_SIZE = re.compile(
    r"(?P<lead>\b[a-z]+ )?(?<![\d.,])(?P<n>\d{1,3}(?:,\d{3})+|\d+) (?:[a-z-]+ ){0,2}"
    r"(?P<noun>users|listeners|people|participants|songs|tracks|clips|excerpts|artists|items)\b",
    re.I,
)
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


@dataclass(frozen=True, slots=True)
class Named:
    """A row that a text names, and where in the text the name starts."""

    start: int
    table: Table
    row: int

    def values(self) -> list[Value]:
        """The numbers of that row whose quantity is known."""
        return [v for (row, _), v in self.table.values.items() if row == self.row and v.quantity]


def bind(tables: list[Table], paragraphs: list[str]) -> list[Bound]:
    """The checks that sentences bind against the tables of the same document."""
    found: list[Bound] = []
    for position, paragraph in enumerate(paragraphs):
        mentioned = {m[1].casefold() for m in re.finditer(r"\btable\W{0,3}([\dIVX]+(?:\.\d+)*)", paragraph, re.I)}
        linked = [table for table in tables if table.name.casefold() in mentioned]
        before = ""
        for number, sentence in enumerate(_sentences(paragraph)):
            place = f"p{position + 1}.s{number + 1}"
            found += _gains(sentence, before, linked or tables, bool(linked), place)
            found += _comparisons(sentence, linked or tables, place)
            found += _superlatives(sentence, linked)
            found += _tests(sentence, place)
            found += _joins(sentence, " ".join([*paragraphs[max(position - 1, 0) : position], before]), place)
            before = sentence
    return found


def _sentences(paragraph: str) -> list[str]:
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", re.sub(r"\s+", " ", paragraph))  # links of Markdown
    text = re.sub(r"\b(et al|vs|e\.g|i\.e|Fig|Tab|Eq|Sec|w\.r\.t|resp|approx)\.", r"\1", text)
    return [part for part in re.split(r"(?<=[.!?])\s+(?=[A-Z(])", text) if part]


def _quantities(text: str, tables: list[Table]) -> list[str]:
    """The quantities of the tables that a text names, by family."""
    known = {v.family for table in tables for v in table.values.values() if v.quantity}
    found = headings.named(re.sub(r"\bmore accurate\b|\baccurately\b", "accuracy", text))
    families = [quantities.quantities()[name].family for name in found]
    return list(dict.fromkeys(family for family in families if family in known))


def _names(text: str, tables: list[Table]) -> list[Named]:
    """The rows that a text names: by their label without what is in brackets, or by 'Model 2' and 'second model'."""
    found = []
    for table in tables:
        for row, heading in table.rows.items():
            if headings.aggregate(heading.text) or not any(place[0] == row for place in table.values):
                continue
            for pattern in _patterns(heading.text, table, row):
                found += [Named(m.start(), table, row) for m in re.finditer(pattern, text, re.I)][:1]
    return sorted(found, key=lambda named: named.start)


def _patterns(label: str, table: Table, row: int) -> Iterator[str]:
    firsts = {r: table.grid.rows[r][k].text for k in table.labels[:1] for r in table.rows}
    names = {r: re.sub(r"\(.*?\)|^\d+[.*)] ?\*?", "", text).strip() for r, text in firsts.items()}
    name = names.get(row, "") or label.rsplit(" ", 1)[0]
    if sum(
        other == name and firsts[r] != firsts.get(row) for r, other in names.items()
    ):  # told apart by brackets alone
        name = firsts.get(row, label)
    if len(name) > 2 and not _OURS.fullmatch(name):
        yield rf"(?<![\w+-]){re.escape(name)}(?![\w+])"
    numbered = re.match(r"^(?:model )?(\d{1,2})[.):]? ?(?=\D)", label, re.I)
    if numbered and 0 < int(numbered[1]) <= len(_ORDINALS):
        yield rf"\bmodel {numbered[1]}\b(?! \+)|\b{_ORDINALS[int(numbered[1]) - 1]} model\b"


def _value(printed: str, unit: str, quantity: str, place: str, rounding: Rounding) -> Value:
    """A number of a sentence as a value that a ledger can hold."""
    return Value(
        id=place, row=-1, column=-1, printed=printed, spread=None, quantity=quantity, unit=unit, who="", where="",
        group=(), section="", bold=False, label="", header="", part="", kept="", rounding=rounding,
    )  # fmt: skip


def _gains(sentence: str, before: str, tables: list[Table], linked: bool, place: str) -> Iterator[Bound]:
    """'a 47.9 % increase in accuracy over MCAN': some pair of the tables' values must give it, in some reading."""
    if not _CHANGED.search(sentence):
        return
    cells = {v.printed.rstrip("0") for table in tables for v in table.values.values() if v.quantity}
    gains = [gain for gain in _GAIN.finditer(sentence) if gain["value"].rstrip("0") not in cells]
    wanted: list[str] = []
    for k, gain in enumerate(gains):
        lead = sentence[gains[k - 1].end() if k else 0 : gain.start()]
        rest = sentence[gain.end() : gains[k + 1].start() if k + 1 < len(gains) else len(sentence)]
        behind = re.search(r"\bby\b(?: \w+)?\W*$", lead) is not None
        if not (behind or _GAINED.match(rest) or re.search(_CHANGED.pattern + r" of(?: \w+)?\W*$", lead, re.I)):
            continue
        sides = (lead, rest) if behind else (rest, lead)
        of_accuracy = next((bool(re.search(r"\baccura", side)) for side in sides if _quantities(side, tables)), None)
        near = next((found for side in sides if (found := _quantities(side, tables))), [])
        if re.search(r"\baccura", sides[0]) and not _quantities(sides[0], tables):
            near, of_accuracy = [], True  # "accuracy" where no table has one: any score may be meant
        wanted = near if near or of_accuracy else wanted or _quantities(sentence, tables)
        if wanted or (of_accuracy and linked):
            yield from _gain(gain, lead, sentence, f"{before} {sentence}", wanted, tables, linked, place)


def _gain(
    gain, lead: str, sentence: str, context: str, wanted: list[str], tables: list[Table], linked: bool, place: str
):
    rounding: Rounding = next((name for name, pattern in _ABOUT.items() if pattern.search(lead)), "nearest")
    unit = "points" if "point" in gain["unit"] or gain["unit"] == "pp" else "%"
    known = quantities.quantities()
    named = {(id(n.table), n.row) for n in _names(context, tables)}
    ours: list[Value] = []
    base: list[Value] = []
    others: list[Value] = []
    for table in tables:
        for value in table.values.values():
            kind = known[value.quantity].kind if value.quantity else ""
            if kind in ("score", "error") and (not wanted or value.family in wanted):
                own = _OURS.search(value.label)
                (ours if own else base if (id(table), value.row) in named else others).append(value)
    before = base or others
    if not ours or not {v.quantity for v in before} & {v.quantity for v in ours}:
        return
    one_result = len({(v.quantity, v.printed) for v in ours}) == len({v.quantity for v in ours})
    told = (linked and base) or one_result
    open_ = not told or _ELSEWHERE.search(sentence)
    name = f"text.{place}.{gain['value'].replace('.', '_')}"
    claim = _value(gain["value"], unit, "percentage_gain", name, rounding)
    unless = "it compares with numbers that no table prints" if open_ else ""
    if rounding == "approximate" and not unless:
        unless = "the text means no exact number"
    yield Bound("stated_change", {"stated": claim, "before": before, "after": ours}, "", unless=unless)


def _comparisons(sentence: str, tables: list[Table], place: str) -> Iterator[Bound]:
    """'the third model was worse than the second in all metrics': every named quantity must be in that order."""
    for pattern, first_better in ((_BETTER, True), (_WORSE, False)):
        for verb in pattern.finditer(sentence):
            names = _names(sentence, tables)
            subject = [n for n in names if n.start < verb.start()]
            object_ = [n for n in names if n.start >= verb.end()]
            wanted = _quantities(sentence, tables)
            start = max(sentence.rfind(mark, 0, verb.start()) for mark in (",", ";", " and ", ":"))
            end = min((m.start() for m in re.finditer("[,;:]", sentence[verb.end() :])), default=len(sentence))
            clause = sentence[max(start, 0) : verb.end() + end]
            every = _ALL.search(clause)
            near = bool(object_) and object_[0].start - verb.end() < NEAR
            if not subject or not near or not (wanted or every) or re.search(r"\b(?:not|only|but)\b|n't\b", clause):
                continue
            one = [v for n in subject if n.start == subject[-1].start for v in n.values()]
            other = [v for n in object_ if n.start == object_[0].start for v in n.values()]
            yield from _ordered(one, other, wanted if not every else [], first_better, "decreas" in verb[0])


def _tests(sentence: str, place: str) -> Iterator[Bound]:
    """'t(28) = 2.20, p = .036': a p value from its statistic and degrees of freedom."""
    for k, found in enumerate(_TEST.finditer(sentence)):
        name = "chi2" if found["name"] not in ("t", "F", "z", "r") else found["name"].lower()
        quantity = "correlation" if name == "r" else f"{name}_statistic"
        degrees = re.findall(r"\d+", (found["df"] or "").split("N")[0])
        signs: dict[str, Rounding] = {"<": "at_most", ">": "at_least", "=": "nearest"}

        def value(
            role: str, printed: str, quantity: str, rounding: Rounding, start: str = f"text.{place}.t{k + 1}"
        ) -> Value:
            unit = "items" if quantity == "degrees_of_freedom" else "1"
            return _value(printed.replace("−", "-"), unit, quantity, f"{start}.{role}", rounding)

        claims = {
            "p": value("p", found["p"], "p_value", signs[found["sign"]]),
            "statistic": value("statistic", found["value"], quantity, "nearest"),
        }
        for role, printed in zip(("df", "df2"), degrees, strict=False):
            claims[role] = value(role, printed, "degrees_of_freedom", "exact")
        if len(degrees) == {"z_statistic": 0, "f_statistic": 2}.get(quantity, 1):
            yield Bound("p_from_statistic", claims, "")


def _joins(sentence: str, before: str, place: str) -> Iterator[Bound]:
    """'matched by user ids, 500 users remain': a join has at most as many as each data set named before."""
    if not _JOIN.search(sentence):
        return
    sources = [
        m for said in _sentences(before) if re.search(r"data ?-?set|corpus", said, re.I) for m in _SIZE.finditer(said)
    ]
    for joined in _SIZE.finditer(sentence):
        for k, source in enumerate(m for m in sources if m["noun"].casefold() == joined["noun"].casefold()):
            values = [
                _value(size["n"], size["noun"].casefold(), "count", f"text.{place}.{name}{k + 1}", _how(size["lead"]))
                for name, size in (("joined", joined), ("source", source))
            ]
            yield Bound("at_most", {"smaller": values[:1], "larger": values[1:]}, "")


def _how(lead: str | None) -> Rounding:
    """The rounding of a count that words such as 'about' stand before."""
    return next((name for name, pattern in _ABOUT.items() if lead and pattern.search(lead)), "exact")


def _ordered(one: list[Value], other: list[Value], wanted: list[str], first_better: bool, literal: bool):
    """Bind `ordering` for the values of two rows on the same thing; not where 'decreased' is right taken literally.

    `wanted` are the quantities named; empty if the sentence speaks of all.  A named quantity in several columns leaves
    open which of them is meant.
    """
    known = quantities.quantities()
    pairs = [
        (a, b)
        for a in one
        for b in other
        if a.column == b.column and a.kept == b.kept and a.row != b.row and a.quantity == b.quantity
        and (a.family in wanted if wanted else known[a.quantity].kind in ("score", "error"))
        and known[a.quantity].better != "none"
    ]  # fmt: skip
    if not pairs or (literal and all(stated(a).middle <= stated(b).middle for a, b in pairs)):
        return
    batches: dict[tuple, list[tuple[Value, Value]]] = {}
    for a, b in pairs:
        at = sum(a.quantity == other.quantity and a.kept == other.kept for other, _ in pairs[: pairs.index((a, b))])
        batches.setdefault((at, a.kept), []).append((a, b) if first_better else (b, a))
    unless = "the sentence speaks of fewer columns than the table has" if wanted and len(batches) > 1 else ""
    for batch in batches.values():
        ahead, behind = (list(side) for side in zip(*batch, strict=True))
        yield Bound("ordering", {"better": ahead, "worse": behind}, "", unless=unless)


def _superlatives(sentence: str, linked: list[Table]) -> Iterator[Bound]:
    """'the highest F1 of 84.7 % is that of Calm': no other row of the same table may be higher."""
    found = _MOST.search(sentence)
    wanted = _quantities(sentence, linked)
    names = _names(sentence, linked)
    rows = {(id(n.table), n.row) for n in names}
    if not found or len(wanted) != 1 or len(rows) != 1 or len(_MOST.findall(sentence)) != 1 or _PARTLY.search(sentence):
        return
    table, row = names[0].table, names[0].row
    cells = [v for v in table.values.values() if v.family == wanted[0] and not headings.aggregate(v.label)]
    own = [v for v in cells if v.row == row]
    printed = re.search(r"(\d+\.\d+) ?%?", sentence)
    if len({v.column for v in cells}) != 1 or len(own) != 1 or (printed and printed[1] != own[0].printed):
        return
    high = found["how"].casefold() in ("highest", "greatest", "largest")
    low = found["how"].casefold() in ("lowest", "smallest")
    better = quantities.quantities()[own[0].quantity].better
    first = (high and better == "higher") or (low and better == "lower") or found["how"].casefold() == "best"
    rest = [v for v in cells if v.row != row and v.section == own[0].section and v.kept == own[0].kept]
    if rest and better != "none":
        claims = {"better": own, "worse": rest} if first else {"better": rest, "worse": own}
        unless = "" if printed else "the sentence compares fewer rows than the table has"
        yield Bound("ordering", claims, table.name, unless=unless)
