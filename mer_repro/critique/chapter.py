"""The tables and numbers of the chapter 'Critique'; its figures are in `mer_repro.critique.figures`.

Every function takes the rooms of `mer_repro.critique.rooms.enter_all`, and the data survey where it needs it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from mer_repro import report
from mer_repro.audit import finding, ledger
from mer_repro.critique import compare, effects, judgements, precision
from mer_repro.critique.data_chapter import survey as data_survey
from mer_repro.critique.rooms import NOT_CHECKED, NOT_RERUN, THIS_STUDY, Room
from mer_repro.records import cells_of, find
from mer_repro.verdicts import JUDGEMENTS

#: What the matrix says of a ledger entry: a check blames a set of numbers, and mostly one of them only is wrong.
IN_THE_MATRIX = report.SIGNS | {"inconsistent": "✗ in a set that cannot all be right"}
ANSWERS = {"yes": "✓ yes", "partly": "± partly", "no": "✗ no", "not applicable": "– not applicable"}
#: Metrics whose differences are shown as percentage points.
SHARES = ("accuracy", "macro_f1")
METRIC_NAMES = {
    "r2": "R²",
    "mae": "MAE",
    "seen_mae": "MAE",
    "accuracy": "points of accuracy",
    "macro_f1": "points of macro F1",
}
#: Scores that a paper reports of models, as its ledger calls them.
SCORES = ("r2", "rmse", "mse", "mae", "mape", "accuracy", "precision", "recall", "f1", "macro_f1", "auc")
#: The measure of a leak that the page opens with, as `leakage.yaml` calls it.
HEARS_NOTHING = "mean training label of the song, PMEmo arousal"
#: Types of leaks by fitting something on all items before the division.
FITTED = ("L1.2", "L1.3")
REPEATS = ("seed", "seeds", "runs", "folds", "repetitions")
TESTS = ("p_value", "test_statistic", "confidence_level")


def _table(
    rows: Iterable[dict], caption: str, searchable: bool = False, behind: Iterable[Iterable[str]] = ()
) -> report.Table:
    """Rows as a table; `behind` are the ids of the records behind each row, to which the book links its cell "runs"."""
    import pandas as pd

    texts = [{column: str(cell) for column, cell in row.items()} for row in rows]
    return report.Table(pd.DataFrame(texts).fillna("–"), caption, searchable, tuple(map(cells_of, behind)))


def name(key: str) -> str:
    """A paper's key; this study by its name."""
    return "this study" if key == THIS_STUDY else key


def _room(rooms: list[Room], key: str) -> Room | None:
    return next((room for room in rooms if room.key == key), None)


def _cited(paper: str, places: list[str]) -> str:
    return "; ".join(dict.fromkeys(judgements.described(paper, place) for place in places))


# ---- claims ----------------------------------------------------------------------------------------------------------


def matrix_counts(rooms: list[Room]):
    """Checks by verdict, judged claims by rerun verdict: a pandas DataFrame, a row a paper, counts in the columns.

    `entries` counts the ledger's numbers and statements, `checked` those that a check takes up.
    """
    import pandas as pd

    rows = []
    for room in rooms:
        checks = Counter(result.verdict for result in room.results)
        judged = Counter(verdict.judgement for verdict in room.verdicts)
        audited = Counter(room.audited().values())
        row = {"paper": room.key, "entries": audited.total(), "checked": audited.total() - audited[NOT_CHECKED]}
        row |= {"checks": checks.total()} | {verdict: checks[verdict] for verdict in finding.VERDICTS}
        rows.append(row | {"judged": judged.total()} | {judgement: judged[judgement] for judgement in JUDGEMENTS})
    return pd.DataFrame(rows)


#: Rows of the overview and what they are called there.
OVERVIEW = {
    "entries": "numbers and statements in the ledger",
    "checked": "of these taken up by a check",
    "checks": "checks",
    **{verdict: report.SIGNS[verdict] for verdict in finding.VERDICTS},
    "judged": "claims judged by reruns",
    **{judgement: report.SIGNS[judgement] for judgement in JUDGEMENTS},
}


