"""Lemmas, TF-IDF and Word2Vec: the bag-of-words side of gujar2026 (section 4.3, steps 1 to 4; section 5.2).

Conventions
-----------
A document is a list of tokens, as `lemmas` makes it from a text. What is fitted (which words count, document
frequencies, word vectors) is fitted on the documents given, which have to be those of the training set; words that
these do not hold are ignored from then on.

What the paper leaves open, and what is done here: the lemmatiser (simplemma), the stop words (scikit-learn's English
list without the words of `CONTENT_WORDS`), the logarithm (natural), and Word2Vec's window, negative samples and epochs
(gensim's usual five each).

scikit-learn's own TF-IDF needs nothing from here but the analyzer:
``TfidfVectorizer(analyzer=lemmas, min_df=5).fit(training_texts)``.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mer_repro.errors import ParameterError

if TYPE_CHECKING:
    import scipy.sparse
    from gensim.models import KeyedVectors

Document = Sequence[str]

MIN_COUNT = 5  # gujar2026, section 4.3, step 3
WORD_DIMENSION = 300  # gujar2026, section 5.2
WINDOW = 5
NEGATIVE_SAMPLES = 5
EPOCHS = 5
#: Words that scikit-learn's list of stop words holds and that mean something in a song; "cry" is the very word by which
#: gujar2026 (section 4.3, step 2) explains lemmas.
CONTENT_WORDS = frozenset([
    "alone", "bill", "bottom", "cry", "describe", "detail", "empty", "fill", "fire", "full", "interest", "mill",
    "move", "serious", "side", "sincere", "system", "thick", "thin",
])  # fmt: skip
LETTERS = re.compile(r"[^\W\d_]+")


def lemmas(text: str, language: str = "en") -> list[str]:
    """The lemmas of a text in lower case without stop words: "She cried and cries" becomes cry, cry.

    Parameters
    ----------
    text : words are runs of letters; anything else separates (don't: don, t).
    language : code of a language that simplemma knows.

    Raises
    ------
    ParameterError
        If simplemma does not know the language.
    """
    stop_words = _stop_words()
    words = (word for word in LETTERS.findall(text.lower()) if word not in stop_words)
    return [lemma for lemma in (_lemma(word, language) for word in words) if lemma not in stop_words]


class PaperTfidf:
    """TF-IDF by the formulas of gujar2026, section 4.3, step 4.

    ``tf(t, d) = count(t, d) / |d|``, ``idf(t) = ln(N / (1 + df(t)))``, with N documents, df(t) of which hold t, and
    ``|d|`` words of the vocabulary in d. The vocabulary is the words that occur at least `min_count` times in the
    documents fitted on (step 3). By this idf a word of all documents weighs slightly less than nothing.
    """

    def __init__(self, min_count: int = MIN_COUNT):
        self.min_count = min_count

    def fit(self, documents: Sequence[Document]) -> PaperTfidf:
        """Choose the vocabulary and count in how many of `documents` each word stands.

        Raises
        ------
        ParameterError
            If no word is frequent enough.
        """
        counts = Counter(word for document in documents for word in document)
        words = sorted(word for word, count in counts.items() if count >= self.min_count)
        _require_words(words, self.min_count, len(documents))
        self.vocabulary = {word: column for column, word in enumerate(words)}
        containing = Counter(word for document in documents for word in set(document))
        df = np.array([containing[word] for word in words])
        self.idf = np.log(len(documents) / (1 + df))  # (words,)
        return self

    def transform(self, documents: Sequence[Document]) -> scipy.sparse.csr_matrix:
        """(documents, words) float64; a row of zeros for a document without a word of the vocabulary."""
        from sklearn.feature_extraction.text import CountVectorizer
        from sklearn.preprocessing import normalize

        counter = CountVectorizer(analyzer=list, vocabulary=self.vocabulary, dtype=np.float64)
        return normalize(counter.transform(documents), norm="l1").multiply(self.idf).tocsr()


def fit_word2vec(
    documents: Sequence[Document], *, dimension: int = WORD_DIMENSION, min_count: int = MIN_COUNT, seed: int = 0
) -> KeyedVectors:
    """Word vectors by skip-gram with negative sampling (gujar2026, section 5.2), the same for the same seed.

    One thread: with more, gensim's updates race each other and no seed repeats them.

    Raises
    ------
    ParameterError
        If no word is frequent enough.
    """
    from gensim.models import Word2Vec

    counts = Counter(word for document in documents for word in document)
    _require_words([word for word in counts if counts[word] >= min_count], min_count, len(documents))
    model = Word2Vec(
        [list(document) for document in documents],
        vector_size=dimension,
        min_count=min_count,
        window=WINDOW,
        negative=NEGATIVE_SAMPLES,
        epochs=EPOCHS,
        sg=1,
        workers=1,
        seed=seed,
    )
    return model.wv


def word_indices(documents: Sequence[Document], vectors: KeyedVectors, length: int) -> np.ndarray:
    """Documents as rows of word numbers for an embedding layer with the weights of `embedding_matrix`.

    Returns
    -------
    (documents, length) int64: 1 + the word's place in `vectors`; words without a vector left out, longer documents
    cut, shorter ones filled with 0.
    """
    rows = np.zeros((len(documents), length), dtype=np.int64)
    for row, document in zip(rows, documents, strict=True):
        known = [1 + vectors.key_to_index[word] for word in document if word in vectors.key_to_index][:length]
        row[: len(known)] = known
    return rows


def embedding_matrix(vectors: KeyedVectors) -> np.ndarray:
    """(1 + words, dimension) float32: a row of zeros for the padding, then the vectors in their order."""
    return np.vstack([np.zeros((1, vectors.vector_size), np.float32), vectors.vectors])


def mean_vectors(documents: Sequence[Document], vectors: KeyedVectors) -> np.ndarray:
    """(documents, dimension) float32: the mean vector of each document's words; zeros where none has one."""
    means = np.zeros((len(documents), vectors.vector_size), dtype=np.float32)
    for mean, document in zip(means, documents, strict=True):
        known = [vectors.key_to_index[word] for word in document if word in vectors.key_to_index]
        if known:
            mean[:] = vectors.vectors[known].mean(axis=0)
    return means


def _require_words(words: Sequence[str], min_count: int, documents: int) -> None:
    if not words:
        raise ParameterError(
            f"No word occurs {min_count} times in the {documents} documents; give more documents or a lower min_count."
        )


@functools.lru_cache(maxsize=200_000)
def _lemma(word: str, language: str) -> str:
    import simplemma

    try:
        return simplemma.lemmatize(word, lang=language).lower()
    except ValueError as error:
        raise ParameterError(f"simplemma has no language '{language}' ({error}); use a code such as 'en'.") from error


@functools.cache
def _stop_words() -> frozenset[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return ENGLISH_STOP_WORDS - CONTENT_WORDS
