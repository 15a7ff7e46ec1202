"""The tables and numbers of the chapter 'Critique'; its figures are in `mer_repro.critique.figures`.

Every function takes the rooms of `mer_repro.critique.rooms.enter_all`, and the data survey where it needs it.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from mer_repro import report, verdicts
from mer_repro.audit import finding, ledger
from mer_repro.critique import compare, curated, precision
from mer_repro.critique.data_chapter import survey as data_survey
from mer_repro.critique.rooms import NOT_CHECKED, NOT_RERUN, THIS_STUDY, Room
from mer_repro.results import Results, Score, difference, stated
from mer_repro.tables import Claims, Runs, Table, Text
from mer_repro.verdicts import JUDGEMENTS

#: What the matrix says of a ledger entry: a check blames a set of numbers, and mostly one of them only is wrong.
IN_THE_MATRIX = report.SIGNS | {"inconsistent": "✗ in a set that cannot all be right"}
ANSWERS = {"yes": "✓ yes", "partly": "± partly", "no": "✗ no", "not applicable": "– not applicable"}
#: Metrics that are shares, shown as percentages.
SHARES = ("accuracy", "macro_f1")
UNITS = {
    "r2": "R²",
    "mae": "MAE",
    "seen_mae": "MAE",
    "accuracy": "points of accuracy",
    "macro_f1": "points of macro F1",
}
#: Scores that a paper reports of models, as its ledger calls them.
SCORES = ("r2", "rmse", "mse", "mae", "mape", "accuracy", "precision", "recall", "f1", "macro_f1", "auc")
#: The measure of a leak that the page opens with, as `leakage.yaml` calls it.
LABEL_ONLY = "mean training label of the song, PMEmo arousal"
#: Types of leaks by fitting something on all items before the division.
FITTED = ("L1.2", "L1.3")
REPEATS = ("seed", "seeds", "runs", "folds", "repetitions")
TESTS = ("p_value", "test_statistic", "confidence_level")


def name(key: str) -> str:
    """A paper's key; this study by its name."""
    return "this study" if key == THIS_STUDY else key


def _room(rooms: list[Room], key: str) -> Room | None:
    return next((room for room in rooms if room.key == key), None)


def _cited(paper: str, places: list[str]) -> str:
    return "; ".join(dict.fromkeys(curated.described(paper, place) for place in places))


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


def overview_table(rooms: list[Room]) -> Table:
    """`matrix_counts` as it is shown, a column a paper; papers without runs say so."""
    counts = matrix_counts(rooms).set_index("paper")
    rows = []
    for kind, called in OVERVIEW.items():
        of_reruns = kind == "judged" or kind in JUDGEMENTS
        cells = {room.key: str(counts.loc[room.key, kind]) if room.rerun or not of_reruns else None for room in rooms}
        rows.append({"": called} | cells | {"all": str(counts[kind].sum())})
    return Table(rows, "Ledger entries, checks and judged claims")


def claims_matrix(rooms: list[Room]) -> Table:
    """Every number and statement of every paper with what audit and reruns say of it."""
    rows = []
    for room in rooms:
        audited, judged = room.audited(), room.judged()
        for entry in (*room.book.claims, *room.book.statements):
            is_claim = isinstance(entry, ledger.Claim)
            printed = Text.claim(entry.value, room.book.full_id(entry.id)) if is_claim else entry.says
            rows.append(
                {
                    "paper": room.key,
                    "id": Claims(room.key, (entry.id,)),
                    "where": str(entry.where),
                    "printed or said": printed,
                    "audit": IN_THE_MATRIX.get(audited[entry.id], audited[entry.id]),
                    "rerun": _signed(judged[entry.id]),
                }
            )
    return Table(rows, f"{len(rows)} numbers and statements", searchable=True)


def _signed(joined: str) -> str:
    return ", ".join(report.SIGNS.get(part, part) for part in joined.split(", "))