def overview_table(rooms: list[Room]) -> report.Table:
    """`matrix_counts` as it is shown, a column a paper; papers without runs say so."""
    counts = matrix_counts(rooms).set_index("paper")
    rows = []
    for kind, called in OVERVIEW.items():
        of_reruns = kind == "judged" or kind in JUDGEMENTS
        cells = {room.key: str(counts.loc[room.key, kind]) if room.rerun or not of_reruns else "–" for room in rooms}
        rows.append({"": called} | cells | {"all": str(counts[kind].sum())})
    return _table(rows, "Ledger entries, checks and judged claims")


def claims_matrix(rooms: list[Room]) -> report.Table:
    """Every number and statement of every paper with what audit and reruns say of it."""
    rows = []
    for room in rooms:
        audited, judged = room.audited(), room.judged()
        for entry in (*room.book.claims, *room.book.statements):
            printed = entry.value if isinstance(entry, ledger.Claim) else entry.says
            rows.append(
                {
                    "paper": room.key,
                    "id": entry.id,
                    "where": str(entry.where),
                    "printed or said": printed,
                    "audit": IN_THE_MATRIX.get(audited[entry.id], audited[entry.id]),
                    "rerun": _signed(judged[entry.id]),
                }
            )
    return _table(rows, f"{len(rows)} numbers and statements", searchable=True)


def _signed(joined: str) -> str:
    return ", ".join(report.SIGNS.get(part, part) for part in joined.split(", "))


def verdicts_table(rooms: list[Room]) -> report.Table:
    """Every claim that was judged by reruns, supported ones last; papers without runs get one row."""
    order = ("unsupported", "undecided", "untestable", "supported")
    found = [(room.key, v) for judgement in order for room in rooms for v in room.verdicts if v.judgement == judgement]
    rows = [
        {
            "paper": key,
            "claim": v.claim,
            "verdict": report.SIGNS[v.judgement],
            "because": v.because,
            "runs": len(v.records),
        }
        for key, v in found
    ]
    silent = [{"paper": room.key, "claim": "all", "verdict": NOT_RERUN} for room in rooms if not room.rerun]
    behind = [v.records for _, v in found] + [()] * len(silent)
    return _table(rows + silent, "Claims judged by reruns", searchable=True, behind=behind)


# ---- leaks -----------------------------------------------------------------------------------------------------------


def measured(rooms: list[Room], survey: dict) -> list[tuple[judgements.Leak, str, effects.Effect]]:
    """Every measured inflation: the leak, what was measured, the effect. Leaks without runs are left out."""
    found = []
    for leak in judgements.leaks():
        for measure in leak.measures:
            effect = _measure(leak, measure, rooms, survey)
            if effect:
                found.append((leak, measure.says, effect))
    return found


def _measure(leak, measure, rooms: list[Room], survey: dict) -> effects.Effect | None:
    if isinstance(measure, judgements.Swap):
        return effects.swap(survey, measure.model, measure.target)

    def runs(cell: judgements.Cell) -> list:
        room = _room(rooms, cell.paper or leak.paper)
        return find(room.records if room else [], **cell.model_dump(exclude={"paper"}))

    if isinstance(measure, judgements.Paired):
        return effects.paired(runs(measure.paired), measure.metric)
    return effects.contrast(runs(measure.of), runs(measure.against), measure.metric, measure.metric_against)


def shown(effect: effects.Effect) -> str:
    """``+0.12 [0.05, 0.19] R²``; shares in percentage points."""
    # Records call a difference of accuracies by its two models, and a score on other classes by these.
    share = effect.metric in SHARES or effect.metric.endswith("_accuracy") or "-" in effect.metric
    scale, digits = (100, 1) if share else (1, 2)
    digits += METRIC_NAMES.get(effect.metric) == "MAE"
    scaled = effects.Effect(
        effect.metric, *(scale * x for x in (effect.value, effect.low, effect.high)), effect.seeds, effect.basis
    )
    unit = METRIC_NAMES.get(effect.metric, "points of accuracy" if share else effect.metric)
    return f"{scaled.shown(digits)} {unit}"


