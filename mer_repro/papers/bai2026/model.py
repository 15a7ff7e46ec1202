"""The networks of bai2026: TCN-LM (sections 3.3 to 3.6), its ablations (table 3) and its rivals (table 2).

Conventions
-----------
- A listening sequence is (batch, time) song numbers 1..n_songs, at least one, with 0 as padding at its end. Every
  network maps it to logits (batch, class); the softmax of equation (23) is part of the cross-entropy loss.
- What is frozen is a table: row s of `text_vectors` (n_songs + 1, d_b) is the encoder's CLS vector of song s's text,
  encoded once. Row 0 is never looked at.
- Padding counts nowhere: means, maxima and attention run over the real songs, and causal convolutions cannot see the
  padding behind them.
- torch's ``weight_decay`` is twice the lambda of equation (25): the gradient of lambda * w ** 2 is 2 * lambda * w.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mer_repro.fidelity import UNSTATED, Detail

if TYPE_CHECKING:
    import numpy as np

PADDING = 0


@dataclass(frozen=True)
class TCNLMConfig:
    """Sizes of `TCNLM`. Those marked "ours" are not in the paper."""

    n_songs: int
    embedding: int = 128  # ours: d_e is not stated; equation (11) adds h and F(h), which takes d_e = d_h
    hidden: int = 128  # section 4.1.3, d_h
    kernel: int = 3  # section 4.1.3, K
    blocks: int = 4  # section 4.1.3, of two layers each (section 3.3)
    attention: int = 256  # section 4.1.3, d_a
    joint: int = 128  # ours: the size of z in equation (22)
    classes: int = 3  # section 4.1.1
    # Section 3.3: 2 ** (layer - 1), "layer"; in TCNs at large both layers of a block share one dilation, "block".
    dilation: Literal["layer", "block"] = "layer"
    temporal: Literal["tcn", "lstm"] = "tcn"  # table 3: "w/o TCN (replaced with LSTM)"
    lstm_layers: int = 8  # section 4.2.2: "the same number of layers"; 4 if a block counts as one
    fusion: Literal["attention", "concatenation", "none"] = "attention"  # table 3: "w/o attention", "w/o LM"
    query: Literal["temporal", "semantic"] = "temporal"  # section 3.5 tried the other
    pooling: Literal["mean", "max", "attention"] = "mean"  # section 3.3 tried the others

    @property
    def dilations(self) -> tuple[int, ...]:
        """One dilation a layer."""
        return tuple(2 ** (layer if self.dilation == "layer" else layer // 2) for layer in range(2 * self.blocks))

    @property
    def receptive_field(self) -> int:
        """Songs that the last step's TCN output depends on, itself included: 511 as stated, 61 by block."""
        return 1 + (self.kernel - 1) * sum(self.dilations)


class FrozenVectors(nn.Module):
    """A table of fixed vectors, one a song; no weights, and not part of a checkpoint."""

    def __init__(self, vectors: Tensor):
        super().__init__()
        self.register_buffer("vectors", vectors, persistent=False)

    def forward(self, songs: Tensor) -> Tensor:  # (batch, time)
        """Vectors (batch, time, dimension) of songs (batch, time); row 0 of the table where there is padding."""
        return F.embedding(songs, self.vectors)  # (batch, time, dimension)


class CausalConvolution(nn.Module):
    """Equations (2) and (10): dilated convolution of the present and the past, then ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int, dilation: int):
        super().__init__()
        self.past = dilation * (kernel - 1)
        self.convolution = nn.Conv1d(inputs, outputs, kernel, dilation=dilation)

    def forward(self, x: Tensor) -> Tensor:  # (batch, inputs, time)
        """(batch, inputs, time) -> (batch, outputs, time): zeros stand for the steps before the first."""
        return F.relu(self.convolution(F.pad(x, (self.past, 0))))  # (batch, outputs, time)


class ResidualBlock(nn.Module):
    """Equation (11): two causal layers and their input, added up, then ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int, dilations: tuple[int, int]):
        super().__init__()
        self.layers = nn.Sequential(
            CausalConvolution(inputs, outputs, kernel, dilations[0]),
            CausalConvolution(outputs, outputs, kernel, dilations[1]),
        )
        self.skip = nn.Identity() if inputs == outputs else nn.Conv1d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:  # (batch, inputs, time)
        """(batch, inputs, time) -> (batch, outputs, time)."""
        return F.relu(self.skip(x) + self.layers(x))  # (batch, outputs, time)


