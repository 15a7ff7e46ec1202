"""Simple rivals of gujar2026's networks: what labels, words or descriptors give without a neural network.

Each is a function ``(songs, split, seed) -> probabilities`` (test songs, 4). Whatever is chosen is chosen on the
validation songs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from mer_repro.features import text, words
from mer_repro.papers.gujar2026.examples import Songs
from mer_repro.papers.gujar2026.inputs import TOKENS_READ

if TYPE_CHECKING:
    from mer_repro.splits import Split

N_MOODS = 4
#: Inverse strengths of the penalty that logistic regression chooses from.
STRENGTHS = (0.1, 1.0, 10.0)
#: The same for an embedding of hundreds of dimensions.
FROZEN_STRENGTHS = (0.001, 0.01, 0.1)
#: Leaves a tree that boosting chooses from.
LEAVES = (4, 16)
FOLDS = 4


def majority(songs: Songs, split: Split, seed: int) -> np.ndarray:
    """The commonest mood of the training songs, for every song."""
    return np.tile(np.eye(N_MOODS)[np.bincount(songs.mood[split.train]).argmax()], (len(split.test), 1))


def stratified_random(songs: Songs, split: Split, seed: int) -> np.ndarray:
    """A mood drawn as often as it occurs in training."""
    drawn = np.random.default_rng(seed).choice(songs.mood[split.train], len(split.test))
    return np.eye(N_MOODS)[drawn]


def logistic_tfidf(songs: Songs, split: Split, seed: int) -> np.ndarray:
    """Logistic regression on the TF-IDF of lemmas."""
    features = _tfidf(songs, split)
    return _chosen(map(_logistic, STRENGTHS), features, songs, split).predict_proba(features[split.test])


def logistic_word2vec(songs: Songs, split: Split, seed: int) -> np.ndarray:
    """Logistic regression on the mean of the word vectors that the training songs' lemmas give."""
    documents = [words.lemmas(lyrics) for lyrics in songs.texts]
    vectors = words.fit_word2vec([documents[row] for row in split.train], seed=seed)
    return _scaled_logistic(words.mean_vectors(documents, vectors), songs, split)


def logistic_sentence(songs: Songs, split: Split, seed: int) -> np.ndarray:
    """Logistic regression on the frozen sentence encoder's vector, the one that the network's text branch reads."""
    return _scaled_logistic(text.embed(songs.texts, pooling="mean", max_length=TOKENS_READ).vectors, songs, split)


def boosting_descriptors(songs: Songs, split: Split, seed: int) -> np.ndarray:
    """Gradient boosting on descriptors; of a spectrogram, on mean and deviation of each band."""
    features = descriptors(songs.audio)
    return _chosen(_boostings(seed), features, songs, split).predict_proba(features[split.test])


def boosting_both(songs: Songs, split: Split, seed: int) -> np.ndarray:
    """Gradient boosting on descriptors and on what logistic regression makes of the words.

    For training songs these are the answers of regressions that did not see the song's artist.
    """
    from sklearn.model_selection import GroupKFold, cross_val_predict

    texts = _tfidf(songs, split)
    model = _chosen(map(_logistic, STRENGTHS), texts, songs, split)
    told = np.zeros((len(songs.mood), N_MOODS))
    told[split.train] = cross_val_predict(
        model,
        texts[split.train],
        songs.mood[split.train],
        groups=songs.artist[split.train],
        cv=GroupKFold(FOLDS),
        method="predict_proba",
    )
    held_out = np.concatenate([split.validation, split.test])
    told[held_out] = model.predict_proba(texts[held_out])
    features = np.hstack([descriptors(songs.audio), told])
    return _chosen(_boostings(seed), features, songs, split).predict_proba(features[split.test])


def svm_features(songs: Songs, split: Split, seed: int) -> np.ndarray:
    """A support vector machine on the data set's own descriptors."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    models = [
        make_pipeline(
            StandardScaler(), CalibratedClassifierCV(SVC(C=strength, gamma="scale"), cv=FOLDS, ensemble=False)
        )
        for strength in STRENGTHS
    ]
    return _chosen(models, songs.features, songs, split).predict_proba(songs.features[split.test])


def frozen_audio(songs: Songs, split: Split, seed: int) -> np.ndarray:
    """Logistic regression on what a frozen pretrained network hears; see `mer_repro.features.embeddings`."""
    from mer_repro.features import embeddings

    return _scaled_logistic(embeddings.vibenet(songs.clips, workers=1).vectors, songs, split)


def _scaled_logistic(features: np.ndarray, songs: Songs, split: Split) -> np.ndarray:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    models = [make_pipeline(StandardScaler(), _logistic(strength)) for strength in FROZEN_STRENGTHS]
    return _chosen(models, features, songs, split).predict_proba(features[split.test])


SIMPLE: dict[str, Callable[[Songs, Split, int], np.ndarray]] = {
    "majority": majority,
    "stratified_random": stratified_random,
    "logistic_tfidf": logistic_tfidf,
    "logistic_word2vec": logistic_word2vec,
    "logistic_sentence": logistic_sentence,
    "boosting_descriptors": boosting_descriptors,
    "boosting_both": boosting_both,
    "svm_features": svm_features,
    "frozen_audio": frozen_audio,
}


def descriptors(audio: np.ndarray) -> np.ndarray:
    """Descriptors as they are; of spectrograms (n, bands, frames) mean and deviation of each band, (n, 2 bands)."""
    return audio if audio.ndim == 2 else np.hstack([audio.mean(axis=2), audio.std(axis=2)])


def _tfidf(songs: Songs, split: Split) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(analyzer=words.lemmas, min_df=words.MIN_COUNT, sublinear_tf=True)
    vectorizer.fit([songs.texts[row] for row in split.train])
    return vectorizer.transform(songs.texts)


def _logistic(strength: float) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=strength, max_iter=500)


def _boostings(seed: int) -> list:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return [
        HistGradientBoostingClassifier(max_leaf_nodes=leaves, learning_rate=0.1, max_iter=80, random_state=seed)
        for leaves in LEAVES
    ]


def _chosen(models: Iterable[Any], features: Any, songs: Songs, split: Split) -> Any:
    """The model, fitted on the training songs, that answers most validation songs right."""
    fitted = [model.fit(features[split.train], songs.mood[split.train]) for model in models]
    return max(fitted, key=lambda model: model.score(features[split.validation], songs.mood[split.validation]))