def verdicts_table(rooms: list[Room]) -> Table:
    """Every claim that was judged, supported ones last; papers without runs get one row."""
    order = ("unsupported", "undecided", "not run", "untestable", "supported")
    found = [(room.key, v) for judgement in order for room in rooms for v in room.verdicts if v.judgement == judgement]
    rows: list[dict[str, Any]] = [
        {
            "paper": key,
            "claim": v.claim,
            "verdict": v.says,
            "because": v.because,
            "runs": Runs(v.records),
        }
        for key, v in found
    ]
    rows += [{"paper": room.key, "claim": "all", "verdict": NOT_RERUN} for room in rooms if not room.rerun]
    return Table(rows, "Claims judged by reruns", searchable=True)


# ---- leaks -----------------------------------------------------------------------------------------------------------


def measured(rooms: list[Room], survey: dict) -> list[tuple[curated.Leak, str, str, Score]]:
    """Every measured inflation: leak, what was measured, metric, change; leaks without runs are left out."""
    found = []
    for leak in curated.leaks():
        for measure in leak.measures:
            metric = "r2" if isinstance(measure, curated.Swap) else measure.metric
            if change := _measure(leak, measure, rooms, survey):
                found.append((leak, measure.says, metric, change))
    return found


def _measure(leak, measure, rooms: list[Room], survey: dict) -> Score | None:
    if isinstance(measure, curated.Swap):
        return _swap(survey, measure.model, measure.target)

    def runs(cell: curated.Cell) -> Results | None:
        room = _room(rooms, cell.paper or leak.paper)
        return room.runs.where(**cell.where()) if room and room.runs else None

    of, against = runs(measure.of), runs(measure.against)
    if of is None or against is None:
        return None
    if measure.metric_against:
        names = (measure.metric, measure.metric_against)
        return of.over(lambda run: run.metrics[names[0]] - run.metrics[names[1]], " less ".join(names))
    return difference(measure.metric, of, against, measure.of.column)


def _swap(survey: dict, model: str, target: str) -> Score | None:
    """What the exchange of DEAM's columns does to a model's R²: as published minus put right, from the data survey.

    The survey tells the difference the other way round, put right minus published.
    """
    for row in survey["swap"]["differences"]:
        if row["model"] == model and row["target"] == target:
            return Score(-row["difference"], -row["high"], -row["low"], how="data survey, paired on the same songs")
    return None


def shown(metric: str, change: Score) -> Text:
    """``+0.12 [0.05, 0.19] R²``; shares in percentage points."""
    share = metric in SHARES or metric.endswith("_accuracy")
    style = "+%1" if share else "+.3" if UNITS.get(metric) == "MAE" else "+.2"
    return Text.of(
        "{change} {unit}", change=(change, style), unit=UNITS.get(metric, "points of accuracy" if share else metric)
    )


def taxonomy_table() -> Table:
    """The types of leaks and how many papers have each, by how sure it is; this study is not counted."""
    counts = leak_counts().set_index("type")
    rows = [
        {"type": kind, "what it is": says}
        | {sure: str(counts.loc[kind, certainty] or "–") for certainty, sure in curated.CERTAINTIES.items()}
        for kind, says in curated.TAXONOMY.items()
    ]
    return Table(rows, "Papers by type of leak")


def leaks_table() -> Table:
    """All leaks by type: where they stand and how sure it is that they are there."""
    order = list(curated.TAXONOMY)
    rows = [
        {
            "type": leak.type,
            "paper": name(leak.paper),
            "how sure": curated.CERTAINTIES[leak.certainty],
            "what": leak.says,
            "where": _cited(leak.paper, leak.places),
        }
        for leak in sorted(curated.leaks(), key=lambda leak: order.index(leak.type))
    ]
    return Table(rows, f"{len(rows)} leaks, found, possible or ruled out", searchable=True)


def inflation_table(rooms: list[Room], survey: dict) -> Table:
    """What leaks of each type were measured to be worth in our runs."""
    rows = [
        {
            "type": leak.type,
            "for": name(leak.paper),
            "measured on": says,
            "change": shown(metric, change),
            "how": change.how,
            "runs": Runs(change.records) if change.records else "data survey",
        }
        for leak, says, metric, change in measured(rooms, survey)
    ]
    return Table(rows, "Measured effects of leaks", searchable=True)