class TCN(nn.Module):
    """Section 3.3: residual blocks over the song embeddings."""

    def __init__(self, config: TCNLMConfig):
        super().__init__()
        inputs = [config.embedding] + [config.hidden] * (config.blocks - 1)
        pairs = zip(config.dilations[::2], config.dilations[1::2], strict=True)
        self.blocks = nn.Sequential(
            *(ResidualBlock(n, config.hidden, config.kernel, pair) for n, pair in zip(inputs, pairs, strict=True))
        )

    def forward(self, x: Tensor) -> Tensor:  # (batch, time, embedding)
        """Features of every step (batch, time, hidden) from song embeddings (batch, time, embedding)."""
        return self.blocks(x.transpose(1, 2)).transpose(1, 2)  # (batch, time, hidden)


class LSTM(nn.Module):
    """The layers that stand in the TCN's place in table 3's "w/o TCN"."""

    def __init__(self, inputs: int, hidden: int, layers: int):
        super().__init__()
        self.lstm = nn.LSTM(inputs, hidden, layers, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:  # (batch, time, inputs)
        """The last layer's state after every step (batch, time, hidden) from embeddings (batch, time, inputs)."""
        return self.lstm(x)[0]  # (batch, time, hidden)


def masked_softmax(scores: Tensor, mask: Tensor) -> Tensor:
    """Softmax over the last axis of scores (batch, time), zero where mask is False."""
    lowest = torch.finfo(scores.dtype).min
    return scores.masked_fill(~mask, lowest).softmax(dim=-1) * mask  # (batch, time)


def masked_mean(x: Tensor, mask: Tensor) -> Tensor:
    """Mean over the real steps of x (batch, time, dimension); zero for a sequence without any."""
    weights = mask.to(x.dtype).unsqueeze(-1)
    return (x * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)  # (batch, dimension)


class Pooling(nn.Module):
    """Equation (13), or the maximum or attention pooling that section 3.3 tried in its place."""

    def __init__(self, dimension: int, kind: Literal["mean", "max", "attention"]):
        super().__init__()
        self.kind = kind
        self.score = nn.Linear(dimension, 1) if kind == "attention" else None

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:  # (batch, time, dimension), (batch, time)
        """One vector (batch, dimension) from steps (batch, time, dimension), real where mask (batch, time) is True."""
        if self.kind == "mean":
            return masked_mean(x, mask)
        if self.kind == "max":
            return x.masked_fill(~mask.unsqueeze(-1), torch.finfo(x.dtype).min).amax(dim=1)
        weights = masked_softmax(self.score(x).squeeze(-1), mask)
        return (weights.unsqueeze(1) @ x).squeeze(1)  # (batch, dimension)


class CrossModalAttention(nn.Module):
    """Equations (17) to (21): one query from one modality, keys and values from every step of the other."""

    def __init__(self, query: int, keys: int, dimension: int):
        super().__init__()
        self.query = nn.Linear(query, dimension)
        self.key = nn.Linear(keys, dimension)
        self.value = nn.Linear(keys, dimension)

    def weights(self, query: Tensor, keys: Tensor, mask: Tensor) -> Tensor:
        """Equation (20): attention (batch, time) over the real steps, from their projected keys; adds up to 1."""
        scores = keys @ self.query(query).unsqueeze(-1)  # (batch, time, 1)
        return masked_softmax(scores.squeeze(-1) / self.query.out_features**0.5, mask)

    def attend(self, query: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> Tensor:
        """Equation (21), from projected keys and values (batch, time, dimension)."""
        return (self.weights(query, keys, mask).unsqueeze(1) @ values).squeeze(1)  # (batch, dimension)

    def forward(self, query: Tensor, steps: Tensor, mask: Tensor) -> Tensor:
        """The attended vector (batch, dimension) of equation (21).

        From query (batch, query), steps (batch, time, keys) and mask (batch, time), True at real steps.
        """
        return self.attend(query, self.key(steps), self.value(steps), mask)


class TCNLM(nn.Module):
    """Section 3: temporal features, song texts, cross-modal attention, fusion, classifier.

    Parameters
    ----------
    config : sizes and, for table 3 and the choices that the text says were tried, what stands in for a module.
    text_vectors : (n_songs + 1, d_b), or None with ``fusion="none"``.
    """

    def __init__(self, config: TCNLMConfig, text_vectors: Tensor | None = None):
        super().__init__()
        if (config.fusion == "none") != (text_vectors is None):
            raise ValueError(f"Text vectors belong to every fusion but 'none', found fusion={config.fusion!r}.")
        self.config = config
        self.embedding = nn.Embedding(config.n_songs + 1, config.embedding, padding_idx=PADDING)
        if config.temporal == "tcn":
            self.temporal = TCN(config)
        else:
            self.temporal = LSTM(config.embedding, config.hidden, config.lstm_layers)
        self.pooling = Pooling(config.hidden, config.pooling)
        self.attention, size = None, config.hidden
        if config.fusion != "none":
            self.text = FrozenVectors(text_vectors)
            text = text_vectors.shape[1]
            query, keys = (config.hidden, text) if config.query == "temporal" else (text, config.hidden)
            if config.fusion == "attention":
                self.attention = CrossModalAttention(query, keys, config.attention)
                size = query + config.attention
            else:
                size = config.hidden + text
        self.fusion = nn.Linear(size, config.joint)
        self.classifier = nn.Linear(config.joint, config.classes)

    def _asked(self, songs: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The vector that asks, and keys and values of the steps of the other modality that answer."""
        steps = self.temporal(self.embedding(songs))  # (batch, time, hidden)
        project = self.attention.key, self.attention.value
        if self.config.query == "temporal":
            return self.pooling(steps, mask), *(self._of_texts(layer, songs) for layer in project)
        return masked_mean(self.text(songs), mask), *(layer(steps) for layer in project)

    def _of_texts(self, layer: nn.Linear, songs: Tensor) -> Tensor:
        """`layer` of the songs' texts, (batch, time, dimension); once a song where songs are fewer than steps."""
        if len(self.text.vectors) < songs.numel():
            return F.embedding(songs, layer(self.text.vectors))
        return layer(self.text(songs))

    def attention_weights(self, songs: Tensor) -> Tensor:
        """What figure 2 shows: attention (batch, time) over the songs; 0 on padding."""
        mask = songs != PADDING
        query, keys, _ = self._asked(songs, mask)
        return self.attention.weights(query, keys, mask)

    def forward(self, songs: Tensor) -> Tensor:  # (batch, time)
        """Logits (batch, class) from songs (batch, time), through equation (22) in each form of `config.fusion`."""
        mask = songs != PADDING
        if self.attention is not None:
            query, keys, values = self._asked(songs, mask)
            features = torch.cat([query, self.attention.attend(query, keys, values, mask)], dim=-1)
        else:
            features = self.pooling(self.temporal(self.embedding(songs)), mask)  # (batch, hidden)
            if self.config.fusion == "concatenation":
                features = torch.cat([features, masked_mean(self.text(songs), mask)], dim=-1)
        return self.classifier(F.relu(self.fusion(features)))  # (batch, class)


# The rivals of table 2 ---------------------------------------------------------------------------------------------


class LSTMAudio(nn.Module):
    """LSTM over the audio features of the songs heard; the last state is classified.

    With `audio_vectors` (n_songs + 1, features) it reads those; without, as for Last.fm-1K, which has no audio, it
    reads learned song embeddings of the TCN's width.
    """

    def __init__(self, n_songs: int, audio_vectors: Tensor | None = None, hidden: int = 128, classes: int = 3):
        super().__init__()
        if audio_vectors is None:
            self.songs, inputs = nn.Embedding(n_songs + 1, hidden, padding_idx=PADDING), hidden
        else:
            self.songs, inputs = FrozenVectors(audio_vectors), audio_vectors.shape[1]
        self.lstm = nn.LSTM(inputs, hidden, batch_first=True)
        self.classifier = nn.Linear(hidden, classes)

    def features(self, songs: Tensor) -> Tensor:
        """The state (batch, hidden) after the last real song."""
        states, _ = self.lstm(self.songs(songs))  # (batch, time, hidden)
        last = ((songs != PADDING).sum(dim=1) - 1).clamp(min=0)
        return states[torch.arange(len(songs), device=songs.device), last]

    def forward(self, songs: Tensor) -> Tensor:
        """Logits (batch, class) from songs (batch, time)."""
        return self.classifier(self.features(songs))


class BERTText(nn.Module):
    """The mean of the songs' text vectors, classified by one layer."""

    def __init__(self, text_vectors: Tensor, classes: int = 3):
        super().__init__()
        self.text = FrozenVectors(text_vectors)
        self.classifier = nn.Linear(text_vectors.shape[1], classes)

    def features(self, songs: Tensor) -> Tensor:
        """The document vector (batch, d_b)."""
        return masked_mean(self.text(songs), songs != PADDING)

    def forward(self, songs: Tensor) -> Tensor:
        """Logits (batch, class) from songs (batch, time), whose order does not matter."""
        return self.classifier(self.features(songs))


class EarlyFusion(nn.Module):
    """The features of both rivals side by side, classified by one layer."""

    def __init__(self, audio: LSTMAudio, text: BERTText):
        super().__init__()
        self.audio, self.text = audio, text
        sizes = audio.classifier.in_features + text.classifier.in_features
        self.classifier = nn.Linear(sizes, audio.classifier.out_features)
        # Their own classifiers have no part in this network.
        audio.classifier = text.classifier = nn.Identity()

    def forward(self, songs: Tensor) -> Tensor:
        """Logits (batch, class) from songs (batch, time), which both parts read."""
        return self.classifier(torch.cat([self.audio.features(songs), self.text.features(songs)], dim=-1))


def late_fusion_weight(audio: np.ndarray, text: np.ndarray, labels: np.ndarray, steps: int = 100) -> float:
    """Late fusion: the weight of LSTM-Audio in the weighted mean of both rivals' probabilities.

    Parameters
    ----------
    audio, text : probabilities (users, class) on the validation set.
    labels : (users,), 0..class - 1.
    steps : the weight is one of 0, 1 / steps, ..., 1: the one with the least cross-entropy.
    """
    import numpy as np

    users = np.arange(len(labels))
    weights = np.linspace(0, 1, steps + 1)[:, None]
    mixed = weights * audio[users, labels] + (1 - weights) * text[users, labels]  # (weight, users)
    return float(weights[np.log(np.maximum(mixed, 1e-12)).mean(axis=1).argmax(), 0])


# What is stated and what became of it ------------------------------------------------------------------------------

FIDELITY = [
    Detail("song embedding", "3.3, equations (8), (9)", "d_e, no value", "128",
           "equation (11) adds input and output of a block, which takes d_e = d_h",
           quote="where d_e is the embedding dimension"),
    Detail("hidden dimension", "4.1.3", "128", "128", claims=("sec413.hidden",),
           quote="each with a hidden dimension of 128"),
    Detail("kernel size", "4.1.3", "3", "3", claims=("sec413.kernel",), quote="a convolution kernel size K = 3"),
    Detail("residual blocks", "4.1.3; 3.3", "four blocks; a residual after every two layers", "the same",
           claims=("sec413.blocks",), quote="a residual connection after every two TCN layers"),
    Detail("dilation", "3.3", "2 ** (l - 1) in layer l", "1, 2, 4, ..., 128 over eight layers",
           "the last step then depends on 511 songs, more than the 100 there are; with one dilation a block, the usual"
           ' TCN and our variant dilation="block", on 61', quote="For layer l, the dilation factor is"),
    Detail("dilation, first mention", "2.2", "2 ** l in layer l", "not followed where it differs",
           "counted from l = 0 it is the dilation of section 3.3, counted from l = 1 its double",
           quote="grow exponentially with network depth"),
    Detail("activation", "3.3, equation (10)", "ReLU", "ReLU after every layer and every sum",
           quote="Rectified linear unit (ReLU) is used"),
    Detail("output of the blocks", "3.3, equation (12)", "H_TCN, the features of all steps", "the last block's output",
           "the equation's two halves run into each other; the sentence around it is clear",
           quote="After stacking L layers of TCN"),
    Detail("sequence length", "4.1.1", "100", "any; the study gives 100", claims=("sec411.sequence_length",),
           quote="to a common length of T = 100"),
    Detail("pooling", "3.3, equation (13)", "mean over all T steps", "mean over the real steps",
           "sequences are padded to T; whether padding counts is not stated",
           quote="average pooling on the features across all time"),
    Detail("text encoder", "4.1.3; 3.4", "BERT-base-uncased, output 768, frozen",
           "a table of any encoder's CLS vectors",
           "frozen vectors of a text do not change: encoded once a song, where Algorithm 1 encodes them in every step",
           claims=("sec413.bert_dimension",), quote="utilises a pre-trained BERT-base-uncased model"),
    Detail("end-to-end training", "3.2", "the entire model is trained end to end", "all but the encoder",
           "sections 3.6 and 4.1.3 freeze BERT", possible=False, quote="trained in an end-to-end manner"),
    Detail("lyrics", "3.1; 3.4", "each song's lyric is encoded", "each song's tags are encoded",
           "section 4.1.1 has tags in their place", quote="a supplement and alternative to lyrics"),
    Detail("mean semantic vector", "3.4, equation (16)", "a vector of dimension d_h", "dimension d_b",
           "the mean of vectors of dimension d_b has dimension d_b; only a projection, which is not stated, could"
           " change it", possible=False, quote="aggregate E into a global semantic vector"),
    Detail("mean semantic vector in the fusion", "3.4", "participates in the fusion",
           'not used; variants fusion="concatenation" and query="semantic" do',
           "equations (17) to (22) do not contain it",
           quote="semantic modality representative and participate in fusion"),
    Detail("attention dimension", "4.1.3; equations (17) to (19)", "256", "256",
           claims=("sec413.attention_dimension",), quote="cross-modal attention dimension d_a is set to 256"),
    Detail("light attention", "2.4", "minimal additional parameters", "equations (17) to (21)",
           "with the stated sizes the attention has 426,752 weights, the TCN 394,240",
           quote="keeping the additional parameter count minimal"),
    Detail("joint representation", "3.5, equation (22)", UNSTATED, "128", "as wide as the temporal vector",
           quote="yielding the final joint representation z"),
    Detail("classes", "4.1.1", "three categories", "3 logits", "the softmax is part of the loss",
           claims=("sec411.classes",), quote="to a three-category nomenclature"),
    Detail("loss", "3.6, equations (24), (25)", "cross-entropy plus lambda times the squared norm of all weights",
           "cross-entropy; the L2 term by weight_decay = 2 * lambda", "that is the term's gradient",
           quote="We employ cross-entropy loss as the objective function"),
    Detail("L2 coefficient", "4.1.3", "1e-4", "weight_decay 2e-4", "see the loss", claims=("sec413.l2",),
           quote="regularisation coefficient λ is fixed at 1e-4"),
    Detail("optimiser", "4.1.3", "Adam, 1e-3", "Adam, 1e-3", claims=("sec413.learning_rate",),
           quote="with an initial learning rate of 1e-3"),
    Detail("learning rate decay", "4.1.3", "learning rate decay", "cosine to zero over the epochs",
           "kind and rate are not stated", quote="subject to learning rate decay"),
    Detail("batch size", "4.1.3", "32", "32", claims=("sec413.batch_size",), quote="The batch size is set to 32"),
    Detail("epochs and stopping", "3.6, Algorithm 1",
           "E epochs, validation accuracy printed every 10; returned is what the last epoch leaves",
           "number set by the study, the weights of the best validation epoch",
           "E is not stated; with the best epoch's weights no network is held to account for a late overfit. TCN-LM was"
           " also run with the last epoch's (*Trained until level*)",
           claims=("alg.validation_interval",), quote="maximum training epoch E"),
    Detail("dropout", "4.1.3", UNSTATED, "none", "only the L2 term is named against overfitting",
           quote="The two L2 regularisation and fixed BERT strategies"),
    Detail("LSTM-Audio", "4.1.2", "an LSTM over MFCCs of the audio", "an LSTM of 128 over a vector a song",
           "no size is stated; none of our data has audio, so here it reads learned song embeddings",
           quote="Mel-frequency cepstral coefficients features extracted from audio signals"),
    Detail("BERT-Text", "4.1.2", "document vector of the tags, one layer", "mean of the songs' vectors, one layer",
           "how 100 songs become a document is not stated", quote="utilises only song tag text"),
    Detail("Early Fusion", "4.1.2", "last hidden state next to document vector", "the same, trained together",
           "whether the parts are trained before is not stated", quote="features from the final hidden layer"),
    Detail("Late Fusion", "4.1.2", "weighted mean of probabilities, weights tuned on validation",
           "one weight, least validation cross-entropy", "the criterion is not stated",
           quote="weights determined through optimisation on the validation set"),
    Detail("original papers of the rivals", "4.1.2", "all reproduced according to their original papers",
           "built from the descriptions in section 4.1.2", "no original paper is cited", possible=False,
           quote="reproduced according to their original papers"),
    Detail("w/o TCN", "4.2.2; table 3", "an LSTM with the same number of layers", "8 layers of 128",
           "the TCN's layers are counted; lstm_layers=4, one a block, is the other reading",
           quote="an LSTM with the same number of layers"),
    Detail("w/o LM", "4.2.2; table 3", "TCN alone", "the temporal vector alone enters equation (22)",
           quote="only processing the sequence IDs by TCN"),
    Detail("w/o attention", "4.2.2; table 3", "plain concatenation of features",
           "the mean text vector stands in the attended one's place", "what is concatenated is not stated",
           quote="straightforward concatenation of features"),
]  # fmt: skip
