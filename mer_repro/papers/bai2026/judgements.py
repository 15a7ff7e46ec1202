"""The verdicts on bai2026, from the run records, and the statements that nothing here can test, with the reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mer_repro.papers.bai2026.report import (
    LABELS,
    cells,
    lead,
    mean,
    percent,
    point_label,
    points,
    printed,
    stated,
    survey_cells,
)
from mer_repro.runs.records import find
from mer_repro.verdicts import Verdict

if TYPE_CHECKING:
    from mer_repro.runs.records import Record

MISSING = "The runs that would tell are not recorded yet."
ORDER, GATED, BOTH, NONE = "order_100", "gated_100", "both_100", "none_000"

#: Statements of the ledger that no verdict rests on, and why. Definitions and designs stand in the table of how the
#: networks were rebuilt, contradictions between them in the audit.
UNTESTED = {
    "s.anxiety_unlabelled": "the only label described is a depression score; nothing can be said of anxiety",
    "s.bert_over_roberta": "a reason for a choice, without figures; neither encoder can be had offline here",
    "s.bert_frozen_settings": "figures are not given; fine-tuning a BERT on every song is beyond our machines",
    "s.baselines_reproduced": "no original paper of a baseline is cited",
    "s.hardware": "nothing was timed on a GPU; benchmarks/ has the times of a CPU",
    "s.tcn_over_rnn_efficiency": "benchmarks/text_every_step.py times both on a CPU; no run record holds it",
    "s.lstm_audio_uses_mfcc": "Last.fm-1K has no audio; our LSTM-Audio reads song numbers",
    "s.model_without_audio": "a limitation that the paper states itself",
    "s.loss_falls_linearly": "the curve is a picture without figures",
    "s.validated_every_tenth_epoch": "how training was followed leaves no trace in a score",
    "s.late_fusion_weights": "followed as described",
    "s.cesd_as_label": "a definition; the audit speaks of the gap in its bins",
    "s.random_split": "followed as described",
    "s.tags_instead_of_lyrics": "followed as described",
}


def verdicts(records: list[Record]) -> list[Verdict]:
    """What the reruns say of the paper's claims; every number in the sentences comes from the records."""
    return [
        _data_exists(),
        _significant(records),
        _first(records),
        _screening(records),
        _tcn(records),
        _attention_beats(records),
        _attention_marks(records),
        _language_model(records),
        _fusion(records),
        _light(),
        _tried(records),
        _no_overfitting(records),
    ]


def _data_exists() -> Verdict:
    about = (
        "t1.users",
        "sec411.lastfm_users",
        "sec5.accuracy",
        "s.data_public",
        "s.joined_by_user_id",
        "s.lastfm_has_tags",
    )
    accuracy = percent(stated("t2.tcn_lm.accuracy"))
    because = (
        f"The set of {printed('t1.users')} users cannot have come about as described: a join by user with"
        " Last.fm-1K has"
        f" at most that set's users, stated as {printed('sec411.lastfm_users')}. Its users are numbered and not named,"
        " it has no tags, and myPersonality has not been shared since 2018. Whatever the scores were measured on,"
        " nobody outside can repeat it."
    )
    says = f"{accuracy} % of the listeners of Last.fm-1K joined with myPersonality are classified right."
    return Verdict(says, about, "untestable", because)


def _significant(records: list[Record]) -> Verdict:
    says = "TCN-LM is significantly more accurate than every baseline."
    about = (
        "s.significant_over_baselines",
        "s.beats_single_modal",
        "t2.tcn_lm.accuracy",
        "t2.late_fusion.accuracy",
        "sec421.accuracy_gain",
    )
    runs = find(records, dataset="simulated", variant="table_2")
    if not runs:
        return Verdict(says, about, "undecided", MISSING)
    shares = ", ".join(f"{percent(r.metrics['found_1'], 0)} % at {r.parameters['correlation']:g}" for r in runs)
    because = (
        f"No test, interval or seed is given. Were the printed accuracies the truth, a second draw of"
        f" {printed('t1.users_test')} test users would show TCN-LM significantly above late fusion in {shares}"
        " correlation of right answers (simulated). Who agrees with whom is not printed, so the printed lead itself can"
        " be beyond chance or within it; those over the models with one modality are beyond chance in any case."
    )
    return Verdict(says, about, "undecided", because, _ids(runs))