def leak_counts():
    """How many papers have a leak of each type, by how sure it is: a row a type; this study is not counted."""
    import pandas as pd

    rows = []
    for kind in curated.TAXONOMY:
        row: dict = {"type": kind}
        for certainty in curated.CERTAINTIES:
            row[certainty] = len(
                {leak.paper for leak in _of_papers() if (leak.type, leak.certainty) == (kind, certainty)}
            )
        rows.append(row)
    return pd.DataFrame(rows)


def _of_papers() -> list[curated.Leak]:
    return [leak for leak in curated.leaks() if leak.paper != THIS_STUDY]


# ---- superiority -----------------------------------------------------------------------------------------------------


def all_trials(rooms: list[Room]) -> list[compare.Trial]:
    """Every superiority claim on every set of runs."""
    found = []
    for comparison in curated.comparisons():
        room = _room(rooms, comparison.paper)
        found += compare.trials(comparison, room) if room else [compare.Trial(comparison)]
    return found


def superiority_table(rooms: list[Room]) -> Table:
    """What the paper claims, what our runs of it show, and whether it survives the best simple model."""
    rows = []
    for trial in all_trials(rooms):
        claim = trial.comparison
        numbers = Text.join([stated(claim.paper, number) for number in claim.stated], " against ")
        row: dict[str, Any] = {
            "paper": claim.paper,
            "claim and its numbers": Text.of("{says} {numbers}", says=claim.says, numbers=numbers),
            "runs": _cell_name(trial.cell) if trial.cell else NOT_RERUN,
        }
        if trial.cell:
            style = "%1" if claim.metric in SHARES else ".3"
            row["network"] = (trial.network, style)
            row["over its rival"] = _lead(trial.over_rival, claim.metric)
            best = Text.of("{name}: {score}", name=trial.simple.replace("_", " "), score=(trial.simple_score, style))
            row["best simple model"] = best if trial.simple else None
            row["over the best simple model"] = _lead(trial.over_simple, claim.metric)
        generated = " (on a twin)" if trial.cell and trial.cell.data == "twin" else ""
        rows.append(row | {"network beside the best simple model": trial.verdict + generated})
    return Table(rows, "Superiority claims, rerun; positive differences are in the network's favour", searchable=True)


def _lead(lead: Score | None, metric: str) -> Text | None:
    if lead is None:
        return None
    return Text.of("{lead}: {outcome}", lead=shown(metric, lead), outcome=compare.outcome(lead))


def _cell_name(cell: curated.Cell) -> str:
    parts = [f"{cell.dataset} ({cell.data})", cell.target or cell.column, cell.protocol.replace("_", " ")]
    parts += [f"{factor} {value}" for factor, value in cell.factors.items() if value is not None]
    return ", ".join(part for part in parts if part)


# ---- data ------------------------------------------------------------------------------------------------------------


def data_table(rooms: list[Room], survey: dict) -> Table:
    """What each data set holds and can support, what papers used it for, and how many of our runs read it."""
    read = Counter(part for room in rooms for record in room.runs or () for part in record.dataset.split("+"))
    rows = []
    for entry in curated.data_sets():
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
    return Table(rows, "What the data can support and what it was used for", searchable=True)


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
    answers = curated.checklist().answers.get(key)
    if answers is None:
        return "–"
    answer = answers["significance"].answer
    return {"not applicable": "no", "no": "yes, without a test"}.get(answer, "yes, with a test")


def _rows_with_spread(room: Room) -> str:
    """Whose scores have a spread: ``qiu2025: bcrsn, mcan``."""
    models = {claim.about.get("model", "?") for claim in room.book.claims if claim.spread and claim.quantity in SCORES}
    return f"{room.key}: {', '.join(sorted(models))}"


def omissions_table(rooms: list[Room]) -> Table:
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
    return Table(rows, "Statistics in the ledgers")


