"""The split, decided: the same models on the same labels of the same songs, songs held out against songs torn apart.

===============  ==================================================================================================
``song_folds``   clean: five folds hold out whole songs, a fifth tests and a tenth validates (`mer_repro.splits`)
``frame_folds``  leaks: the labels of every song are dealt over five folds, in the same shares
===============  ==================================================================================================

Both test every label once, so that clean and leaking scores are paired on the same songs; nothing else differs.
Whatever is fitted, scalers included, is fitted without the test labels.

``song_mean`` and ``linear_interpolation`` use no audio (`mer_repro.baselines`). ``ridge`` and ``extra_trees`` read what
`load_items` says. Networks, `build_network`'s, read the windows of `mer_repro.papers.qiu2025.windows`; a run's ``init``
seeds their weights.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from mer_repro.runs.records import Outcome, Run

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from mer_repro.splits import Split

FOLDS = 5
#: Penalties that ridge regression chooses from on the validation labels; features are standardised.
PENALTIES = (1.0, 10.0, 100.0, 1e3, 1e4, 1e5)


def execute(run: Run, *, device: str) -> Outcome:
    """Fit one simple model on one fold and answer for its test labels.

    Raises
    ------
    DataError
        If a data file is not what its documentation promises.
    """
    from mer_repro.baselines import BASELINES

    labels, features, reads = load_items(run.dataset, run.data, run.parameters["stride"])
    target, split = labels[run.target].to_numpy(), split_of(run, labels["song_id"].to_numpy())
    if run.variant in BASELINES:
        return _outcome(labels, target, split, BASELINES[run.variant](labels, target, split), {"hears": "nothing"})
    model = fitted(run, features, target, split)
    return _outcome(labels, target, split, model.predict(features[split.test]), {"hears": reads})


def execute_network(run: Run, *, device: str) -> Outcome:
    """Train a network on one fold, all that precedes it fitted on training labels, and answer for its test labels.

    Raises
    ------
    DataError
        If a data file is not what its documentation promises.
    PackageMissing
        If openSMILE is not installed and VGMIDI's descriptors are not in the cache.
    """
    import numpy as np
    import torch

    from mer_repro import training
    from mer_repro.papers.qiu2025 import ladder
    from mer_repro.papers.qiu2025.windows import STEPS, load_windows

    windows, init = load_windows(run.dataset, run.data, run.parameters["stride"]), run.factors["init"]
    rung = ladder.Rung(run.protocol, scale_on_all=False, select_on_all=False, time=False, past_labels=False)
    split, target = split_of(run, windows.labels["song_id"].to_numpy()), windows.labels[run.target].to_numpy()
    kept = ladder.above_threshold(ladder.feature_importance(run, windows, rung, split))
    of_code = run.variant in CODE_NETWORKS
    scale = "range" if of_code or run.variant == "min_max" else "z"
    seen = windows.index[:, -run.factors.get("length", STEPS) :]
    inputs = ladder.scaled_frames(windows, rung, split, scale)[:, kept][seen].astype(np.float32)
    low, high = (target[split.train].min(), target[split.train].max()) if of_code else (0.0, 1.0)
    learnt = ((target - low) / (high - low)).astype(np.float32)
    train, validation, test = (
        training.Examples((torch.from_numpy(inputs[rows]),), torch.from_numpy(learnt[rows]))
        for rows in (split.train, split.validation, split.test)
    )
    training.seed_everything(init)
    network = build_network(run, inputs[split.train], target[split.train])
    # The released code keeps its last epoch's network, whatever the validation windows say.
    trained = training.fit(
        network, train, None if of_code else validation, training_config(run), torch.nn.functional.mse_loss,
        seed=init, device=device,
    )  # fmt: skip
    answers = training.predict(network, test, batch_size=512, device=device, precision=trained.precision)
    notes = {
        "hears": windows.hears,
        "descriptors_kept": len(kept),
        "weights": sum(weight.numel() for weight in network.parameters()),
        **trained.notes,
    }
    outcome = _outcome(windows.labels, target, split, answers.astype(float) * (high - low) + low, notes)
    outcome.curves = trained.curves
    return outcome


#: Variant -> what differs from the paper's full network, as settings of `model.PaperConfig`. The inputs of `min_max`
#: are scaled by their range, as in the released code; those of `lagged` are the last frames of each window, as many as
#: the run's ``length``.
PAPER_NETWORKS = {
    "cnn_bilstm": {},
    "no_cnn": {"cnn": False},
    "no_bilstm": {"bilstm": False},
    "neither": {"cnn": False, "bilstm": False},
    "no_attention": {"attention": "none"},
    "multi_head": {"attention": "multi_head"},
    "both_attentions": {"attention": "both"},
    "softmax_output": {"output": "softmax"},
    "expected_score": {"output": "expected_score"},
    "min_max": {},
    "lagged": {},
}
#: The rival of tables 1 and 2 in two readings: network -> settings of `model.TPAConfig`.
RIVALS = {"tpa_bilstm": {}, "tpa_own_ends": {"last": "of_each_direction"}}
#: Networks of the released code: its own (DSelfAttention.m), and its ablations without CNN and without BiLSTM.
CODE_NETWORKS = ("released_code", "code_bilstm", "code_cnn")


def build_network(run: Run, inputs: np.ndarray, seen: np.ndarray):
    """The network of a run.

    Parameters
    ----------
    inputs : training windows (labels, time, descriptors). Input noise is stated in standard deviations of them, which
        z-scores have at 1 and inputs scaled by their range have not.
    seen : training labels, whose range is that of the scores whose expectation ``expected_score`` predicts.
    """
    from mer_repro.papers.qiu2025 import model

    features = inputs.shape[-1]
    if run.variant in RIVALS:
        return model.TPALSTM(model.TPAConfig(features=features, **RIVALS[run.variant]))
    if run.variant in CODE_NETWORKS:
        config = model.CodeConfig(features=features, kernels=model.CODE_KERNELS[run.target])
        built = {"released_code": model.CodeNetwork, "code_bilstm": model.CodeBiLSTM, "code_cnn": model.CodeCNN}
        return built[run.variant](config)
    config = model.PaperConfig(
        features=features, score_range=(float(seen.min()), float(seen.max())), **PAPER_NETWORKS[run.variant]
    )
    spread = inputs.std(axis=(0, 1)) if run.variant == "min_max" else None
    return model.PaperNetwork(config, spread)


def training_config(run: Run):
    """Training as the paper states it; for networks of the released code as main.m sets it."""
    from mer_repro.training import TrainingConfig

    chosen = run.parameters
    if run.variant in CODE_NETWORKS:
        return TrainingConfig(
            epochs=chosen["code_epochs"], batch_size=chosen["code_batch_size"], learning_rate=0.004,
            schedule="step", step_epochs=2, decay=0.5, clip_norm=1.0, weight_decay=1e-4,
        )  # fmt: skip
    return TrainingConfig(
        epochs=chosen["epochs"],
        batch_size=chosen["batch_size"],
        learning_rate=chosen["learning_rate"],
        patience=chosen["patience"],
    )


def split_of(run: Run, songs: np.ndarray) -> Split:
    """The run's fold under its protocol."""
    from mer_repro import splits

    protocols = {"song_folds": splits.song_folds, "frame_folds": splits.frame_folds}
    return protocols[run.protocol](songs, run.factors["fold"], FOLDS)