def _first(records: list[Record]) -> Verdict:
    says = "TCN-LM is best on all three metrics, so its architecture is superior."
    about = ("s.best_on_all_metrics", "t2.tcn_lm.accuracy", "t2.tcn_lm.macro_f1", "t2.tcn_lm.auc")
    runs = find(records, dataset="simulated", variant="type_one_error")
    if not runs:
        return Verdict(says, about, "undecided", MISSING)

    def span(name: str, digits: int = 1) -> str:
        shares = [run.metrics[name] for run in runs]
        return f"{percent(min(shares), digits)} to {percent(max(shares), digits)} %"

    because = (
        f"Of five equally good models a given one comes out first in {span('leads', 0)} of simulated tables. It"
        " leads the"
        f" best of four equal rivals by the stated {printed('sec421.accuracy_gain')} points in"
        f" {span('leads_as_stated')},"
        f" one equal rival in {span('leads_one_as_stated')}; the best of four variants is significantly above one"
        " rival in"
        f" {span('best_variant')}, where 2.5 would be due. Being first is weak evidence, the printed lead some;"
        " how many"
        " variants or runs were tried is not stated."
    )
    return Verdict(says, about, "undecided", because, _ids(runs))


def _screening(records: list[Record]) -> Verdict:
    says = "What people listen to says enough of their mental health for screening, and which music goes with it."
    about = ("s.finds_features_of_symptoms", "sec5.accuracy", "s.cesd_as_label")
    found = {target: survey_cells(records, target) for target in ("depression", "anxiety")}
    if not all({"genres", "age", "genres_age"} <= set(frame.index) for frame in found.values()):
        return Verdict(says, about, "undecided", MISSING)
    parts = [
        f"{target}: AUC {frame.loc['genres', 'auc']:.2f} from genre habits, {frame.loc['age', 'auc']:.2f} from"
        " age alone,"
        f" {frame.loc['genres_age', 'auc_over_age']:+.2f}"
        f" [{frame.loc['genres_age', 'auc_over_age_low']:+.2f},"
        f" {frame.loc['genres_age', 'auc_over_age_high']:+.2f}] for"
        " genres on top of age"
        for target, frame in found.items()
    ]
    because = (
        f"Among the people of the MXMH survey, {'; '.join(parts)}. Self-ratings of a self-chosen sample, and genre"
        " habits are coarser than listening histories; but nothing here is near a screening instrument, and no public"
        " data hold more."
    )
    ids = _ids([r for r in find(records, dataset="mxmh") if r.variant in ("genres", "age", "genres_age")])
    return Verdict(says, about, "undecided", because, ids)


def _described(found: dict, rival: str) -> str:
    return f"{LABELS[rival]}: {points(found['difference'], found['low'], found['high'])}"


def _tcn(records: list[Record]) -> Verdict:
    says = "The TCN captures long listening histories better than an LSTM."
    about = ("s.no_tcn_drops", "s.no_tcn_same_layers", "t3.no_tcn.accuracy", "t3.full.accuracy")
    deep, shallow = (lead(records, ORDER, rival) for rival in ("no_tcn", "no_tcn_one_layer"))
    if not deep or not shallow:
        return Verdict(says, about, "undecided", MISSING)
    because = (
        f"Whole studies on generated listeners whose class shows {point_label(ORDER)}, TCN-LM minus an LSTM in"
        " the TCN's"
        f" place, points: {_described(deep, 'no_tcn')}; {_described(shallow, 'no_tcn_one_layer')}"
        f" ({deep['studies']} studies, reduced size). "
    )
    if shallow["low"] > 0:
        judgement = "supported"
        because += "The TCN leads both, where there is an order to find."
        if deep["difference"] > 2 * shallow["difference"]:
            because += " Much of the lead over as many layers is the deep LSTM's failure to train."
    else:
        judgement = "unsupported" if deep["low"] > 0 else "undecided"
        because += "What the ablation shows comes of stacking LSTM layers without shortcuts: one layer does not lose."
    return Verdict(says, about, judgement, because, deep["ids"])