def taxonomy_table() -> report.Table:
    """The types of leaks and how many papers have each, by how sure it is; this study is not counted."""
    counts = leak_counts().set_index("type")
    rows = [
        {"type": kind, "what it is": says}
        | {sure: str(counts.loc[kind, certainty] or "–") for certainty, sure in judgements.CERTAINTIES.items()}
        for kind, says in judgements.TAXONOMY.items()
    ]
    return _table(rows, "Papers by type of leak")


def leaks_table() -> report.Table:
    """All leaks by type: where they stand and how sure it is that they are there."""
    order = list(judgements.TAXONOMY)
    rows = [
        {
            "type": leak.type,
            "paper": name(leak.paper),
            "how sure": judgements.CERTAINTIES[leak.certainty],
            "what": leak.says,
            "where": _cited(leak.paper, leak.places),
        }
        for leak in sorted(judgements.leaks(), key=lambda leak: order.index(leak.type))
    ]
    return _table(rows, f"{len(rows)} leaks, found, possible or ruled out", searchable=True)


def inflation_table(rooms: list[Room], survey: dict) -> report.Table:
    """What leaks of each type were measured to be worth in our runs."""
    found = measured(rooms, survey)
    rows = [
        {
            "type": leak.type,
            "for": name(leak.paper),
            "measured on": says,
            "change": shown(effect),
            "interval from": f"{effect.seeds} splits" if effect.basis == "splits" else effect.basis,
            "runs": len(effect.records) or "data survey",
        }
        for leak, says, effect in found
    ]
    return _table(rows, "Measured effects of leaks", searchable=True, behind=[effect.records for *_, effect in found])


def leak_counts():
    """How many papers have a leak of each type, by how sure it is: a row a type; this study is not counted."""
    import pandas as pd

    rows = []
    for kind in judgements.TAXONOMY:
        row: dict = {"type": kind}
        for certainty in judgements.CERTAINTIES:
            row[certainty] = len(
                {leak.paper for leak in _of_papers() if (leak.type, leak.certainty) == (kind, certainty)}
            )
        rows.append(row)
    return pd.DataFrame(rows)


def _of_papers() -> list[judgements.Leak]:
    return [leak for leak in judgements.leaks() if leak.paper != THIS_STUDY]


# ---- superiority -----------------------------------------------------------------------------------------------------


def all_trials(rooms: list[Room]) -> list[compare.Trial]:
    """Every superiority claim on every set of runs."""
    found = []
    for comparison in judgements.comparisons():
        room = _room(rooms, comparison.paper)
        found += compare.trials(comparison, room) if room else [compare.Trial(comparison)]
    return found


def superiority_table(rooms: list[Room]) -> report.Table:
    """What the paper claims, what our runs of it show, and whether it survives the best simple model."""
    rows, behind = [], []
    for trial in all_trials(rooms):
        claim, room = trial.comparison, _room(rooms, trial.comparison.paper)
        stated = " against ".join(room.printed(number) for number in claim.stated) if room else "–"
        row = {"paper": claim.paper, "claim and its numbers": f"{claim.says} {stated}"}
        row["runs"] = _cell_name(trial.cell) if trial.cell else NOT_RERUN
        if trial.cell:
            row["network"] = _score(trial.network, claim.metric)
            row["over its rival"] = _lead(trial.over_rival)
            row["best simple model"] = f"{trial.simple.replace('_', ' ')}, {_score(trial.simple_score, claim.metric)}"
            row["over it"] = _lead(trial.over_simple)
        generated = " (on a twin)" if trial.cell and trial.cell.data == "twin" else ""
        rows.append(row | {"superiority": trial.verdict + generated})
        behind.append([name for lead in (trial.over_rival, trial.over_simple) if lead for name in lead.records])
    caption = "Superiority claims, rerun; positive differences are in the network's favour"
    return _table(rows, caption, searchable=True, behind=behind)


