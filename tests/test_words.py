"""Lemmas, TF-IDF and Word2Vec against hand-worked values and planted neighbours."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from mer_repro.errors import ParameterError
from mer_repro.features.words import (
    PaperTfidf,
    embedding_matrix,
    fit_word2vec,
    lemmas,
    mean_vectors,
    word_indices,
)


def test_lemmas_join_forms_and_drop_stop_words_and_everything_that_is_no_letter():
    assert lemmas("She CRIED, and cries 2 tears_ for the dreams!") == ["cry", "cry", "tear", "dream"]
    assert lemmas("") == []
    with pytest.raises(ParameterError, match="simplemma has no language 'zz'"):
        lemmas("word", language="zz")


def test_tfidf_by_hand():
    """Two of three documents hold "love" (four times in all), one "rain" (three times)."""
    training = [["love", "love", "rain", "rain", "rain"], ["love", "love", "rare"], ["rare", "other"]]
    model = PaperTfidf(min_count=3).fit(training)
    assert model.vocabulary == {"love": 0, "rain": 1}
    np.testing.assert_allclose(model.idf, [np.log(3 / 3), np.log(3 / 2)])
    found = model.transform([["rain", "love", "rain", "unseen"], ["unseen"], []]).toarray()
    np.testing.assert_allclose(found, [[0, 2 / 3 * np.log(1.5)], [0, 0], [0, 0]])
    with pytest.raises(ParameterError, match="No word occurs 9 times in the 3 documents"):
        PaperTfidf(min_count=9).fit(training)


def songs(count: int = 300) -> list[list[str]]:
    """Two topics of ten words each, never in one song: words of one topic keep each other's company."""
    generator = np.random.default_rng(0)
    topics = [[f"sun{i}" for i in range(10)], [f"rain{i}" for i in range(10)]]
    return [list(generator.choice(topics[i % 2], size=30)) for i in range(count)]


def test_word2vec_learns_who_keeps_whose_company():
    vectors = fit_word2vec(songs(), dimension=20)
    nearest = [word for word, _ in vectors.most_similar("sun0", topn=9)]
    assert all(word.startswith("sun") for word in nearest)
    with pytest.raises(ParameterError, match="No word occurs 5 times"):
        fit_word2vec([["once"], ["only"]])


TRAIN = """
import hashlib, sys
sys.path.insert(0, sys.argv[1])
from test_words import songs
from mer_repro.features.words import fit_word2vec
vectors = fit_word2vec(songs(60), dimension=16, seed=int(sys.argv[2]))
print(hashlib.sha256(vectors.vectors.tobytes()).hexdigest())
"""


def test_word2vec_depends_on_the_seed_and_on_nothing_else():
    def run(seed, hash_seed):
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", TRAIN, os.path.dirname(__file__), seed]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    assert run("0", "1") == run("0", "2") != run("1", "1")


def test_documents_become_indices_and_means():
    vectors = fit_word2vec([["a", "b", "b"]] * 5, dimension=4)
    a, b = vectors["a"], vectors["b"]
    documents = [["a", "unknown", "b"], ["b", "b", "a", "a"], []]
    indices = word_indices(documents, vectors, length=3)
    looked_up = embedding_matrix(vectors)[indices]  # (documents, length, dimension)
    zero = np.zeros(4)
    np.testing.assert_array_equal(looked_up, [[a, b, zero], [b, b, a], [zero, zero, zero]])
    np.testing.assert_allclose(mean_vectors(documents, vectors), [(a + b) / 2, (a + b) / 2, zero], rtol=1e-6)