def _outcome(labels: pd.DataFrame, target: np.ndarray, split: Split, predicted: np.ndarray, notes: dict) -> Outcome:
    from mer_repro import metrics

    observed, songs = target[split.test], labels["song_id"].to_numpy()
    return Outcome(
        metrics=metrics.regression(observed, predicted),
        counts={
            "n_train": len(split.train),
            "n_validation": len(split.validation),
            "n_test": len(split.test),
            "n_test_songs": len(set(songs[split.test])),
            "n_test_songs_trained_on": len(set(songs[split.test]) & set(songs[split.train])),
        },
        predictions=dict(item=split.test, group=songs[split.test], y_true=observed, y_pred=predicted),
        notes=notes,
    )


@lru_cache(maxsize=1)
def load_items(dataset: str, data: str, stride: int) -> tuple[pd.DataFrame, np.ndarray, str]:
    """Every `stride`-th label of each song, and what simple models read beside it.

    Returns
    -------
    labels : song_id, time (s), arousal, valence; songs contiguous, times ascending.
    features : (labels, columns) float. VGMIDI: log-mel energies averaged over the window before a label's end, and
        over its last half second; its twin, which has no audio, and DEAM: what `load_windows` gives a window's last
        frame, for DEAM song means that are alike at all times. PMEmo: the time.
    reads : what the features are, in words.
    """
    import numpy as np

    from mer_repro.papers.qiu2025.windows import load_windows

    if dataset == "vgmidi" and data == "real":
        return _log_mel_items(stride)
    windows = load_windows(dataset, data, stride)
    if not windows.frames.shape[1]:
        return windows.labels, windows.labels[["time"]].to_numpy(dtype=float), "the time"
    return windows.labels, windows.frames[windows.index[:, -1]].astype(np.float64), windows.hears