def _lead(effect: effects.Effect | None) -> str:
    return "–" if effect is None else f"{shown(effect)}: {compare.OUTCOMES[effect.sign]}"


def _cell_name(cell: judgements.Cell) -> str:
    parts = [f"{cell.dataset} ({cell.data})", cell.target, cell.protocol.replace("_", " ")]
    return ", ".join(part for part in parts if part)


def _score(value: float, metric: str) -> str:
    return f"{100 * value:.1f} %" if metric in SHARES else f"{value:.3f}"


# ---- data ------------------------------------------------------------------------------------------------------------


def data_table(rooms: list[Room], survey: dict) -> report.Table:
    """What each data set holds and can support, what papers used it for, and how many of our runs read it."""
    read = Counter(part for room in rooms for record in room.records for part in record.dataset.split("+"))
    rows = []
    for entry in judgements.data_sets():
        said = [data_survey.finding(survey, entry.name, check)["says"] for check in entry.rests_on]
        uses = [
            f"{use.paper}: {use.says} ({_cited(use.paper, use.places)}); held by the set: {use.holds}"
            for use in entry.uses
        ]
        rows.append(
            {
                "data set": entry.name,
                "can support": entry.supports,
                "used by the papers for": "; ".join(uses) or "none of them; stands in here",
                "because the survey finds": " ".join(said),
                "runs here": f"{read[entry.name]:,}",
            }
        )
    return _table(rows, "What the data can support and what it was used for", searchable=True)


# ---- precision -------------------------------------------------------------------------------------------------------


def omissions(room: Room) -> dict[str, int]:
    """What a ledger holds of a paper's statistics, counted.

    Returns
    -------
    scores : numbers that score a model; with_spread : of these, how many have one; repeats, tests : numbers of runs or
    seeds, and of significance tests; test_sizes : counts of test items.
    """
    scores = [claim for claim in room.book.claims if claim.quantity in SCORES]
    return {
        "scores": len(scores),
        "with_spread": sum(claim.spread is not None for claim in scores),
        "repeats": sum(claim.quantity in REPEATS for claim in room.book.claims),
        "tests": sum(claim.quantity in TESTS for claim in room.book.claims),
        "test_sizes": sum(_is_test_size(claim) for claim in room.book.claims),
    }


def _is_test_size(claim: ledger.Claim) -> bool:
    counted = claim.quantity in ("count", "support") and claim.unit in ("songs", "samples", "users", "items", "pieces")
    return counted and claim.about.get("split") == "test" and claim.about.get("class", "all") == "all"


def _significance(key: str) -> str:
    """Whether a paper claims significance and names a test, after the checklist."""
    answers = judgements.checklist().answers.get(key)
    if answers is None:
        return "–"
    answer = answers["significance"].answer
    return {"not applicable": "no", "no": "yes, without a test"}.get(answer, "yes, with a test")


def _rows_with_spread(room: Room) -> str:
    """Whose scores have a spread: ``qiu2025: bcrsn, mcan``."""
    models = {claim.about.get("model", "?") for claim in room.book.claims if claim.spread and claim.quantity in SCORES}
    return f"{room.key}: {', '.join(sorted(models))}"


def omissions_table(rooms: list[Room]) -> report.Table:
    """Scores with and without a spread, stated repeats, tests and test sizes, and claims of significance."""
    rows = []
    for room in rooms:
        found = omissions(room)
        rows.append(
            {
                "paper": room.key,
                "scores printed": found["scores"],
                "with a spread": found["with_spread"],
                "numbers of runs or seeds": found["repeats"],
                "numbers of test items": found["test_sizes"],
                "p-values or intervals": found["tests"],
                "claims significance": _significance(room.key),
            }
        )
    return _table(rows, "Statistics in the ledgers")


