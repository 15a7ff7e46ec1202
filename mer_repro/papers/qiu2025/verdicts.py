"""The rules by which qiu2025's claims are judged, and their verdicts.

Networks are judged on the folds of `mer_repro.papers.qiu2025.folds`, where every song is tested once and training goes
on until it has levelled off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import product

from mer_repro import verdicts as policy
from mer_repro.papers.qiu2025 import ladder
from mer_repro.papers.qiu2025.folds import FOLDS
from mer_repro.papers.qiu2025.names import (
    CLEAN,
    DATASETS,
    HEARD,
    KEY,
    LEAKING,
    LIKELY,
    NETWORKS,
    RUNG_CLEAN,
    SIDE_LABELS,
    TABLES,
    stated_r2,
)
from mer_repro.results import Results, Score, stated
from mer_repro.verdicts import Criterion, Fixed, Leaning, Rule, Verdict, above, below

#: How near a constant must come to each score of table 3's row without CNN to count as an explanation of it.
CLOSE = 0.02


def on_folds(results: Results, side: str, variant: str, target: str = "arousal", dataset: str = HEARD) -> Results:
    """The folds of one model on one side of the comparison."""
    return results.where(dataset=dataset, data="real", protocol=side, variant=variant, target=target)


def folds_score(
    results: Results, side: str, variant: str, target: str = "arousal", dataset: str = HEARD
) -> Score | None:
    """A model's R² on one side; None while runs of some folds are missing, which would leave songs untested."""
    runs = on_folds(results, side, variant, target, dataset)
    return runs.score("r2") if {run.factors.get("fold") for run in runs} >= set(range(FOLDS)) else None


def leak(results: Results, variant: str, target: str = "arousal", dataset: str = HEARD) -> Score | None:
    """What a split within songs adds to a model's R², on the same labels."""
    cells = results.where(dataset=dataset, data="real", variant=variant, target=target)
    return cells.contrast("r2", {"protocol": LEAKING}, {"protocol": CLEAN})


def gain(results: Results, of: str, against: str, side: str, target: str = "arousal", dataset: str = HEARD):
    """What one network's R² exceeds another's by, on the same labels of one side; None without both."""
    cells = results.where(dataset=dataset, data="real", protocol=side, target=target)
    return cells.contrast("r2", {"variant": of}, {"variant": against})


def _folds_of(results: Results, *variants: str, target: str = "arousal") -> Results:
    return results.where(protocol=(CLEAN, LEAKING), variant=variants, target=target)


def _label_only(results: Results, target: str, protocol: str = "within_song_random") -> Score | None:
    return results.where(dataset=LIKELY, target=target, variant="song_mean", protocol=protocol).score("r2")


def _merit(target: str, headline: bool) -> Rule:
    """Whether a score as high as the stated one can be had without any audio."""
    claim = stated_r2(target)
    limit = stated(KEY, claim)
    return Rule(
        f"The network predicts {target} in music accurately: a test R² of {limit} shows it."
        if headline
        else f"The network predicts {target} in music: table 2 gives a test R² of {limit}.",
        (claim,) if target == "valence" else (claim, "abstract.r2"),
        {"label_only_under_the_split_of_the_public_code": partial(_label_only, target=target)},
        below(limit.value, unit=", the stated R²"),
        "own",
        "The paper does not say what its split divides. Under the split of the public code that we take to be the"
        " authors', the mean of a song's other labels, which uses no audio, has an R² of"
        f" {{label_only_under_the_split_of_the_public_code:.3}} on {DATASETS[LIKELY]}; with songs held out, where there"
        " are no such labels, {held_out:.3}. The network is not given labels of the test song, but under such a split a"
        " model can recognise the song: this raises the R² of the rebuilt network by {network_vgmidi:+.2} on VGMIDI's"
        " audio and by {network_deam:+.2} on DEAM's descriptors, which are constant within a song in our files. The"
        " stated score is then no evidence of accuracy on new songs, nor against it.",
        {
            "held_out": partial(_label_only, target=target, protocol="song_grouped"),
            "network_deam": partial(leak, variant="cnn_bilstm", target=target, dataset="deam"),
            "network_vgmidi": partial(leak, variant="cnn_bilstm", target=target),
        },
        headline=headline,
    )


