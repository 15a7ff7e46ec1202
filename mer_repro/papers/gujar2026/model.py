"""The networks of gujar2026: a branch for the audio, one for the lyrics, attention between them, four moods.

`AudioCRNN`
    log-mel spectrogram -> 512 (section 5.1, algorithm 1).
`DescriptorBranch`
    ours: song-level audio descriptors -> 512, for data sets that come without audio.
`TextBranch`
    TF-IDF, word vectors and a BERT sentence vector -> 684 -> 512 (section 5.2); `ClsEncoder` is the BERT itself.
`ModalityAttention`, `MoodNetwork`
    weights of the two modalities for each song, fusion, classifier (section 6).

Shapes: spectrograms (batch, bands, frames), descriptors (batch, features), TF-IDF (batch, vocabulary), word numbers
(batch, words) with 0 for "no word", sentence vectors (batch, dimension). Networks end in logits (batch, 4) in the order
of `MOODS`; the softmax of section 6.3 is inside the loss. Where the paper contradicts itself or leaves something open,
the reading is a field of `CRNNConfig` or `FusionConfig`; `FIDELITY` lists each of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mer_repro.fidelity import UNSTATED, Detail

MOODS = ("happy", "sad", "angry", "calm")
LATENT = 512  # section 3.1: the space that both branches share
BANDS = 128  # section 4.2

# Audio -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CRNNConfig:
    """Readings of section 5.1 and algorithm 1; sizes as stated."""

    filters: tuple[int, ...] = (32, 64, 128, 256)
    hidden: int = 128  # a direction, so that both make the stated 256
    layers: int = 2
    bands: int = BANDS
    recurrent: Literal["gru", "lstm"] = "gru"  # text: GRU; algorithm 1, steps 7 to 9: LSTM
    norm_first: bool = True  # text: convolution, norm, ReLU; algorithm 1, steps 2 and 3: ReLU before the norm
    #: What becomes of the bands left after pooling, of which the text says nothing: averaged; each a step of its own,
    #: as a literal reshape to 256-dimensional vectors has it; or stacked, which makes 2048 dimensions instead of 256.
    reshape: Literal["mean", "steps", "stack"] = "mean"


class AudioCRNN(nn.Module):
    """Four convolution blocks, two bidirectional recurrent layers, mean over time, projection (section 5.1)."""

    def __init__(self, config: CRNNConfig = CRNNConfig()):
        super().__init__()
        self.config = config
        channels = (1, *config.filters)
        self.blocks = nn.Sequential(*(conv_block(*pair, config.norm_first) for pair in pairwise(channels)))
        bands_left = config.bands // 2 ** len(config.filters)
        step = config.filters[-1] * (bands_left if config.reshape == "stack" else 1)
        kind = {"gru": nn.GRU, "lstm": nn.LSTM}[config.recurrent]
        self.recurrent = kind(step, config.hidden, config.layers, batch_first=True, bidirectional=True)
        self.project = nn.Sequential(nn.Linear(2 * config.hidden, LATENT), nn.ReLU())

    def sequence(self, spectrogram: Tensor) -> Tensor:
        """(batch, bands, frames), standardised -> (batch, steps, 256): what the recurrent layers read."""
        maps = self.blocks(spectrogram.unsqueeze(1))  # (batch, 256, bands / 16, frames / 16)
        if self.config.reshape == "mean":
            return maps.mean(dim=2).transpose(1, 2)
        if self.config.reshape == "steps":
            return maps.permute(0, 3, 2, 1).flatten(1, 2)  # the bands of one moment follow each other
        return maps.permute(0, 3, 1, 2).flatten(2)

    def pooled(self, spectrogram: Tensor) -> Tensor:
        """The stated f_audio: (batch, 256), mean of the recurrent states over time."""
        states, _ = self.recurrent(self.sequence(spectrogram))
        return states.mean(dim=1)

    def forward(self, spectrogram: Tensor) -> Tensor:
        """(batch, bands, frames), standardised -> (batch, 512): f_audio projected to the space of both branches."""
        return self.project(self.pooled(spectrogram))  # (batch, 512)


def conv_block(inputs: int, outputs: int, norm_first: bool) -> nn.Sequential:
    """3x3 convolution, batch norm and ReLU in either order, 2x2 max pooling."""
    after = [nn.BatchNorm2d(outputs), nn.ReLU()]
    if not norm_first:
        after.reverse()
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding="same"), *after, nn.MaxPool2d(2))


class DescriptorBranch(nn.Module):
    """Song-level descriptors through two layers of the CRNN's widths: 256, then 512. Ours, where no audio is public."""

    def __init__(self, features: int):
        super().__init__()
        self.hidden = nn.Sequential(nn.Linear(features, 256), nn.ReLU())
        self.project = nn.Sequential(nn.Linear(256, LATENT), nn.ReLU())

    def pooled(self, descriptors: Tensor) -> Tensor:
        """(batch, 256): what stands where `AudioCRNN` has f_audio."""
        return self.hidden(descriptors)

    def forward(self, descriptors: Tensor) -> Tensor:
        """(batch, features) -> (batch, 512), the space of both branches."""
        return self.project(self.pooled(descriptors))  # (batch, 512)