def precision_rows(rooms: list[Room]) -> list[dict]:
    """Every stated difference under every reading of the test size.

    Returns
    -------
    A dictionary each: paper, says, kind, better, worse (floats), items (int), reading, overlaps (or None where the
    printed numbers cannot be of one set of predictions), assumed (whether the test size is our assumption).
    """
    rows = []
    for entry in judgements.precisions():
        room = _room(rooms, entry.paper)
        for reading in entry.items if room else []:
            items = _items(reading, room)
            if entry.kind == "accuracy":
                better, worse = room.stated(entry.better), room.stated(entry.worse)
                overlaps = precision.accuracies(better, worse, items)
            else:
                one, other = (
                    tuple(room.stated(f"{side}.{part}") for part in ("mae", "rmse"))
                    for side in (entry.better, entry.worse)
                )
                better, worse = one[0], other[0]
                overlaps = precision.absolute_errors(one, other, items)
            rows.append(
                {
                    "paper": entry.paper, "says": entry.says, "kind": entry.kind, "better": better, "worse": worse,
                    "items": items, "reading": reading.says, "overlaps": overlaps,
                    "assumed": reading.assumed_share is not None,
                }
            )  # fmt: skip
    return rows


def _items(reading: judgements.Items, room: Room) -> int:
    facts = ledger.facts()
    total = sum(
        float(facts[name.removeprefix("fact:")].value.replace(",", ""))
        if name.startswith("fact:")
        else room.stated(name)
        for name in reading.sum
    )
    share = room.stated(reading.share) if reading.share else reading.assumed_share or 1
    return round(total * share)


def precision_table(rooms: list[Room]) -> report.Table:
    """What the stated test sizes could have shown, and which stated differences lie within chance."""
    rows = []
    for row in precision_rows(rooms):
        overlaps, percent = row["overlaps"], row["kind"] == "accuracy"
        items = f"{row['items']:,} ({row['reading']}{'; our assumption' if row['assumed'] else ''})"
        if percent:
            items += f"; {precision.items_needed(row['better'], row['worse']):,} needed"
        cells = {
            "paper": row["paper"],
            "comparison": row["says"],
            "test items": items,
            "stated": " against ".join(_stated_score(row[side], row["items"], percent) for side in ("better", "worse")),
            "difference": _difference(abs(row["better"] - row["worse"]), percent),
            "detectable": _difference(overlaps.detectable, percent) if overlaps else "–",
            "p by overlap: most, independent, least": "–",
            "reading": "cannot be worked out: an MAE is above its RMSE",
        }
        if overlaps:
            cells["p by overlap: most, independent, least"] = ", ".join(
                _p(p) for p in (overlaps.most, overlaps.independent, overlaps.least)
            )
            cells["reading"] = overlaps.reading
        rows.append(cells)
    return _table(rows, "Stated differences against the size of the test", searchable=True)


def _stated_score(value: float, items: int, percent: bool) -> str:
    if not percent:
        return f"MAE {value:.4f}"
    low, high = precision.wilson(value, items)
    return f"{100 * value:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"


def _difference(value: float, percent: bool) -> str:
    return f"{100 * value:.1f} points" if percent else f"{value:.4f}"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


# ---- checklist -------------------------------------------------------------------------------------------------------


def checklist_table(rooms: list[Room]) -> report.Table:
    """The answers at a glance: a row a question, a column a paper, the last one this study."""
    filled = judgements.checklist()
    rows = [
        {"question": question.asks}
        | {name(key): ANSWERS[filled.answers[key][question.id].answer] for key in _columns(rooms)}
        for question in filled.questions
    ]
    return _table(rows, "Reporting checklist")


def _columns(rooms: list[Room]) -> list[str]:
    """The papers whose checklist is filled in, and this study."""
    answered = judgements.checklist().answers
    return [*(room.key for room in rooms if room.key in answered), THIS_STUDY]


def answers_table(rooms: list[Room]) -> report.Table:
    """Every answer with its reason and the place where it stands or would be expected."""
    filled = judgements.checklist()
    rows = []
    for question in filled.questions:
        for key in _columns(rooms):
            answer = filled.answers[key][question.id]
            rows.append(
                {
                    "question": question.asks,
                    "paper": name(key),
                    "answer": ANSWERS[answer.answer],
                    "why": answer.note,
                    "where": _cited(key, answer.places),
                }
            )
    return _table(rows, "Every answer with its place", searchable=True)


