"""Names that the chapter on abadeh2024 gives to what was run, and the ledger's entries beside them."""

from __future__ import annotations

from mer_repro.papers.abadeh2024 import genres, study

KEY = study.KEY
SETTINGS = tuple(genres.SETTINGS)
REAL = ("situnes", "hetrec2011_lastfm")
NAMES = {"situnes": "SiTunes", "hetrec2011_lastfm": "HetRec", "planted": "synthetic histories"}
LABELS = {
    "majority": "majority class of training items",
    "user_majority": "the person's most frequent genre so far",
    "last_genre": "persistence: the last genre again",
    "markov_global": "Markov chain, all users",
    "markov_user": "Markov chain, per user, smoothed",
    "logistic": "logistic regression, last three steps",
    "boosting": "gradient boosting, counts and recency",
    "logistic_stress": "logistic regression",
    "logistic_stress_before": "logistic regression",
    "logistic_stress_leak": "logistic regression",
    "logistic_group": "logistic regression, true label",
    "logistic_group_shuffled": "logistic regression, label of another person",
    "lstm": "LSTM",
    "gru": "GRU",
    "lstm_attention": "LSTM, attention",
    "gru_attention": "GRU, attention",
    "lstm_stress": "LSTM, stress",
    "gru_stress": "GRU, stress",
    "lstm_attention_stress": "LSTM, attention, stress",
    "gru_attention_stress": "GRU, attention, stress",
    "lstm_fastformer": "LSTM, attention as cited",
    "lstm_oversampled": "LSTM, oversampling",
    "lstm_undersampled": "LSTM, undersampling",
    "lstm_patience_5": "LSTM, patience 5",
    "lstm_last": "LSTM, weights at the stop",
    "lstm_patience_5_last": "LSTM, patience 5, weights at the stop",
    "lstm_no_group": "LSTM, no label",
    "lstm_group_shuffled": "LSTM, label of another person",
    "seq2seq_lstm": "Seq2Seq, LSTM",
    "seq2seq_gru": "Seq2Seq, GRU",
    "seq2seq_lstm_attention": "Seq2Seq, LSTM, attention",
    "best": "oracle: knows how the histories were made",
}
#: Baselines without a network, for the plain LSTM to beat.
RIVALS = ("last_genre", "user_majority", "markov_user", "logistic", "boosting")
#: Factors of the factorial, as readers see them.
FACTORS = {"attention": "attention", "stress": "stress", "cell": "LSTM in place of GRU"}
#: Where networks are compared: data sets and numbers of classes with which the plain LSTM is above the majority class.
#: Elsewhere, on SiTunes with four and three classes, the interval of its lead reaches zero: where nothing is shown to
#: be learnt, nothing can be shown to help or to harm.
LEARNT = (("situnes", "genres_6"), *(("hetrec2011_lastfm", setting) for setting in SETTINGS))
#: What the report states of a cell of the factorial: (variant, setting) -> ledger id.
STATED = {
    ("lstm", "genres_6"): "t7.g6.lstm.accuracy",
    ("gru", "genres_6"): "t7.g6.gru.accuracy",
    ("lstm", "genres_4"): "t7.g4.lstm.accuracy",
    ("gru", "genres_4"): "t7.g4.gru.accuracy",
    ("lstm_attention_stress", "genres_3"): "t7.g3.lstm.accuracy",
    ("gru_attention_stress", "genres_3"): "t7.g3.gru.accuracy",
}
#: The report's table of class sizes for each setting.
SIZES = {"genres_6": "t4", "genres_4": "t5", "genres_3": "t6"}
#: The way from six classes to three: words, variant, trained on, scored on.
STEPS = (
    ("LSTM with six classes", "lstm", "genres_6", "genres_6"),
    ("its predictions, electronic and jazz counted as others", "lstm", "genres_6", "genres_4"),
    ("LSTM trained with four classes", "lstm", "genres_4", "genres_4"),
    ("LSTM with six classes, restricted to items and outputs of three", "lstm", "genres_6", "genres_3"),
    ("LSTM trained with three classes", "lstm", "genres_3", "genres_3"),
    ("LSTM with three classes, attention and stress", "lstm_attention_stress", "genres_3", "genres_3"),
)
#: What is added on the same items: words, setting, (variant, trained on) of the one and of the other.
SAME_ITEMS = (
    ("training with four classes", "genres_4", ("lstm", "genres_4"), ("lstm", "genres_6")),
    ("training with three classes", "genres_3", ("lstm", "genres_3"), ("lstm", "genres_6")),
    ("attention and stress, three classes", "genres_3", ("lstm_attention_stress", "genres_3"), ("lstm", "genres_3")),
)
#: When stress was measured -> the logistic regression and the LSTM that read it.
TIMES = {
    "none": ("logistic", "lstm"),
    "after each step (the report's)": ("logistic_stress", "lstm_stress"),
    "just before the step to be predicted": ("logistic_stress_before", "lstm_stress_before"),
    "after the step to be predicted (a leak)": ("logistic_stress_leak", "lstm_stress_leak"),
}
GROUPED = ("logistic", "logistic_group", "logistic_group_shuffled", "lstm_no_group", "lstm", "lstm_group_shuffled")
TRAININGS = (
    "lstm", "lstm_fastformer", "lstm_oversampled", "lstm_undersampled", "lstm_patience_5", "lstm_last",
    "lstm_patience_5_last", "seq2seq_lstm", "seq2seq_gru", "seq2seq_lstm_attention",
)  # fmt: skip
#: Configurations of the report as `model.Config` has them.
CONFIGURATIONS = (
    ("six classes (table IV)", {"classes": 6}),
    ("four classes (table V)", {"classes": 4}),
    ("three classes (table VI)", {"classes": 3}),
    ("three classes, attention", {"classes": 3, "attention": True}),
    ("three classes, stress and attention", {"classes": 3, "attention": True, "stress": True}),
)


def levels(factor: str, dataset: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The variants of the factorial with a factor at its one level and, in the same order, at its other."""
    names = [*study.PLAIN_FACTORIAL, *(study.STRESS_FACTORIAL if dataset in study.WITH_STRESS else ())]
    if factor == "cell":
        pairs = [(name, name.replace("lstm", "gru")) for name in names if name.startswith("lstm")]
    else:
        pairs = [(name, name.replace(f"_{factor}", "")) for name in names if f"_{factor}" in name]
    return tuple(one for one, _ in pairs), tuple(other for _, other in pairs)