# Text ------------------------------------------------------------------------------------------------------------


class AttentionPooling(nn.Module):
    """Weighted mean of word vectors; a learnt vector scores the words, number 0 never counts (section 5.2)."""

    def __init__(self, dimension: int):
        super().__init__()
        self.score = nn.Linear(dimension, 1, bias=False)

    def forward(self, vectors: Tensor, known: Tensor) -> Tensor:
        """(batch, words, dimension) and bool (batch, words) -> (batch, dimension); zeros where no word is known."""
        scores = self.score(vectors).squeeze(-1).masked_fill(~known, torch.finfo(vectors.dtype).min)
        weights = scores.softmax(dim=1) * known  # the product makes the row of a text without known words zero
        return torch.einsum("bw,bwd->bd", weights, vectors)


class TextBranch(nn.Module):
    """TF-IDF to 128, word vectors pooled to 300, sentence vector to 256; 684 together, then 512 (section 5.2).

    Parameters
    ----------
    vocabulary : columns of the TF-IDF matrix.
    word_vectors : (1 + words, 300), row 0 for "no word"; kept as they are in training.
    sentence_dimension : 768 for BERT base; other frozen encoders have others.
    """

    def __init__(self, vocabulary: int, word_vectors: Tensor, sentence_dimension: int = 768, dropout: float = 0.4):
        super().__init__()
        self.tfidf = nn.Linear(vocabulary, 128)
        self.words = nn.Embedding.from_pretrained(word_vectors, freeze=True, padding_idx=0)
        self.pool = AttentionPooling(word_vectors.shape[1])
        self.sentence = nn.Linear(sentence_dimension, 256)
        width = 128 + word_vectors.shape[1] + 256
        self.project = nn.Sequential(
            nn.Linear(width, LATENT), nn.ReLU(), nn.Dropout(dropout), nn.Linear(LATENT, LATENT), nn.ReLU()
        )

    def train_along(self, encoder: ClsEncoder) -> None:
        """Put an encoder before the layer that reads its sentence vector; the branch then reads tokens instead."""
        self.sentence = nn.Sequential(encoder, self.sentence)

    def joined(self, tfidf: Tensor, words: Tensor, sentence: Tensor) -> Tensor:
        """The three parts side by side: (batch, 684) with word vectors of 300."""
        pooled = self.pool(self.words(words), words > 0)
        return torch.cat([self.tfidf(tfidf), pooled, self.sentence(sentence)], dim=1)

    def forward(self, tfidf: Tensor, words: Tensor, sentence: Tensor) -> Tensor:
        """TF-IDF (batch, vocabulary), words (batch, words), sentence (batch, sentence_dimension) -> (batch, 512)."""
        return self.project(self.joined(tfidf, words, sentence))  # (batch, 512)