def _attention_beats(records: list[Record]) -> Verdict:
    says = "Cross-modal attention fuses better than concatenation."
    about = ("s.no_attention_drops", "t3.no_attention.accuracy", "t3.full.accuracy", "s.temporal_query")
    found = {point: lead(records, point, "no_attention") for point in (NONE, BOTH, GATED)}
    found = {point: gap for point, gap in found.items() if gap}
    if GATED not in found:
        return Verdict(says, about, "undecided", MISSING)
    shown = "; ".join(
        f"{point_label(point)}: {points(gap['difference'], gap['low'], gap['high'])}, significant in"
        f" {percent(gap['found'], 0)} % of {gap['studies']} studies"
        for point, gap in found.items()
    )
    because = f"Attention minus concatenation over whole studies (generated, reduced size), points: {shown}."
    planted_points = [gap for point, gap in found.items() if point != NONE]
    stated_gap = stated("t3.full.accuracy") - stated("t3.no_attention.accuracy")
    if all(gap["low"] > 0 for gap in planted_points):
        judgement = "supported"
    elif all(gap["high"] < stated_gap for gap in planted_points):
        judgement = "unsupported"
        because += " Nowhere is it the stated lead, not even where tags must be read by the order."
    else:
        judgement = "undecided"
    return Verdict(says, about, judgement, because, tuple(i for gap in found.values() for i in gap["ids"]))


def _attention_marks(records: list[Record]) -> Verdict:
    says = "Attention to sad songs in a severe listener shows that the model has learnt what depression sounds like."
    about = ("s.case_attends_sad_tags", "s.finds_features_of_symptoms")
    runs = {
        variant: [
            run
            for run in find(records, dataset="planted", variant=variant, protocol="users_70_15_15")
            if run.target in ("tags", "both") and "favoured" in run.metrics
        ]
        for variant in ("tcn_lm", "shuffled_labels")
    }
    if not all(runs.values()):
        return Verdict(says, about, "undecided", MISSING)
    true, dealt = (
        {
            name: [run.metrics[name] for run in chosen]
            for name in ("planted_auc", "favoured", "told_by_group", "accuracy")
        }
        for chosen in runs.values()
    )
    because = (
        f"On generated listeners with sad songs planted, networks that are right on {_span(true['accuracy'])} %"
        " of them rank"
        f" the planted songs by attention with an AUC of {_span(true['planted_auc'], 1, 2)} (0.5 is chance) and"
        " weigh sad"
        f" above party songs in {_span(true['favoured'])} % of the listeners. After the labels were shuffled, so"
        " that there"
        f" is nothing to learn, {len(dealt['favoured'])} trainings give {_span(dealt['planted_auc'], 1, 2)} and"
        f" {_span(dealt['favoured'])} %, and tags tell {percent(mean(dealt['told_by_group']), 0)} % of the"
        " variance of the"
        f" weights ({percent(mean(true['told_by_group']), 0)} % with true labels)."
    )
    low, high = min(true["planted_auc"]), max(dealt["planted_auc"])
    if low > MARKED > high:
        judgement = "supported"
    elif low < high or max(true["planted_auc"]) < MARKED:
        judgement = "unsupported"
        because += " Networks that are right need not look at the planted songs, and orderly weights need no learning."
    else:
        judgement = "undecided"
    return Verdict(says, about, judgement, because, _ids([*runs["tcn_lm"], *runs["shuffled_labels"]]))


#: AUC of the weights from which the planted songs count as marked.
MARKED = 0.8


def _span(values: list[float], scale: int = 100, digits: int = 0) -> str:
    """ "80 to 88", the smallest and the largest."""
    return f"{scale * min(values):.{digits}f} to {scale * max(values):.{digits}f}"


def _language_model(records: list[Record]) -> Verdict:
    says = "Without the language model, the TCN falls below BERT-Text: tags matter most."
    about = ("s.no_lm_below_bert_text", "t3.no_lm.accuracy", "t2.bert_text.accuracy")
    found = {c: cells(records, "planted", c) for c in ("order", "tags")}
    if not all({"no_lm", "bert_text"} <= set(frame.index) for frame in found.values()):
        return Verdict(says, about, "undecided", MISSING)
    shown = "; ".join(
        f"planted {says_of}: TCN alone {percent(frame.loc['no_lm', 'accuracy'])} %, BERT-Text"
        f" {percent(frame.loc['bert_text', 'accuracy'])} %"
        for says_of, frame in (("only in the order", found["order"]), ("only in the tags", found["tags"]))
    )
    because = (
        "It depends on where the class shows, which on real listeners nobody knows. Generated listeners,"
        f" {shown}. The order"
        " of these two rows would tell where the signal is; it says nothing of the model."
    )
    ids = _ids(
        [r for r in find(records, dataset="planted") if r.variant in ("no_lm", "bert_text") and r.target in found]
    )
    return Verdict(says, about, "undecided", because, ids)


