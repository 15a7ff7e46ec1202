"""The rules by which newkey2030's claims are judged; write them before their results are looked at."""

from __future__ import annotations

from mer_repro.results import Results, Score
from mer_repro.verdicts import Fixed, Rule, below


def network_over_mean(results: Results) -> Score | None:
    """RMSE of the network minus that of the mean, on the same songs."""
    return results.where(data="real").contrast("rmse", {"variant": "network"}, {"variant": "global_mean"})


RULES: list[Rule | Fixed] = [
    Rule(
        claim="The network predicts the arousal of songs.",
        about=("s.predicts_arousal", "t1.ours.rmse"),
        evidence={"network_over_mean": network_over_mean},
        criterion=below(0.0, unit=" of RMSE"),
        on="own",
        because="The network's RMSE differs from that of the training mean by {network_over_mean:+.3}.",
        headline=True,
    ),
]