class ClsEncoder(nn.Module):
    """The [CLS] state of a BERT, to be trained along (section 4.3, step 5) or frozen.

    Parameters
    ----------
    encoder : a model of `transformers` with a ``last_hidden_state``.
    padding : number of the padding token.
    """

    def __init__(self, encoder: nn.Module, padding: int = 0):
        super().__init__()
        self.encoder, self.padding = encoder, padding

    def forward(self, tokens: Tensor) -> Tensor:
        """(batch, tokens) -> (batch, hidden)"""
        attended = (tokens != self.padding).long()
        return self.encoder(input_ids=tokens, attention_mask=attended).last_hidden_state[:, 0]


class _Slowed(nn.Module):
    """A weight as its start plus `rate` times what is trained, which Adam then moves at `rate` times its own rate."""

    def __init__(self, start: Tensor, rate: float):
        super().__init__()
        self.rate = rate
        self.register_buffer("start", start.detach().clone(), persistent=False)

    def forward(self, shift: Tensor) -> Tensor:
        return self.start + self.rate * shift

    def right_inverse(self, weight: Tensor) -> Tensor:
        return (weight - self.start) / self.rate


def slowed(network: nn.Module, rate: float) -> nn.Module:
    """The same network, which an optimiser of Adam's kind trains at `rate` times its learning rate.

    One rate for all weights is what the training loop knows; a pretrained encoder usually gets a smaller one than the
    layers behind it. Weight decay then pulls towards the pretrained weights instead of zero. At a rate of 1 nothing is
    changed.
    """
    from torch.nn.utils import parametrize

    if rate != 1:
        for part in list(network.modules()):
            for name, weight in list(part.named_parameters(recurse=False)):
                parametrize.register_parametrization(part, name, _Slowed(weight, rate))
    return network


def bert_base() -> nn.Module:
    """The shape of bert-base-uncased (12 layers, 768) with random weights: for its cost, not for its answers."""
    from transformers import BertConfig, BertModel

    return BertModel(BertConfig(), add_pooling_layer=False)


# Fusion and classifier -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FusionConfig:
    """Readings of section 6; fields marked "ours" are not in the paper."""

    modality: Literal["audio", "text", "both"] = "both"
    fusion: Literal["attention", "concatenation"] = "attention"
    #: Section 3.2: scores by a bilinear layer. Section 6.2: attention refines the concatenated representation.
    scores: Literal["bilinear", "concatenated"] = "bilinear"
    #: Section 6.2 wants 768 dimensions from "adding" the attended vector (512) to "the shared embedding":
    #: "joint": beside the concatenated vector projected from 1024 to 256, a layer that the paper does not name;
    #: "audio": beside f_audio before its projection, the only vector of 256 that the paper names;
    #: "sum": added to the mean of both projected vectors, 512; "wide": beside the concatenated vector, 1536;
    #: "alone": the attended vector and nothing beside it, 512, so that the weights are the only way through.
    classifier_input: Literal["joint", "audio", "sum", "wide", "alone"] = "joint"
    hidden: tuple[int, int] = (256, 128)
    dropout: float = 0.4
    modality_dropout: float = 0.0  # ours: probability that a song loses one of its modalities in training
    classes: int = len(MOODS)


#: Dimensions of the classifier's input in each reading of section 6.2.
INPUT_WIDTHS = {"joint": LATENT + 256, "audio": LATENT + 256, "sum": LATENT, "wide": 3 * LATENT, "alone": LATENT}


class ModalityAttention(nn.Module):
    """How much each modality counts for each song: softmax over two scores (sections 3.2 and 6.2).

    The formulas of the scores e_a and e_t are not in the paper. "bilinear": both are bilinear forms of the two vectors,
    ``f_a' W f_t + b``. "concatenated": both are linear in ``[f_a, f_t]``.
    """

    def __init__(self, scores: str):
        super().__init__()
        self.bilinear = scores == "bilinear"
        # nn.Bilinear holds the same weights and makes an outer product a song, which takes four times as long.
        self.score = nn.Linear(LATENT, 2 * LATENT, bias=False) if self.bilinear else nn.Linear(2 * LATENT, 2)
        self.bias = nn.Parameter(torch.zeros(2)) if self.bilinear else None

    def forward(self, audio: Tensor, text: Tensor) -> Tensor:
        """(batch, 512) twice -> weights (batch, 2), audio first, that sum to one."""
        if self.bilinear:
            scores = torch.einsum("bkd,bd->bk", self.score(audio).unflatten(1, (2, LATENT)), text) + self.bias
        else:
            scores = self.score(torch.cat([audio, text], dim=1))
        return scores.softmax(dim=1)