def _better_than_tpa(target: str) -> Rule:
    ours, theirs = stated_r2(target), f"{TABLES[target]}.tpa.testing.r2"
    step = stated(KEY, ours).value - stated(KEY, theirs).value
    pairs, shown = {}, []
    for dataset, (side, says) in product(("vgmidi", "deam"), SIDE_LABELS.items()):
        name = f"{dataset}_{says.replace(' ', '_')}"
        pairs[name] = partial(gain, of="cnn_bilstm", against="tpa_bilstm", side=side, target=target, dataset=dataset)
        shown.append(f"{DATASETS[dataset]}, {says} {{{name}:+.2}}")
    return Rule(
        f"The network predicts {target} better than TPA-BiLSTM.",
        (ours, theirs),
        pairs,
        above(0, excludes=step, unit=" of R²"),
        "stand-in",
        "R² of the network minus that of TPA-BiLSTM, both rebuilt and trained by the same rule, TPA-BiLSTM without"
        f" input noise: {'; '.join(shown)}. The stated difference is {step:.2f}; in every row that the paper prints of"
        " TPA-BiLSTM the MAE exceeds the RMSE, which no set of predictions can have.",
        trained=lambda results: _folds_of(results, "cnn_bilstm", "tpa_bilstm", target=target),
    )


def _part(claim: str, about: tuple[str, ...], of: tuple[str, ...], against: tuple[str, ...], excludes: float) -> Rule:
    """A part of the network is credited with a gain: the networks `of` have it, those `against` lack it."""
    pairs, shown = {}, []
    for one, other in zip(of, against, strict=True):
        differences = []
        for side, says in SIDE_LABELS.items():
            name = f"{one}_over_{other}_{says.replace(' ', '_')}"
            pairs[name] = partial(gain, of=one, against=other, side=side)
            differences.append(f"{says} {{{name}:+.2}}")
        shown.append(f"{NETWORKS[one]} − {NETWORKS[other]}: {', '.join(differences)}")
    return Rule(
        claim, about, pairs, above(0, excludes=excludes, unit=" of R²"), "stand-in",
        f"Differences of R² for arousal on {DATASETS[HEARD]}, on the same labels. {'; '.join(shown)}.",
        trained=lambda results: _folds_of(results, *of, *against),
    )  # fmt: skip


def _near(claim: str) -> Callable[[Results], Score | None]:
    """How far the largest training label, as a constant, is from a score of table 3's row without CNN."""

    def distance(results: Results) -> Score | None:
        runs = results.where(
            dataset=LIKELY, target="arousal", variant="training_maximum", protocol="within_song_random"
        )
        target = stated(KEY, claim).value
        return runs.over(lambda run: abs(run.metrics[claim.rpartition(".")[2]] - target), "distance from the stated")

    return distance


def _within_close(score: Score) -> Leaning:
    return "against" if score.value < CLOSE else "cannot tell"


def _longest_over_shortest(results: Results) -> Score | None:
    """R² of ridge regression on windows of 25 frames minus on one frame, with songs held out."""
    runs = results.where(dataset=HEARD, target="arousal", protocol=RUNG_CLEAN, variant="window_lengths")
    return runs.over(lambda run: run.curves["test_r2"][-1] - run.curves["test_r2"][0], "mean over splits", True)


def _lagged_labels(results: Results) -> Score | None:
    runs = results.where(variant="lag_orders", target="arousal", protocol="song_grouped")
    return runs.over(lambda run: run.curves["test_r2"][-1] - run.curves["test_r2"][0])


def _longer(results: Results, side: str, order: int) -> Score | None:
    """What the paper's best lag order adds to the network's R² over another one, on the same labels."""
    cells = results.where(dataset=HEARD, data="real", protocol=side, variant="lagged", target="arousal")
    return cells.contrast("r2", {"length": ladder.BEST_STATED}, {"length": order})


def _lags(claim: str, about: tuple[str, ...], orders: Iterable[int], because: str) -> Rule:
    """A claim that the paper's best lag order scores better than `orders`; `because` has a place for the pairs."""
    pairs, shown = {}, []
    for order, (side, says) in product(orders, SIDE_LABELS.items()):
        name = f"{ladder.BEST_STATED}_over_{order}_{says.replace(' ', '_')}"
        pairs[name] = partial(_longer, side=side, order=order)
        shown.append(f"{says}, {ladder.BEST_STATED} − {order} {{{name}:+.2}}")
    named = {"sound": _longest_over_shortest, "labels": _lagged_labels}
    return Rule(
        claim, about, pairs, above(0, excludes=0.0, unit=" of R²"), "stand-in",
        because.replace("{pairs}", "; ".join(shown)),
        {name: number for name, number in named.items() if f"{{{name}:" in because},
        trained=lambda results: results.where(variant="lagged"),
    )  # fmt: skip