def precision_rows(rooms: list[Room]) -> list[dict]:
    """Every stated difference under every reading of the test size.

    Returns
    -------
    A dictionary each: paper, says, kind, better, worse (floats), items (int), reading, overlaps (or None where the
    printed numbers cannot be of one set of predictions), assumed (whether the test size is our assumption).
    """
    rows = []
    for entry in curated.precisions():
        room = _room(rooms, entry.paper)
        for reading in entry.items if room else []:
            items = _items(reading, room)
            if entry.kind == "accuracy":
                better, worse = room.stated(entry.better).value, room.stated(entry.worse).value
                overlaps = precision.accuracies(better, worse, items)
            else:
                one, other = (
                    tuple(room.stated(f"{side}.{part}").value for part in ("mae", "rmse"))
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


def _items(reading: curated.Items, room: Room) -> int:
    facts = ledger.facts()
    total = sum(
        float(facts[name.removeprefix("fact:")].value.replace(",", ""))
        if name.startswith("fact:")
        else room.stated(name).value
        for name in reading.sum
    )
    share = room.stated(reading.share).value if reading.share else reading.assumed_share or 1
    return round(total * share)


def precision_table(rooms: list[Room]) -> Table:
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
    return Table(rows, "Stated differences against the size of the test", searchable=True)


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


def checklist_table(rooms: list[Room]) -> Table:
    """The answers at a glance: a row a question, a column a paper and one for this study, and who asks."""
    filled = curated.checklist()
    rows = [
        {"question": question.asks}
        | {name(key): ANSWERS[filled.answers[key][question.id].answer] for key in _columns(rooms)}
        | {"asked by": question.after}
        for question in filled.questions
    ]
    return Table(rows, "Reporting checklist")


def _columns(rooms: list[Room]) -> list[str]:
    """The papers whose checklist is filled in, and this study."""
    answered = curated.checklist().answers
    return [*(room.key for room in rooms if room.key in answered), THIS_STUDY]


def answers_table(rooms: list[Room]) -> Table:
    """Every answer with its reason and the place where it stands or would be expected."""
    filled = curated.checklist()
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
    return Table(rows, "Every answer with its place", searchable=True)


# ---- cost ------------------------------------------------------------------------------------------------------------


def cost(rooms: list[Room]):
    """Runs, seconds and devices by paper, data set, kind of data and protocol: a pandas DataFrame, dearest first."""
    import pandas as pd

    columns = ["paper", "dataset", "data", "protocol", "seconds", "device"]
    frame = pd.DataFrame([{c: getattr(record, c) for c in columns} for room in rooms for record in room.runs or ()])
    if frame.empty:
        return pd.DataFrame(columns=[*columns[:4], "runs", "seconds", "longest", "device"])
    grouped = frame.groupby(columns[:4], sort=False)
    table = grouped["seconds"].agg(runs="size", seconds="sum", longest="max")
    table["device"] = grouped["device"].agg(lambda devices: ", ".join(sorted(set(devices))))
    return table.reset_index().sort_values("seconds", ascending=False, ignore_index=True)


def cost_table(rooms: list[Room]) -> Table:
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
    return Table(rows, f"{len(rows)} experiments, dearest first", searchable=True)


def totals_table(rooms: list[Room]) -> Table:
    """Runs and time by paper, and of all."""
    rows = []
    for label, chosen in [*((room.key, [room]) for room in rooms), ("all", rooms)]:
        records = [record for room in chosen for record in room.runs or ()]
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
    return Table(rows, "Cost of the committed records")


def duration(seconds: float) -> str:
    """``2 h 05 min``, ``3 min 20 s``, ``4.2 s``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


# ---- open questions --------------------------------------------------------------------------------------------------


def open_table() -> Table:
    """What cannot be decided from outside, and what would."""
    rows = [
        {
            "paper": entry.paper,
            "question": entry.question,
            "what we say now": entry.now,
            "what would decide it": entry.decided_by,
            "where": _cited(entry.paper, entry.places),
        }
        for entry in curated.open_questions()
    ]
    return Table(rows, "Open questions", searchable=True)


# ---- prose -----------------------------------------------------------------------------------------------------------


def numbers(rooms: list[Room], survey: dict) -> dict[str, Any]:
    """The numbers that the chapter's prose quotes, by the name under which it glues them."""
    counts = matrix_counts(rooms)
    records = [record for room in rooms for record in room.runs or ()]
    quoted = {
        "papers": len(rooms),
        "not_rerun": ", ".join(room.key for room in rooms if not room.rerun) or "none",
        "runs": len(records),
        "time": duration(sum(record.seconds for record in records)),
        "devices": ", ".join(sorted({record.device for record in records})),
    }
    quoted |= {column: counts[column].sum() for column in counts.columns if column != "paper"}
    quoted = {key: _count(value) for key, value in quoted.items()}
    quoted |= _leak_numbers(rooms, survey) | _trial_numbers(rooms) | verdicts.declared([room.key for room in rooms])
    lacking = {use.paper for entry in curated.data_sets() for use in entry.uses if use.holds != "yes"}
    quoted["papers_lacking"] = str(len(lacking))
    return quoted | _precision_numbers(rooms) | _checklist_numbers(rooms)


def _count(value) -> str:
    return value if isinstance(value, str) else f"{int(value):,}"


def _leak_numbers(rooms: list[Room], survey: dict) -> dict[str, Any]:
    found = Counter(leak.certainty for leak in _of_papers() if leak.type != "labels")
    changes = measured(rooms, survey)
    # A share and an R² have no common scale: the largest inflation is told among differences of R².
    inflations = {says: change for _, says, metric, change in changes if metric == "r2"}
    largest = max(inflations, default=None, key=lambda says: inflations[says].value)
    nothing = inflations.get(LABEL_ONLY)
    missing = "(not measured)"
    return {
        "leaks_certain": str(found["stated"] + found["released"]),
        "leaks_possible": str(found["possible"]),
        "leaks_excluded": str(found["excluded"]),
        "leaks_measured": str(len(changes)),
        "preprocessing": Text.join(
            [
                Text.of("{change} ({says})", change=shown(m, c), says=says)
                for leak, says, m, c in changes
                if leak.type in FITTED
            ]
            or [missing]
        ),
        "label_only": shown("r2", nothing) if nothing else missing,
        "largest_inflation": shown("r2", inflations[largest]) if largest else missing,
        "largest_inflation_of": largest or missing,
    }


def _trial_numbers(rooms: list[Room]) -> dict[str, str]:
    """Networks beside the best simple model on real data. A setting is a network on one data set under one split; it
    counts once, though it may stand in several claims, with the worst that is said of it."""
    tried: dict[tuple, set[str]] = {}
    for trial in all_trials(rooms):
        if trial.cell and trial.cell.data == "real":
            network = (trial.comparison.paper, trial.comparison.network)
            setting = trial.cell.model_dump(exclude={"column", "target", "variant"})
            tried.setdefault((network, str(setting)), set()).add(trial.verdict)
    order = ("worse", "cannot tell", "no evidence kept", "better")
    found = Counter(next(v for v in order if v in outcomes) for outcomes in tried.values())
    return {
        "tried_networks": str(len({network for network, _ in tried})),
        "tried_settings": str(len(tried)),
        "tried_better": str(found["better"]),
        "tried_worse": str(found["worse"]),
        "tried_open": str(found["cannot tell"]),
        "tried_not_compared": str(found["no evidence kept"]),
    }


def _precision_numbers(rooms: list[Room]) -> dict[str, str]:
    # A difference that is worked out for several readings of the test size counts once: beyond chance under all.
    readings: dict[tuple, list[bool]] = {}
    for row in precision_rows(rooms):
        if row["overlaps"]:
            readings.setdefault((row["paper"], row["says"]), []).append(row["overlaps"].least < precision.LEVEL)
    spread = [omissions(room) for room in rooms]
    return {
        "scores": f"{sum(found['scores'] for found in spread):,}",
        "spread_in": "; ".join(_rows_with_spread(room) for room in rooms if omissions(room)["with_spread"]),
        "scores_with_spread": str(sum(found["with_spread"] for found in spread)),
        "papers_with_repeats": str(sum(found["repeats"] > 0 for found in spread)),
        "papers_with_tests": str(sum(found["tests"] > 0 for found in spread)),
        "papers_with_test_size": str(sum(found["test_sizes"] > 0 for found in spread)),
        "papers_significant": str(sum(_significance(room.key).startswith("yes") for room in rooms)),
        "differences": str(len(readings)),
        "beyond": str(sum(all(beyond) for beyond in readings.values())),
        "not_beyond": str(sum(not all(beyond) for beyond in readings.values())),
    }


def _checklist_numbers(rooms: list[Room]) -> dict[str, str]:
    filled = curated.checklist()
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