def checklist_counts(rooms: list[Room]) -> dict[str, Counter]:
    """How often each paper, and this study, answers yes, partly, no."""
    filled = judgements.checklist()
    return {key: Counter(answer.answer for answer in filled.answers[key].values()) for key in _columns(rooms)}


# ---- cost ------------------------------------------------------------------------------------------------------------


def cost(rooms: list[Room]):
    """Runs, seconds and devices by paper, data set, kind of data and protocol: a pandas DataFrame, dearest first."""
    import pandas as pd

    columns = ["paper", "dataset", "data", "protocol", "seconds", "device"]
    frame = pd.DataFrame([{c: getattr(record, c) for c in columns} for room in rooms for record in room.records])
    if frame.empty:
        return pd.DataFrame(columns=[*columns[:4], "runs", "seconds", "longest", "device"])
    grouped = frame.groupby(columns[:4], sort=False)
    table = grouped["seconds"].agg(runs="size", seconds="sum", longest="max")
    table["device"] = grouped["device"].agg(lambda devices: ", ".join(sorted(set(devices))))
    return table.reset_index().sort_values("seconds", ascending=False, ignore_index=True)


def cost_table(rooms: list[Room]) -> report.Table:
    """The cost of every experiment."""
    rows = [
        {
            "paper": row.paper,
            "data": f"{row.dataset} ({row.data})",
            "protocol": row.protocol.replace("_", " "),
            "runs": f"{row.runs:,}",
            "time": duration(row.seconds),
            "longest run": duration(row.longest),
            "device": row.device,
        }
        for row in cost(rooms).itertuples()
    ]
    return _table(rows, f"{len(rows)} experiments, dearest first", searchable=True)


def totals_table(rooms: list[Room]) -> report.Table:
    """Runs and time by paper, and of all."""
    rows = []
    for label, chosen in [*((room.key, [room]) for room in rooms), ("all", rooms)]:
        records = [record for room in chosen for record in room.records]
        kinds = Counter(record.data for record in records)
        rows.append(
            {
                "paper": label,
                "runs": f"{len(records):,}" if records else NOT_RERUN,
                "on real data": f"{kinds['real']:,}",
                "on twins": f"{kinds['twin']:,}",
                "time": duration(sum(record.seconds for record in records)),
                "devices": ", ".join(sorted({record.device for record in records})) or "–",
            }
        )
    return _table(rows, "Cost of the committed records")


def duration(seconds: float) -> str:
    """``2 h 05 min``, ``3 min 20 s``, ``4.2 s``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


# ---- open questions --------------------------------------------------------------------------------------------------


def open_table() -> report.Table:
    """What cannot be decided from outside, and what would."""
    rows = [
        {
            "paper": entry.paper,
            "question": entry.question,
            "what we say now": entry.now,
            "what would decide it": entry.decided_by,
            "where": _cited(entry.paper, entry.places),
        }
        for entry in judgements.open_questions()
    ]
    return _table(rows, "Open questions", searchable=True)


# ---- prose -----------------------------------------------------------------------------------------------------------


def numbers(rooms: list[Room], survey: dict) -> dict[str, str]:
    """The numbers that the chapter's prose quotes, by the name under which it glues them."""
    counts = matrix_counts(rooms)
    records = [record for room in rooms for record in room.records]
    quoted = {
        "papers": len(rooms),
        "not_rerun": ", ".join(room.key for room in rooms if not room.rerun) or "none",
        "runs": len(records),
        "time": duration(sum(record.seconds for record in records)),
        "devices": ", ".join(sorted({record.device for record in records})),
    }
    quoted |= {column: counts[column].sum() for column in counts.columns if column != "paper"}
    quoted = {key: _count(value) for key, value in quoted.items()}
    quoted |= _leak_numbers(rooms, survey) | _trial_numbers(rooms)
    lacking = {use.paper for entry in judgements.data_sets() for use in entry.uses if use.holds != "yes"}
    quoted["papers_lacking"] = str(len(lacking))
    return quoted | _precision_numbers(rooms) | _checklist_numbers(rooms)