NO_CNN = ("t3.no_cnn.rmse", "t3.no_cnn.mae", "t3.no_cnn.mape")
RULES: list[Rule | Fixed] = [
    _merit("arousal", headline=True),
    _merit("valence", headline=False),
    _better_than_tpa("arousal"),
    _better_than_tpa("valence"),
    Fixed(
        "untestable",
        "The network is better than MCAN, BCRSN and TNN + SVR.",
        (
            "s.outperforms", "s.beats_mcan_arousal", "s.beats_mcan_valence", "s.r2_above_mcan_bcrsn", "t1.mcan.rmse",
            "t2.mcan.rmse",
        ),
        "The rivals' rows state no split and no R², and in all but one of them the MAE exceeds the RMSE, which no one"
        " set of predictions can have; the columns may hold other scores of the studies that they come from. Neither"
        " the rivals' protocols nor their predictions are available.",
    ),
    _part(
        "Both the CNN and the BiLSTM make the network better, and leaving out both is a significant decline.",
        ("s.each_part_helps", "t3.no_cnn.r2", "t3.no_bilstm.r2", "t3.neither.r2"),
        ("cnn_bilstm",) * 3, ("no_cnn", "no_bilstm", "neither"),
        excludes=stated(KEY, "t3.full.r2").value - stated(KEY, "t3.neither.r2").value,
    ),
    Rule(
        "Without its CNN the network struggles to capture the essential patterns: its RMSE, MAE and MAPE rise, and its"
        f" R² is {stated(KEY, 't3.no_cnn.r2')}.",
        ("s.each_part_helps", "t3.no_cnn.r2", *NO_CNN),
        {name.rpartition(".")[2]: _near(name) for name in NO_CNN},
        Criterion(f"against: a constant prediction comes within {CLOSE} of the stated score", _within_close),
        "own",
        "The largest training label, predicted for every frame of PMEmo arousal, comes within {rmse:.3} of the stated"
        " RMSE, {mae:.3} of the MAE and {mape:.3} of the MAPE: an output that stays at its upper end whatever the"
        " input, as after a failed training, explains the row as well. Without CNN and BiLSTM the stated R² is"
        f" {stated(KEY, 't3.neither.r2')}. Whether a trained network without CNN is worse is judged by the rule on"
        " both parts.",
    ),
    _part(
        "Attention makes the network better, and so does multi-head self-attention.",
        ("s.multi_head_attention", "s.attention_after_fc"),
        ("cnn_bilstm", "multi_head", "both_attentions"), ("no_attention",) * 3, excludes=0.0,
    ),
    Rule(
        "A softmax layer at the end of the network performs the regression.",
        ("s.softmax_output",),
        {
            "expected_score_held_out": partial(folds_score, side=CLEAN, variant="expected_score"),
            "expected_score_within_songs": partial(folds_score, side=LEAKING, variant="expected_score"),
            "one_output_held_out": partial(folds_score, side=CLEAN, variant="softmax_output"),
        },
        above(0, unit=", the R² of the mean"),
        "stand-in",
        "It depends on the reading. Over one output, as the text has it, the softmax is 1 for every input: R²"
        " {one_output_held_out:.2} with songs held out. Read as a distribution over scores whose expectation is the"
        " prediction, it has {expected_score_held_out:.2} with songs held out and {expected_score_within_songs:.2} with"
        " labels split within songs. The network of the public code ends in tanh.",
        trained=lambda results: _folds_of(results, "expected_score"),
        revised="From not run to supported by its most favourable reading, then to undecided, since the reading as"
        " printed speaks against it: against the paper.",
    ),
    _lags(
        "With rising lag order the scores generally improve.",
        ("s.lag_improves", "s.lag_improves_score"),
        ladder.LENGTHS[:1],
        "R² of the network on windows of 25 half seconds minus that on windows of one: {pairs}. In the public code"
        " windows of features are lagged; ridge regression gains {sound:+.2} from 1 to 25 with songs held out. If past"
        " labels were lagged, one would suffice: on PMEmo R² changes by {labels:+.3} from the first order to the last.",
    ),
    _lags(
        f"The lag order of {stated(KEY, 'lag.best')} is the best.",
        ("s.best_at_25", "lag.best"),
        [order for order in ladder.LENGTHS if order != ladder.BEST_STATED],
        "R² of the network on windows of 25 half seconds minus that on shorter ones: {pairs}. The paper chose the best"
        " order by a composite score that contains the test scores; orders above 26 were not run.",
    ),
    Fixed(
        "untestable",
        "The four indicators of the test set carry the four highest entropy weights for arousal.",
        ("s.test_indicators_lead", "weights.arousal_highest", "weights.arousal_lowest"),
        f"The weights follow from the scores at all lag orders up to {stated(KEY, 'lag.last')}, which the paper shows"
        " as curves without numbers.",
    ),
    Fixed(
        "untestable",
        "Optimised with the sparrow search algorithm, the network is markedly better still.",
        ("s.sparrow_search",),
        "The paper prints no number of it and does not say what was searched; the public code does not contain it.",
    ),
]  # fmt: skip


def verdicts(results: Results) -> list[Verdict]:
    """What the reruns say of the paper's claims."""
    return policy.judge(RULES, results)
