"""Names that the chapter on bai2026 gives to what was run, in the order in which its tables show it."""

from __future__ import annotations

from mer_repro.papers.bai2026 import study

LABELS = {
    "majority": "majority class",
    "logistic_statistics": "logistic regression: play statistics",
    "logistic_tags": "logistic regression: TF-IDF of tags",
    "logistic_both": "logistic regression: tags and statistics",
    "bag_of_songs": "logistic regression: bag of songs",
    "told": "oracle: knows what to count",
    "lstm_audio": "LSTM-Audio (song IDs, no audio)",
    "bert_text": "BERT-Text",
    "early_fusion": "early fusion",
    "late_fusion": "late fusion",
    "tcn_lm": "TCN-LM",
    "no_tcn": "w/o TCN: LSTM of the same depth",
    "no_tcn_one_layer": "w/o TCN: LSTM of one layer",
    "no_lm": "w/o LM: TCN alone",
    "no_attention": "w/o attention: concatenation",
    "semantic_query": "semantic query",
    "max_pooling": "max pooling",
    "attention_pooling": "attention pooling",
    "shuffled_labels": "TCN-LM, labels shuffled",
}
#: Variants that train a network.
NETWORKS = tuple(LABELS)[6:]
#: The row of the paper's tables 2 and 3 that a variant rebuilds.
STATED_ROWS = {name: f"t2.{name}" for name in study.TABLE_2} | {name: f"t3.{name}" for name in study.TABLE_3}
CONDITIONS = {
    "none": "nothing planted",
    "order": "only in the order",
    "tags": "only in the tags",
    "both": "in both",
    "gated": "in the tags, read by the order",
}
FEATURES = {
    "age": "age alone",
    "genres": "genre habits",
    "genres_age": "genre habits and age",
    "habits": "listening habits",
    "everything": "all of these",
    "boosting": "all of these, gradient boosting",
    "other_score": "the other self-rating",
}
OUTCOMES = {
    "play_concentration": "plays concentrated on few artists, three classes",
    "sad_tags": "ever gives a sad tag to artists of the other half",
    "gender": "gender",
    "older": "aged 30 or more",
}
#: Ways of reading a table of one proposed model and four rivals (`power.readings`).
READINGS = {
    "leads": "it is first of five; no test, as in the paper",
    "leads_as_stated": "it leads the best of four rivals by as much as the paper states; no test",
    "leads_one_as_stated": "it leads one rival by as much as the paper states; no test",
    "mcnemar": "McNemar's test against one rival named beforehand",
    "mcnemar_any_rival": "McNemar's test against at least one of four rivals",
    "mcnemar_best_rival": "McNemar's test against whichever rival came out best",
    "chi_square": "chi-square test against one rival, as if of other users",
    "cochran": "Cochran's test that the five are not all alike",
    "best_variant": "McNemar's test of the best of four variants against one rival",
}
#: Of a second draw of test users: the rivals of tables 2 and 3 in the order of `study.stated_accuracies`.
RIVALS = {
    "table_2": ("late_fusion", "early_fusion", "bert_text", "lstm_audio"),
    "table_3": ("no_attention", "no_tcn", "no_lm"),
}
#: Rows of the description of HetRec: metric -> words, style.
TAGGING = {
    "users": ("users who tagged", ",.0"),
    "artists": ("artists tagged", ",.0"),
    "tags": ("distinct tags", ",.0"),
    "events": ("tag events", ",.0"),
    "artists_a_user_25": ("artists per user, lower quartile", ",.0"),
    "artists_a_user_50": ("artists per user, median", ",.0"),
    "artists_a_user_75": ("artists per user, upper quartile", ",.0"),
    "months": ("months with events, median user", ",.0"),
    "share_reaching_length": ("users with 100 artists or more, %", "%1"),
    "padding": ("padding, if all are cut and padded to 100, %", "%1"),
    "one_user": ("artists that one user alone tagged, %", "%1"),
    "seen": ("of a test user's artists, seen in training, %", "%1"),
    "seen_twice": ("of a test user's artists, seen of two training users or more, %", "%1"),
    "nothing_seen": ("test users without any artist seen in training, %", "%1"),
}
PROFILES = {
    "users": "users",
    "gender_given": "gender given",
    "female": "of these female",
    "age_given": "age given",
    "age_plausible": "of these between 13 and 80",
    "age_median": "median age",
    "country_given": "country given",
    "registered_given": "day of registration given",
    "all_given": "all four given",
    "users_with_listens": "users whose listens are in our copy",
    "listens": "listens in our copy",
}


def condition_of(point: str) -> str:
    """Where the class shows in a simulated study: "order" of "order_100"."""
    return point.rpartition("_")[0]


def point_label(point: str) -> str:
    """ "only in the order, effect 1"."""
    condition, _, effect = point.rpartition("_")
    return CONDITIONS[condition] + (f", effect {int(effect) / 100:g}" if condition != "none" else "")
