"""From songs to the tensors of gujar2026's networks; whatever is fitted is fitted on the training songs alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mer_repro.features import text, words
from mer_repro.papers.gujar2026.examples import Songs

if TYPE_CHECKING:
    import torch

    from mer_repro.splits import Split
    from mer_repro.training import Examples

#: Lemmas of a song that the attention over word vectors reads.
WORDS_READ = 64
#: Tokens of a song that the sentence encoder reads.
TOKENS_READ = 128
#: The same where the encoder is trained along: half the cost, and the median of the lyrics has no more than 75.
TOKENS_TRAINED = 64


@dataclass(frozen=True)
class Inputs:
    """Tensors of all songs of one split.

    audio : (n, features) or (n, bands, frames), standardised; None without audio.
    tfidf : (n, vocabulary). words : (n, WORDS_READ) numbers of lemmas, 0 for none. sentence : (n, dimension). None
        without words. word_vectors : (1 + lemmas, 300).
    encoder : which sentence encoder served, "" without words.
    tokens : (n, at most TOKENS_TRAINED) what an encoder that is trained along reads: the song's lemmas as in section
        4.3, step 5, but each once, since not all sets have them in order; 0 pads.
    """

    mood: torch.Tensor
    audio: torch.Tensor | None
    tfidf: torch.Tensor | None = None
    words: torch.Tensor | None = None
    sentence: torch.Tensor | None = None
    word_vectors: torch.Tensor | None = None
    encoder: str = ""
    tokens: torch.Tensor | None = None

    def text(self, finetuned: bool = False) -> tuple[torch.Tensor, ...]:
        """The text branch's inputs in its order; empty without words."""
        return () if self.tfidf is None else (self.tfidf, self.words, self.tokens if finetuned else self.sentence)

    def examples(
        self, rows: np.ndarray, modality: str, text_rows: np.ndarray | None = None, finetuned: bool = False
    ) -> Examples:
        """The songs `rows` as a network of this modality reads them.

        Parameters
        ----------
        modality : "audio", "text" or "both".
        text_rows : the songs whose words stand in place of their own.
        finetuned : whether the sentence encoder is part of the network and reads tokens.
        """
        from mer_repro.training import Examples

        audio = () if modality == "text" else (self.audio[rows],)
        spoken = rows if text_rows is None else text_rows
        said = () if modality == "audio" else tuple(part[spoken] for part in self.text(finetuned))
        return Examples((*audio, *said), self.mood[rows])


def prepare(songs: Songs, split: Split, seed: int) -> Inputs:
    """Standardise the audio, count and embed the words."""
    import torch

    audio = None if songs.audio is None else torch.from_numpy(standardise(songs.audio, split.train))
    mood = torch.from_numpy(songs.mood)
    if songs.texts is None:
        return Inputs(mood, audio)
    documents = [words.lemmas(lyrics) for lyrics in songs.texts]
    training = [documents[row] for row in split.train]
    tfidf = words.PaperTfidf().fit(training).transform(documents)
    vectors = words.fit_word2vec(training, seed=seed)
    embedded = text.embed(songs.texts, pooling="mean", max_length=TOKENS_READ)
    spoken = [" ".join(dict.fromkeys(document)) for document in documents]
    return Inputs(
        mood,
        audio,
        torch.from_numpy(tfidf.toarray().astype(np.float32)),
        torch.from_numpy(words.word_indices(documents, vectors, WORDS_READ)),
        torch.from_numpy(embedded.vectors),
        torch.from_numpy(words.embedding_matrix(vectors)),
        str(embedded.encoder),
        text.tokens(spoken, max_length=TOKENS_TRAINED),
    )


def standardise(audio: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Descriptors each by its own mean and deviation, spectrograms by one of all their cells (section 4.2)."""
    axes = 0 if audio.ndim == 2 else None
    mean, deviation = audio[train].mean(axis=axes), audio[train].std(axis=axes)
    return ((audio - mean) / np.where(deviation > 0, deviation, 1)).astype(np.float32)
