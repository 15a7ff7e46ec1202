"""What readers of the chapter on bath2025 see variants, data sets and rows called, in the order of its tables."""

from __future__ import annotations

from mer_repro.papers.bath2025 import study

KEY = study.KEY
TARGETS = study.TARGETS
OFFICIAL = "labels_" + study.OFFICIAL
SETS = {
    "merge": "MERGE",
    "deam": "DEAM",
    "vgmidi": "VGMIDI",
    "musifeast17": "MUSIFEAST-17",
    "tcc_ceds": "tcc_ceds",
    "emotify": "Emotify",
}
#: Sets whose middle can be taken out.
DOUGHNUT_SETS = ("deam", "vgmidi", "musifeast17", "tcc_ceds")
BASELINES = {
    "random": "random, uniform between 0 and 1",
    "mean": "mean of the training labels",
    "median": "median of the training labels",
    "quadrant_centre": "quadrant oracle: its training mean",
    "quadrant_median": "quadrant oracle: its training median",
    "nearest_label": "label oracle: nearest training label",
    "predicted_quadrant": "quadrant classifier on the song's catalogue number, no audio: its training mean",
}
#: Between two frames of a spectrogram: 512 samples at 22,050 Hz.
HOP_SECONDS = 512 / 22_050
#: Rows of table 4.2 and the baseline that each describes.
STATED_ROWS = {"random": "random", "mean": "mean", "quadrant_centre": "quadrant"}
#: Simulated predictors, each at the R² that a model states.
SIMULATED = {
    "hard_classifier": "hard classifier, errors anywhere",
    "near_middle_classifier": "hard classifier, errors nearest the middle",
    "noisy_plane_classifier": "hard classifier, both axes noisy",
    "soft_classifier": "probability-weighted classes",
    "regressor": "regressor",
}
HARD = ("hard_classifier", "near_middle_classifier", "noisy_plane_classifier")
SELECTIONS = {
    "whole": "all songs",
    "same_size": "random songs, as many as without the middle",
    "same_spread": "as many, with the variance of those without the middle",
    "ring": "middle removed",
}
MODELS = {
    "mean": "mean of the training labels",
    "quadrant_centre": "quadrant oracle: its mean",
    "predicted_quadrant": "hard classifier: mean of the predicted quadrant",
    "weighed_logistic": "probability-weighted quadrant means, logistic classifier",
    "weighed_boosting": "probability-weighted quadrant means, boosted trees",
    "ridge": "ridge",
    "boosting": "boosted trees",
    "network": "small network",
    "model_1": "Model 1: light VGG",
    "model_2": "Model 2: + batch norm, dropout",
    "model_3": "Model 3: + attention",
    "model_4": "Model 4: two convolutions per block, attention",
    "model_5": "Model 5: encoder trained",
    "model_2_audio": "Model 2, audio alone",
    "model_2_lyrics": "Model 2, text alone",
}
#: Probability-weighted classification and the regression that it is compared with: on any songs, and on MERGE's own.
RIVALS = {"trees": ("weighed_boosting", "boosting"), "linear": ("weighed_logistic", "ridge")}
HEARD_RIVALS = RIVALS | {"frozen": ("frozen_weighed", "frozen_ridge")}
#: What the pairs are called.
RIVAL_NAMES = {"trees": "boosted trees", "linear": "linear models", "frozen": "linear models, frozen network"}
#: The same without convolutions: on descriptors the models differ in dropout and gates alone.
DESCRIBED = {
    "model_1": "Model 1's head on descriptors",
    "model_2": "Model 2's head on descriptors",
    "model_3": "Model 3's head on descriptors",
    "model_4": "Model 4's head on descriptors",
    "model_5": "Model 5: encoder trained, descriptors",
}
#: What the towers are given.
GIVEN = {
    "vgmidi": "spectrograms and titles",
    "tcc_ceds": "four descriptors (no convolutions) and lyrics",
    "deam": "openSMILE descriptors (no convolutions)",
    "musifeast17": "spectrograms",
    "emotify": "spectrograms",
}
#: What is fitted on MERGE's own songs beside the models: on mel bands, and on a frozen pretrained network.
HEARD = MODELS | {
    "ridge": "ridge: mel bands",
    "boosting": "boosted trees: mel bands",
    "predicted_quadrant": "hard classifier: mel bands",
    "weighed_logistic": "probability-weighted quadrant means, logistic classifier: mel bands",
    "weighed_boosting": "probability-weighted quadrant means, boosted trees: mel bands",
    "frozen_ridge": "ridge: frozen pretrained network",
    "frozen_weighed": "probability-weighted quadrant means, logistic classifier: frozen pretrained network",
    "title_ridge": "ridge: title",
    "frozen_title_ridge": "ridge: frozen pretrained network and title",
    "moods_ridge": "ridge: mood words, from which the labels were made",
    "frozen_moods_ridge": "ridge: frozen pretrained network and mood words",
    "model_2_titles": "Model 2, audio and title",
    "model_5_titles": "Model 5, audio and title",
}
TIMED = {"librosa": "librosa", "numpy": "mer_repro, NumPy", "torch": "mer_repro, PyTorch"}
CONGRUENCE = {"as_published": "own lyrics", "half_swapped": "half with another song's lyrics"}


def of_model(number: int, target: str, score: str) -> str:
    """Claim of a score of table 4.1."""
    return f"t4.1.m{number}.{target}.{score}"
