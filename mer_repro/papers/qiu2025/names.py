"""What readers see qiu2025's variants, protocols and data sets called, and which rows of the paper they rebuild."""

from __future__ import annotations

from mer_repro.papers.qiu2025 import study

KEY = study.KEY
TARGETS = ("arousal", "valence")
DATASETS = {"vgmidi": "VGMIDI", "deam": "DEAM", "pmemo": "PMEmo"}
#: The data set whose labels tables 1 and 2 fit without rescaling.
LIKELY = "pmemo"
#: The data set with sound, on which ablations are compared.
HEARD = study.WITH_AUDIO
CLEAN, LEAKING = study.SIDES
RUNG_CLEAN = study.ENDS[0]
SIDE_LABELS = {CLEAN: "songs held out", LEAKING: "split within songs"}
PROTOCOLS = {
    "song_grouped": "songs held out (clean)",
    "frame_random": "frames shuffled (leaks)",
    "within_song_random": "frames of each song split (leaks; public code)",
}
RUNGS = {
    "ladder_0_clean": "songs held out (clean)",
    "ladder_1_scaling": "+ scaling on all songs",
    "ladder_2_selection": "+ selection on all songs",
    "ladder_3_time": "+ time as an input",
    "ladder_4_windows": "+ windows split at random",
    "ladder_5_within_song": "+ split within every song, less training data",
    "ladder_6_lagged": "+ earlier labels as inputs",
}
#: Predictors that use no audio.
LABEL_ONLY = {
    "global_mean": "mean of all training labels",
    "song_mean": "mean of the song's training labels",
    "last_value": "last training label before the frame",
    "linear_interpolation": "line between the song's training labels",
    "training_maximum": "largest training label",
}
NETWORKS = {
    "cnn_bilstm": "CNN-BiLSTM as the paper states it",
    "no_cnn": "without CNN",
    "no_bilstm": "without BiLSTM",
    "neither": "without CNN and BiLSTM",
    "no_attention": "without attention",
    "multi_head": "multi-head attention instead",
    "both_attentions": "with both attentions",
    "softmax_output": "softmax over the one output, as stated",
    "expected_score": "softmax over scores, their expectation",
    "min_max": "inputs scaled by range",
    "lagged": "windows of other lengths",
    "tpa_bilstm": "TPA-BiLSTM (Shih et al.), rebuilt",
    "tpa_own_ends": "TPA-BiLSTM, the last state of each direction",
    "released_code": "network of the public code",
    "code_bilstm": "public code's BiLSTM alone",
    "code_cnn": "public code's CNN alone",
}
SIMPLE = {"ridge": "ridge regression", "random_forest": "random forest", "extra_trees": "extremely randomised trees"}
THINNED = {
    "ridge_thinned": "ridge regression, the network's labels",
    "extra_trees_thinned": "randomised trees, the network's labels",
}
LABELS = LABEL_ONLY | SIMPLE | THINNED | NETWORKS
#: Of the folds, from the predictor that knows least to the network.
ON_FOLDS = ("song_mean", "linear_interpolation", *THINNED, "cnn_bilstm")
IN_FOLD_TABLE = ("song_mean", "linear_interpolation", "ridge", "extra_trees", *THINNED, "cnn_bilstm")
ON_LADDER = ("song_mean", "linear_interpolation", "ridge", "random_forest")
#: Target -> the paper's table about it.
TABLES = {"arousal": "t1", "valence": "t2"}
#: Rows of table 3 and the rebuilt variants that they are about; then those of the public code's own scripts.
TABLE_3 = {"cnn_bilstm": "t3.full", "no_cnn": "t3.no_cnn", "no_bilstm": "t3.no_bilstm", "neither": "t3.neither"}
TABLE_3_CODE = {"released_code": "t3.full", "code_bilstm": "t3.no_cnn", "code_cnn": "t3.no_bilstm"}
METRICS = {"r2": "R²", "squared_pearson": "squared Pearson", "rmse": "RMSE", "mae": "MAE"}


def stated_r2(target: str) -> str:
    """Id of the R² that the paper states for a target, test row."""
    return f"{TABLES[target]}.ours.testing.r2"