@dataclass(frozen=True)
class Explained:
    """What a fused network says of a batch: logits (batch, 4), weight of the audio (batch,) in 0..1 or None without
    attention, and the distance of the two modalities (batch,) in 0..2, one minus their cosine."""

    logits: Tensor
    audio_weight: Tensor | None
    distance: Tensor


class MoodNetwork(nn.Module):
    """The whole network, or one modality of it with the same classifier.

    Called with the inputs of its branches in their order: ``network(audio, tfidf, words, sentence)``; without the
    audio, or without the rest, where only the other modality is in use.

    Parameters
    ----------
    audio, text : the branches; None for the one that `config.modality` leaves out.
    """

    def __init__(self, audio: nn.Module | None, text: nn.Module | None, config: FusionConfig = FusionConfig()):
        super().__init__()
        self.audio, self.text, self.config = audio, text, config
        width = LATENT
        if config.modality == "both":
            attends = config.fusion == "attention"
            width = INPUT_WIDTHS[config.classifier_input] if attends else 2 * LATENT
            if attends:
                self.attention = ModalityAttention(config.scores)
                if config.classifier_input == "joint":
                    self.joint = nn.Linear(2 * LATENT, 256)
        self.classifier = classifier(width, config)

    def forward(self, *inputs: Tensor) -> Tensor:
        """Logits (batch, 4) from the inputs of the branches in use; with both, those that `explain` gives."""
        if self.config.modality == "audio":
            return self.classifier(self.audio(*inputs))
        if self.config.modality == "text":
            return self.classifier(self.text(*inputs))
        return self.explain(*inputs).logits

    def explain(self, audio: Tensor, *text: Tensor) -> Explained:
        """Logits, attention and distance of the modalities; for networks of both modalities."""
        pooled = self.audio.pooled(audio)  # (batch, 256)
        f_audio, f_text = self.audio.project(pooled), self.text(*text)  # (batch, 512)
        distance = 1 - F.cosine_similarity(f_audio, f_text)
        if self.training and self.config.modality_dropout:
            f_audio, f_text = drop_modality(f_audio, f_text, self.config.modality_dropout)
        concatenated = torch.cat([f_audio, f_text], dim=1)  # (batch, 1024)
        if self.config.fusion == "concatenation":
            return Explained(self.classifier(concatenated), None, distance)
        weights = self.attention(f_audio, f_text)
        fused = weights[:, :1] * f_audio + weights[:, 1:] * f_text  # (batch, 512)
        combined = {
            "joint": lambda: torch.cat([fused, self.joint(concatenated)], dim=1),
            "audio": lambda: torch.cat([fused, pooled], dim=1),
            "sum": lambda: fused + (f_audio + f_text) / 2,
            "wide": lambda: torch.cat([fused, concatenated], dim=1),
            "alone": lambda: fused,
        }[self.config.classifier_input]()
        return Explained(self.classifier(combined), weights[:, 0], distance)


def classifier(inputs: int, config: FusionConfig) -> nn.Sequential:
    """Three layers: 256, 128, classes; batch norm, ReLU and dropout between them (section 6.3)."""
    widths = (inputs, *config.hidden)
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), nn.BatchNorm1d(after), nn.ReLU(), nn.Dropout(config.dropout)]
    return nn.Sequential(*layers, nn.Linear(widths[-1], config.classes))


def drop_modality(audio: Tensor, text: Tensor, probability: float) -> tuple[Tensor, Tensor]:
    """Each song loses its audio or its text, as likely one as the other and never both; the lost vector is zero."""
    chance = torch.rand(len(audio), 1, device=audio.device)
    return audio * (chance >= probability / 2), text * (chance < 1 - probability / 2)