def _count(value) -> str:
    return value if isinstance(value, str) else f"{int(value):,}"


def _leak_numbers(rooms: list[Room], survey: dict) -> dict[str, str]:
    found = Counter(leak.certainty for leak in _of_papers() if leak.type != "labels")
    # A share and an R² have no common scale: the largest inflation is told among differences of R².
    inflations = {says: effect for _, says, effect in measured(rooms, survey) if effect.metric == "r2"}
    largest = max(inflations, default=None, key=lambda says: inflations[says].value)
    nothing = inflations.get(HEARS_NOTHING)
    return {
        "leaks_certain": str(found["stated"] + found["released"]),
        "leaks_possible": str(found["possible"]),
        "leaks_excluded": str(found["excluded"]),
        "leaks_measured": str(len(measured(rooms, survey))),
        "preprocessing": "; ".join(shown(effect) for leak, _, effect in measured(rooms, survey) if leak.type in FITTED)
        or "(not measured)",
        "hears_nothing": shown(nothing) if nothing else "(not measured)",
        "largest_inflation": shown(inflations[largest]) if largest else "(not measured)",
        "largest_inflation_of": largest or "(not measured)",
    }


def _trial_numbers(rooms: list[Room]) -> dict[str, str]:
    """Networks against the best simple model on real data, each once, though it may stand in several claims."""
    tried = {
        (trial.comparison.paper, trial.comparison.network, trial.comparison.metric, str(trial.cell)): trial.verdict
        for trial in all_trials(rooms)
        if trial.cell and trial.cell.data == "real"
    }
    found = Counter(tried.values())
    return {
        "superiority_trials": str(len(tried)),
        "survives": str(found["survives"]),
        "does_not_survive": str(found["does not survive"]),
        "cannot_tell": str(found["cannot tell"]),
    }


def _precision_numbers(rooms: list[Room]) -> dict[str, str]:
    worked = [row["overlaps"] for row in precision_rows(rooms) if row["overlaps"]]
    spread = [omissions(room) for room in rooms]
    return {
        "scores": f"{sum(found['scores'] for found in spread):,}",
        "spread_in": "; ".join(_rows_with_spread(room) for room in rooms if omissions(room)["with_spread"]),
        "scores_with_spread": str(sum(found["with_spread"] for found in spread)),
        "papers_with_repeats": str(sum(found["repeats"] > 0 for found in spread)),
        "papers_with_tests": str(sum(found["tests"] > 0 for found in spread)),
        "papers_with_test_size": str(sum(found["test_sizes"] > 0 for found in spread)),
        "papers_significant": str(sum(_significance(room.key).startswith("yes") for room in rooms)),
        "differences": str(len(worked)),
        "beyond": str(sum(overlaps.least < precision.LEVEL for overlaps in worked)),
        "not_beyond": str(sum(overlaps.least >= precision.LEVEL for overlaps in worked)),
    }


def _checklist_numbers(rooms: list[Room]) -> dict[str, str]:
    filled = judgements.checklist()
    answered = [answers for key, answers in filled.answers.items() if key != THIS_STUDY]
    quoted = {
        f"asked_{answer}": str(sum(answers[name].answer == answer for answers in answered for name in answers))
        for answer in ("yes", "partly", "no")
    }
    never = [q for q in filled.questions if all(answers[q.id].answer == "no" for answers in answered)]
    own = Counter(answer.answer for answer in filled.answers[THIS_STUDY].values())
    return quoted | {
        "questions": str(len(filled.questions)),
        "never": " ".join(question.asks for question in never),
        **{f"say_{q.id}": str(sum(answers[q.id].answer == "yes" for answers in answered)) for q in filled.questions},
        "own_yes": str(own["yes"]),
        "own_partly": str(own["partly"]),
        "own_no": str(own["no"]),
    }