def _log_mel_items(stride: int) -> tuple[pd.DataFrame, np.ndarray, str]:
    import numpy as np

    from mer_repro.data import registry
    from mer_repro.features.log_mel import log_mel_files
    from mer_repro.papers.qiu2025.windows import TARGETS, window_rows

    loaded = registry.load("vgmidi", source="real")
    labels = loaded.dynamic[["song_id", "time", *TARGETS]]
    labels = labels.sort_values(["song_id", "time"], kind="stable", ignore_index=True)
    of_song = dict(list(labels.groupby("song_id", sort=False)))
    spectra = log_mel_files([loaded.audio_path(song) for song in of_song], workers=1)
    features = []
    for rows, spectrum in zip(of_song.values(), spectra, strict=True):
        frames, times = half_seconds(spectrum)
        index = window_rows(rows["time"].to_numpy(), times)
        features.append(np.hstack([frames[index].mean(axis=1), frames[index[:, -1]]]))
    chosen = labels.groupby("song_id", sort=False).cumcount().to_numpy() % stride == 0
    reads = "log-mel energies of 128 bands, mean over the window and over its last half second"
    return labels[chosen].reset_index(drop=True), np.vstack(features)[chosen], reads


#: Spectrogram frames per second, and of them as many as come nearest to half a second.
FRAME_RATE = 22_050 / 512
PER_HALF_SECOND = round(FRAME_RATE / 2)


def half_seconds(spectrum: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean energy of each band over half seconds, (half seconds, bands) in dB, and when each begins, in s."""
    import numpy as np

    count = spectrum.shape[1] // PER_HALF_SECOND
    pieces = np.asarray(spectrum[:, : count * PER_HALF_SECOND], dtype=float).reshape(len(spectrum), count, -1)
    return pieces.mean(axis=2).T, np.arange(count) * PER_HALF_SECOND / FRAME_RATE


def fitted(run: Run, features: np.ndarray, target: np.ndarray, split: Split):
    """Ridge regression whose penalty the validation labels chose, or extremely randomised trees with at least three
    labels a leaf, on training and validation labels."""
    import numpy as np
    from sklearn.ensemble import ExtraTreesRegressor
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import GridSearchCV, PredefinedSplit
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows = np.concatenate([split.train, split.validation])
    if run.variant.startswith("extra_trees"):
        model = ExtraTreesRegressor(run.parameters["trees"], max_features=1 / 3, min_samples_leaf=3, random_state=0)
    else:
        part = np.repeat([-1, 0], [len(split.train), len(split.validation)])
        penalties, error = {"ridge__alpha": PENALTIES}, "neg_mean_squared_error"
        pipeline = make_pipeline(StandardScaler(), Ridge())
        model = GridSearchCV(pipeline, penalties, scoring=error, cv=PredefinedSplit(part))
    return model.fit(features[rows], target[rows])