def _fusion(records: list[Record]) -> Verdict:
    says = "Text does better than listening, both together better still, and late fusion is the best baseline."
    about = ("s.text_over_audio", "s.fusion_over_single", "s.late_fusion_best_baseline", "t2.late_fusion.accuracy")
    names = ("lstm_audio", "bert_text", "early_fusion", "late_fusion")
    found = cells(records, "planted", "both")
    if not set(names) <= set(found.index):
        return Verdict(says, about, "undecided", MISSING)
    shown = ", ".join(
        f"{LABELS[name]} {percent(found.loc[name, 'accuracy'])} [{percent(found.loc[name, 'accuracy_low'])},"
        f" {percent(found.loc[name, 'accuracy_high'])}] %"
        for name in names
    )
    because = (
        f"Their order comes of where the class shows, and of luck with {printed('t1.users_test')} users."
        f" Generated listeners, signal in both, one split: {shown}. Last.fm-1K has no audio for the first to read."
    )
    ids = _ids([r for r in find(records, dataset="planted", target="both") if r.variant in names])
    return Verdict(says, about, "undecided", because, ids)


def _light() -> Verdict:
    from mer_repro.papers.bai2026.model import FIDELITY

    detail = next(row for row in FIDELITY if row.detail == "light attention")
    says = "The attention adds few parameters."
    because = (
        f"Counted on the rebuilt network: {detail.why}. Beside the frozen BERT it is small; which is meant stays open."
    )
    return Verdict(says, ("s.attention_is_light", "sec413.attention_dimension"), "undecided", because)


def _tried(records: list[Record]) -> Verdict:
    says = (
        "Mean pooling is more stable than max and attention pooling, and the temporal query slightly better"
        " than the semantic."
    )
    about = ("s.average_pooling_best", "s.temporal_query")
    found = cells(records, "planted", "both")
    names = ("tcn_lm", "max_pooling", "attention_pooling", "semantic_query")
    if not set(names) <= set(found.index):
        return Verdict(says, about, "undecided", MISSING)
    shown = ", ".join(
        f"{'as published' if name == 'tcn_lm' else LABELS[name]} {percent(found.loc[name, 'accuracy'])} %"
        for name in names
    )
    because = f"The paper gives no figures. Generated listeners, signal in both: {shown}; too few splits to rank them."
    return Verdict(
        says, about, "undecided", because, _ids([r for r in find(records, target="both") if r.variant in names])
    )


def _no_overfitting(records: list[Record]) -> Verdict:
    says = "Training and validation curves stay together, so L2 and a frozen BERT keep the model from overfitting."
    about = ("s.no_overfitting", "s.loss_falls_linearly", "sec413.l2")
    runs = [r for r in find(records, variant="tcn_lm", dataset="planted") if r.target in ("both", "none")]
    if not runs:
        return Verdict(says, about, "undecided", MISSING)
    shown = "; ".join(
        f"{run.target}{', widths of the paper' if 'widths' in run.protocol else ''}: training loss"
        f" {run.curves['train_loss'][-1]:.2f}, validation {run.curves['validation_loss'][-1]:.2f}"
        for run in runs
        if run.seed == 0
    )
    because = f"Our trainings are short, and the figure's data are not given. Last epoch, generated listeners, {shown}."
    return Verdict(says, about, "undecided", because, _ids(runs))


def _ids(records: list[Record]) -> tuple[str, ...]:
    return tuple(record.id for record in records)


def untested_table():
    """The statements that nothing here tests, with the reason."""
    from mer_repro.audit import ledger
    from mer_repro.papers.bai2026.report import table

    says = {statement.id: statement.says for statement in ledger.load("bai2026").statements}
    return table(
        [{"statement": says[name], "why not": why, "ledger": name} for name, why in UNTESTED.items()],
        "Statements that nothing here tests",
    )
