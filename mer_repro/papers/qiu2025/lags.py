"""Lag orders (section "Impact of lag order"): how many past labels a linear model needs to say the next one.

The paper plots scores against lag orders 1 to 29 without saying what is lagged. Here it is the labels, the reading
under which a model needs no music at all: ridge regression of a frame's label on the `k` labels of the same song
before it. Past labels are known to every model here, test songs' too; that is the leak, and it exists under a clean
split.

The composite score follows equations (2) to (8): twelve indicators (four scores on three parts); samples are lag
orders.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mer_repro.papers.qiu2025.frames import load_frames, scored
from mer_repro.runs.records import Outcome, Run

if TYPE_CHECKING:
    import numpy as np

LAG_ORDERS = range(1, 30)
#: The paper's best order, whose predictions a run's scores are about.
BEST_STATED = 25
INDICATORS = ("r2", "mae", "rmse", "mape")
PENALTY = 1e-3


def execute(run: Run, *, device: str) -> Outcome:
    """Scores at lag order 25, and every score, and the composite, at each lag order as curves."""
    import numpy as np

    from mer_repro import metrics, splits
    from mer_repro.papers.qiu2025 import entropy_weight

    frames, _ = load_frames(run.dataset, run.data)
    songs, target = frames["song_id"].to_numpy(), frames[run.target].to_numpy()
    history = past_labels(songs, target, max(LAG_ORDERS))
    split = splits.split(run.protocol, songs, run.seed)
    table, chosen = [], None
    for order in LAG_ORDERS:
        predicted = _ridge(history[:, :order], target, split.train)
        parts = (split.train, split.test, split.validation)
        scores = [metrics.regression(target[part], predicted[part]) for part in parts]
        table.append([score[name] for score in scores for name in INDICATORS])
        if order == BEST_STATED:
            chosen = predicted[split.test]
    table = np.array(table)  # (lag order, part x indicator)
    higher_is_better = np.array([name == "r2" for _ in range(3) for name in INDICATORS])
    composite = entropy_weight.composite_scores(table, higher_is_better, use="normalised")
    curves = {
        f"{part}_{name}": table[:, 4 * p + i].tolist()
        for p, part in enumerate(("train", "test", "validation"))
        for i, name in enumerate(INDICATORS)
    }
    notes = {"hears": "nothing: past labels of the same song", "lag_orders": list(LAG_ORDERS)}
    return scored(run, songs, target, split, chosen, notes, composite=composite.tolist(), **curves)


def past_labels(songs: np.ndarray, target: np.ndarray, order: int) -> np.ndarray:
    """The `order` labels before each frame, the latest first; the song's first label stands in before its start.

    The first frame of a song gets its own label nowhere: its past is the mean of all labels.

    Returns
    -------
    (frames, order) float.
    """
    import numpy as np

    position = np.arange(len(songs))
    starts = np.concatenate([[True], songs[1:] != songs[:-1]])
    start = np.maximum.accumulate(np.where(starts, position, 0))
    columns = []
    for lag in range(1, order + 1):
        column = target[np.maximum(position - lag, start)]
        columns.append(np.where(starts, target.mean(), column))
    return np.stack(columns, axis=1)


def _ridge(features: np.ndarray, target: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Ridge regression fitted on the training frames; predictions for all frames."""
    from sklearn.linear_model import Ridge

    return Ridge(alpha=PENALTY).fit(features[train], target[train]).predict(features)