# Loss ------------------------------------------------------------------------------------------------------------


class WithConsistency(nn.Module):
    """A fused network whose output has one more column, the distance of the modalities, for `consistency_loss`."""

    def __init__(self, network: MoodNetwork):
        super().__init__()
        self.network = network

    def forward(self, *inputs: Tensor) -> Tensor:
        """Logits and, as the last column, the distance of the modalities in 0..2: (batch, 5) for four moods."""
        explained = self.network.explain(*inputs)
        return torch.cat([explained.logits, explained.distance[:, None]], dim=1)  # (batch, 5)


@dataclass(frozen=True)
class ConsistencyLoss:
    """Cross-entropy plus `weight` times the mean distance of the modalities (sections 6.1 and 6.3).

    The paper states neither form nor weight of its consistency loss; one minus the cosine is ours.
    """

    weight: float
    classes: int = field(default=len(MOODS))

    def __call__(self, prediction: Tensor, target: Tensor) -> Tensor:
        """(batch, classes + 1) from `WithConsistency`, (batch,) -> scalar."""
        entropy = F.cross_entropy(prediction[:, : self.classes], target)
        return entropy + self.weight * prediction[:, self.classes].mean()


_AUDIO, _TEXT, _LYRICS, _FUSION = "Section 5.1", "Section 5.2", "Section 4.3", "Section 6.2"
_TRAINING = "Section 6.3"

FIDELITY = [
    Detail("spectrogram", "Section 4.2", "FFT of 2,048, hop of 512, 128 Mel bands from 20 to 8,000 Hz, decibels",
           "the same, at 22,050 Hz", "the sampling rate is not stated; 23 ms for 512 samples implies it",
           claims=("sec42.window", "sec42.hop", "sec42.mel_bins", "sec42.mel_low", "sec42.mel_high")),
    Detail("width of the input", "Section 4.2", "padded or cropped at the centre to 128 frames, which gives 128 x 256",
           "128 frames; variant crnn_256", "one sentence states both; 128 frames of 23 ms are 3 seconds of a song",
           possible=False, claims=("sec42.frames", "sec42.tensor_columns")),
    Detail("standardisation", "Section 4.2", "global mean and variance", "of the training clips",
           "over all clips it would have seen the test clips"),
    Detail("convolution blocks", _AUDIO, "32, 64, 128 and 256 filters of 3x3, 2x2 max pooling", "the same, padded",
           "padding is not stated",
           claims=("sec51.filters1", "sec51.filters2", "sec51.filters3", "sec51.filters4")),
    Detail("order of norm and ReLU", "Section 5.1; algorithm 1", "norm, then ReLU; in the algorithm ReLU, then norm",
           "norm, then ReLU; variant crnn_norm_last", "text and algorithm differ"),
    Detail("reshaping", _AUDIO, "vectors of 256 dimensions along time",
           "bands averaged; variants crnn_steps and crnn_stack",
           "256 filters with 8 bands left make 2048 dimensions per step; how 256 come of them is not stated",
           claims=("sec51.sequence_features",)),
    Detail("recurrent layers", "Section 5.1; algorithm 1",
           "two bidirectional GRU layers of 128; LSTM gates in the algorithm",
           "GRU; variant crnn_lstm", "text and algorithm differ", claims=("sec51.gru_units",)),
    Detail("f_audio", _AUDIO, "mean over time, 256, projected to 512 with ReLU", "the same",
           claims=("sec51.audio_feature", "sec51.audio_projected")),
    Detail("audio without spectrograms", "–", UNSTATED, "descriptors through 256 and 512 units",
           "tcc_ceds and our copy of DEAM come without audio"),
    Detail("lemmas and stop words", _LYRICS, "lemmatised, stop words dropped, words of at least 5 occurrences",
           "the same; counted in the training lyrics", "neither the lemmatiser nor the stop words are named;"
           " the formula prints the threshold as -0.05", claims=("sec43.minimum_frequency",)),
    Detail("TF-IDF", "Sections 4.3 and 5.2", "TF times log(N / (1 + df)), to 128 by a fully connected layer",
           "the same", claims=("sec52.tfidf",)),
    Detail("Word2Vec", _TEXT, "skip-gram, 300 dimensions, trained on a corpus of the music domain, pooled by attention",
           "trained on the training lyrics; frozen in the network", "the corpus is not named",
           claims=("sec52.word_vector",)),
    Detail("BERT", "Sections 4.3 and 5.2", "[CLS] of bert-base-uncased, 768, fine-tuned, then 256 dimensions",
           "a frozen six-layer MiniLM, mean of its 384-dimensional states, then 256; on tags its [CLS] was also trained"
           " along in the text network, 10 epochs, at the stated learning rate and at a tenth",
           "what a CPU affords without downloads; the small encoder was trained for the mean, not for [CLS]",
           claims=("sec52.bert_cls", "sec52.bert_projected")),
    Detail("text into BERT", "Section 4.3, step 5", "the lemmas left after dropping stop words",
           "the lyrics as published; where the encoder is trained along, 64 tokens of the lemmas, each once",
           "a BERT was trained on sentences; of tcc_ceds only stems without stop words are published"),
    Detail("text vector", _TEXT, "684 dimensions, then a two-layer MLP to 512 with dropout",
           "the same; hidden 512, dropout 0.4",
           "hidden width and dropout are not stated", claims=("sec52.text_feature", "sec52.text_latent")),
    Detail("scores of the attention", "Sections 3.2 and 6.2", "a bilinear layer and softmax",
           "two bilinear forms of audio and text; variant attention_scores_concatenated",
           "the formulas of e_a and e_t are missing; 6.2 speaks of refining the concatenation"),
    Detail("attended vector", _FUSION, "weighted sum of both, 512", "the same", claims=("sec62.fused",)),
    Detail("input of the classifier", _FUSION, "the attended vector is added to the shared embedding, 768",
           "beside the concatenation projected to 256; variants attention_input_audio, _sum, _wide and attention_alone",
           "512 added to 512 is 512; each reading that gives 768 needs something the paper does not say",
           possible=False, claims=("sec62.classifier_input",)),
    Detail("classifier", _TRAINING, "256, 128, 4 units; ReLU, batch norm, dropout 0.4", "linear, norm, ReLU, dropout",
           "their order is not stated", claims=("sec63.hidden1", "sec63.hidden2", "sec63.dropout")),
    Detail("consistency loss", "Sections 6.1 and 6.3", "a cross-modal consistency loss; elsewhere cross-entropy alone",
           "cross-entropy; variant attention_consistency adds 0.1 times one minus the cosine",
           "neither its form nor its weight is stated"),
    Detail("optimiser", _TRAINING, "Adam, learning rate 0.0003, weight decay 1e-4, cosine annealing", "the same",
           claims=("sec63.learning_rate", "sec63.weight_decay")),
    Detail("epochs", _TRAINING, "80, stopped early on the validation F1",
           "the same, and again by the validation loss; after 5 epochs without a better one, 20 on the small set;"
           " at most 40 on 4QAED and MERGE, after 8; 4 on Emotify",
           "the patience is not stated; what a CPU affords", claims=("sec63.epochs",)),
    Detail("batch size of training", "–", UNSTATED, "64; 32 on the small set, 16 on 4QAED and MERGE, 8 on Emotify"),
    Detail("late fusion", "Section 7.1", "averages probabilities", "mean of the two networks' probabilities",
           "voting and weighted averaging are named elsewhere as kinds of it"),
    Detail("quadrants", "Section 4.1", "valence and arousal cut into four after Russell", "at the middle of each scale",
           "the cut points are not stated"),
    Detail("lyrics of DEAM", "Sections 4.1 and 7.1", "text and fusion are scored on DEAM", "not possible",
           "DEAM has no lyrics, and the paper names no source of them", possible=False),
]  # fmt: skip
