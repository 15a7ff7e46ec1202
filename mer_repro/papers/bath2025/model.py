"""The networks of bath2025: five audio-and-lyrics regressors (section 3.3) and a congruence network (section 3.6).

Conventions
-----------
- Audio is a log-mel spectrogram, (batch, 128, frames) float32 in dB, -80 to 0 (section 3.2.2); the paper has 1292
  frames, the towers take any number from 16 on. Where a data set has descriptors of a song and no audio, they stand in
  for what the convolutions put out: (batch, descriptors) float32, standardised.
- Lyrics are either vectors of a frozen encoder, (batch, dimension) float32, or, for the encoder that is trained, token
  ids, (batch, tokens) int64, with `PADDING` after the text.
- Outputs are (batch, n_targets), valence and arousal by default, on the labels' scale, without a squashing function.

The dissertation leaves the lyric tower's head, the fusion, the regression head and all of experiment 3 as "to do".
What stands here in their place is the plainest choice; `FIDELITY` says so line by line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from mer_repro.errors import ParameterError, require_choice
from mer_repro.fidelity import UNSTATED, Detail

CHANNELS = (64, 128, 256, 512)
HIDDEN, FEATURES = 256, 64
DROPOUT = 0.5
#: A gate first narrows its features by this factor: 64 to 16 and back in Model 3.
GATE_NARROWING = 4
#: Decibels from silence to the loudest sound of the collection.
DECIBELS = 80.0
#: Token id after the end of a text, as in BERT's vocabulary.
PADDING = 0
#: Three poolings by two leave this many frames at least two wide.
MINIMUM_FRAMES = 16


@dataclass(frozen=True)
class Configuration:
    """One of the five models of section 3.3.

    Attributes
    ----------
    convolutions : 3x3 convolutions in each of the four blocks.
    batch_norm : after every convolution.
    dropout : before both linear layers of the classifier.
    gate : feature-wise attention on the "output" (64 features), on the "hidden" 256 features, or None.
    schedule : whether training has a learning-rate schedule and early stopping.
    unfrozen : whether the lyric encoder is trained.
    """

    convolutions: int = 1
    batch_norm: bool = False
    dropout: float = 0.0
    gate: Literal["output", "hidden"] | None = None
    schedule: bool = False
    unfrozen: bool = False


CONFIGURATIONS = {
    1: Configuration(),
    2: Configuration(batch_norm=True, dropout=DROPOUT, schedule=True),
    3: Configuration(batch_norm=True, dropout=DROPOUT, gate="output", schedule=True),
    4: Configuration(convolutions=2, batch_norm=True, dropout=DROPOUT, gate="hidden", schedule=True),
    5: Configuration(batch_norm=True, dropout=DROPOUT, gate="output", schedule=True, unfrozen=True),
}


class Gate(nn.Module):
    """Feature-wise attention: each feature times a weight between 0 and 1 that all features decide (Model 3)."""

    def __init__(self, features: int):
        super().__init__()
        narrow = features // GATE_NARROWING
        self.weigh = nn.Sequential(nn.Linear(features, narrow), nn.ReLU(), nn.Linear(narrow, features), nn.Sigmoid())

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """The features (batch, features), each multiplied by its weight in 0..1."""
        return features * self.weigh(features)  # (batch, features)


def classifier(configuration: Configuration, incoming: int) -> nn.Sequential:
    """The classifier block of section 3.3.1: (batch, incoming) to (batch, 64), with the gate where the model has it."""
    return nn.Sequential(
        nn.Dropout(configuration.dropout),
        nn.Linear(incoming, HIDDEN),
        nn.ReLU(),
        nn.Dropout(configuration.dropout),
        Gate(HIDDEN) if configuration.gate == "hidden" else nn.Identity(),
        nn.Linear(HIDDEN, FEATURES),
        Gate(FEATURES) if configuration.gate == "output" else nn.Identity(),
    )


class AudioTower(nn.Module):
    """Four VGG blocks and a classifier block: (batch, 128, frames) dB to (batch, 64), section 3.3.1."""

    def __init__(self, configuration: Configuration):
        super().__init__()
        self.blocks = nn.ModuleList()
        incoming = 1
        for block, channels in enumerate(CHANNELS):
            layers: list[nn.Module] = []
            for _ in range(configuration.convolutions):
                layers.append(nn.Conv2d(incoming, channels, kernel_size=3, padding=1))
                layers += [nn.BatchNorm2d(channels)] if configuration.batch_norm else []
                layers.append(nn.ReLU())
                incoming = channels
            # The fourth block of Model 4 ends in the average below; the lighter ones pool there, too.
            if block < len(CHANNELS) - 1 or configuration.convolutions == 1:
                layers.append(nn.MaxPool2d(2))
            self.blocks.append(nn.Sequential(*layers))
        self.average = nn.AdaptiveAvgPool2d(1)
        self.classifier = classifier(configuration, CHANNELS[-1])

    def forward(self, log_mel: torch.Tensor) -> torch.Tensor:
        """Features (batch, 64) of log-mel spectrograms (batch, 128, frames) in dB, -80 to 0.

        Raises ParameterError if there are not three axes, or fewer than `MINIMUM_FRAMES` frames.
        """
        if log_mel.ndim != 3 or log_mel.shape[-1] < MINIMUM_FRAMES:
            raise ParameterError(
                f"Spectrograms of shape {tuple(log_mel.shape)}; expected (batch, bands, frames) with at least"
                f" {MINIMUM_FRAMES} frames, for every block halves them."
            )
        maps = 1 + log_mel.unsqueeze(1) / DECIBELS  # (batch, 1, bands, frames), silence 0, loudest 1
        for block in self.blocks:
            maps = block(maps)  # (batch, channels, bands / 2, frames / 2)
        return self.classifier(self.average(maps).flatten(1))  # (batch, 64)


class DescriptorTower(nn.Module):
    """The classifier block alone: (batch, descriptors) of whole songs to (batch, 64), where there is no audio.

    Of the five models only what is not a convolution is left: dropout and the gates.
    """

    def __init__(self, configuration: Configuration, descriptors: int):
        super().__init__()
        self.classifier = classifier(configuration, descriptors)

    def forward(self, descriptors: torch.Tensor) -> torch.Tensor:
        """Features (batch, 64) of standardised descriptors (batch, descriptors)."""
        return self.classifier(descriptors)  # (batch, 64)


class LyricTower(nn.Module):
    """Encoder output to (batch, 64): a linear layer, ReLU and dropout, section 3.3.2.

    Parameters
    ----------
    dimension : of the encoder's output: 768 for bert-base-uncased.
    dropout : before the linear layer.
    encoder : a Hugging Face encoder to be trained with the tower (Model 5), which is then given token ids; None for
        frozen encoders, whose vectors are computed once and given instead.
    """

    def __init__(self, dimension: int, dropout: float, encoder: nn.Module | None = None):
        super().__init__()
        self.encoder = encoder
        self.project = nn.Sequential(nn.Dropout(dropout), nn.Linear(dimension, FEATURES), nn.ReLU())

    def forward(self, lyrics: torch.Tensor) -> torch.Tensor:
        """Features (batch, 64) of lyric vectors (batch, dimension), or with an encoder of token ids (batch, tokens).

        The encoder's states are averaged over all tokens but the padding.
        """
        if self.encoder is not None:
            real = lyrics != PADDING  # (batch, tokens)
            states = self.encoder(input_ids=lyrics, attention_mask=real.long()).last_hidden_state
            weights = real.unsqueeze(-1).to(states.dtype)
            lyrics = (states * weights).sum(dim=1) / weights.sum(dim=1)  # (batch, dimension)
        return self.project(lyrics)  # (batch, 64)


class Regressor(nn.Module):
    """One or both towers, concatenated, and a regression head: inputs in the order audio, lyrics; section 3.3.3.

    Parameters
    ----------
    audio, lyrics : modules that put out (batch, 64); one of them may be None.
    n_targets : width of the output.
    dropout : before the last layer.

    Raises
    ------
    ParameterError
        If there is no tower.
    """

    def __init__(self, audio: nn.Module | None, lyrics: nn.Module | None, n_targets: int, dropout: float):
        super().__init__()
        if audio is None and lyrics is None:
            raise ParameterError("A regressor without an audio and without a lyric tower has no input.")
        self.towers = nn.ModuleList([tower for tower in (audio, lyrics) if tower is not None])
        self.head = nn.Sequential(
            nn.Linear(FEATURES * len(self.towers), FEATURES),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(FEATURES, n_targets),
        )

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Predictions (batch, n_targets) on the labels' scale; one input per tower, in the order audio, lyrics."""
        features = [tower(given) for tower, given in zip(self.towers, inputs, strict=True)]
        return self.head(torch.cat(features, dim=1))  # (batch, n_targets)


MODALITIES = ("audio", "lyrics", "bimodal")


def build(
    number: int,
    modality: str = "bimodal",
    *,
    n_targets: int = 2,
    lyric_dimension: int = 768,
    encoder: nn.Module | None = None,
    descriptors: int | None = None,
) -> Regressor:
    """One of the five models.

    Parameters
    ----------
    number : 1 to 5, as in section 3.3 and table 4.1.
    modality : "bimodal", or one tower alone.
    lyric_dimension : of the encoder's output.
    encoder : for Model 5, the encoder that is trained.
    descriptors : how many describe a song, where they stand in for spectrograms; None for spectrograms.

    Raises
    ------
    ParameterError
        If there is no such model or modality, or if a trained encoder is given to a model that freezes it or is
        missing where one is trained.
    """
    require_choice("modality", modality, MODALITIES)
    if number not in CONFIGURATIONS:
        raise ParameterError(f"There is no Model {number}; section 3.3 has Models 1 to {len(CONFIGURATIONS)}.")
    configuration = CONFIGURATIONS[number]
    if modality != "audio" and configuration.unfrozen != (encoder is not None):
        wants = "trains its lyric encoder: give `encoder`" if configuration.unfrozen else "keeps its encoder frozen"
        raise ParameterError(f"Model {number} {wants}.")
    audio = None
    if modality != "lyrics":
        audio = AudioTower(configuration) if descriptors is None else DescriptorTower(configuration, descriptors)
    lyrics = None if modality == "audio" else LyricTower(lyric_dimension, configuration.dropout, encoder)
    return Regressor(audio, lyrics, n_targets, configuration.dropout)


class CongruenceNetwork(nn.Module):
    """How well audio and lyrics of a song agree (section 3.6): two projections to the unit sphere of 64 dimensions.

    A Siamese network shares its weights between two inputs of one kind. Audio and lyrics are of two kinds, so the two
    branches have one shape and their own weights.

    Parameters
    ----------
    audio_dimension, lyric_dimension : of the vectors that the branches are given.
    """

    def __init__(self, audio_dimension: int, lyric_dimension: int, dropout: float = 0.1):
        super().__init__()
        self.audio, self.lyrics = (
            nn.Sequential(nn.Linear(dimension, HIDDEN), nn.ReLU(), nn.Dropout(dropout), nn.Linear(HIDDEN, FEATURES))
            for dimension in (audio_dimension, lyric_dimension)
        )

    def forward(self, audio: torch.Tensor, lyrics: torch.Tensor) -> torch.Tensor:
        """Distance of each pair: (batch, audio), (batch, lyrics) to (batch, 1), 0 (same direction) to 2 (opposite)."""
        ends = [
            nn.functional.normalize(branch(given), dim=1)
            for branch, given in ((self.audio, audio), (self.lyrics, lyrics))
        ]
        # The small constant keeps the root's gradient finite where both ends meet.
        return ((ends[0] - ends[1]).square().sum(dim=1, keepdim=True) + 1e-12).sqrt()


#: Distance beyond which a pair that does not belong together costs nothing; orthogonal directions are 1.41 apart.
MARGIN = 1.0


def contrastive_loss(distance: torch.Tensor, together: torch.Tensor) -> torch.Tensor:
    """Hadsell, Chopra and LeCun (2006), equation 4: pairs that belong together are drawn close, others apart.

    Parameters
    ----------
    distance : (batch, 1), from `CongruenceNetwork`.
    together : (batch, 1), 1 where audio and lyrics are of one song, else 0.
    """
    apart = (MARGIN - distance).clamp(min=0).square()
    return (0.5 * (together * distance.square() + (1 - together) * apart)).mean()


FIDELITY = [
    Detail(
        "input",
        "3.2.2",
        "(128, 1292)",
        "the same, or fewer frames from the middle of the clip where a run says so",
        "a stated reduction of clip length where no GPU is at hand",
        claims=("text.tensor.bands", "text.tensor.frames"),
    ),
    Detail(
        "scale of the input",
        "3.2.2",
        "no normalisation; decibels relative to the largest power of all songs",
        "decibels relative to the largest power of the training songs, then dB / 80 + 1",
        "test songs stay out of the reference; one linear map for all songs",
    ),
    Detail("blocks", "3.3.1", "four", "four", claims=("text.blocks",)),
    *(
        Detail(
            f"channels of block {block}", "3.3.1", f"{channels}", "the same", claims=(f"text.block{block}.channels",)
        )
        for block, channels in enumerate(CHANNELS, start=1)
    ),
    Detail("filters", "3.3.1", "3x3", "3x3, padded by one", "padding is not stated", claims=("text.block1.kernel",)),
    Detail("pooling", "3.3.1", "2x2", "2x2, maximum", claims=("text.block1.pool",)),
    Detail("vector after block 4", "3.3.1", "512", "the same", claims=("text.block4.output",)),
    Detail("classifier", "3.3.1", "256, then 64", "the same in all five models", "stated for Model 4 only"),
    Detail(
        "dropout",
        "3.3.1",
        "50%",
        "before both linear layers, from Model 2 on",
        "Model 1 has no regularisation by its name; Model 2 adds it",
        claims=("text.classifier.dropout",),
    ),
    Detail(
        "attention of Model 3",
        "3.3.1",
        "64 to 16 to 64, on the vector from the fourth block",
        "64 to 16 to 64, on the classifier's output",
        "as printed the fourth block puts out 512 features; 64 are what the classifier makes of them",
        possible=False,
    ),
    Detail(
        "attention of Model 4", "3.3.1", "on 256 features", "256 to 64 to 256", "its width is not stated: a quarter"
    ),
    Detail("lyric encoder", "3.3.2", "BERT base uncased", "any encoder; each run says which", "offline: MiniLM"),
    Detail("lyric vector", "3.3.2", UNSTATED, "mean over tokens, linear to 64, ReLU"),
    Detail("fusion", "3.3.3", UNSTATED, "concatenation"),
    Detail("regression head", "3.3.3", UNSTATED, "64, ReLU, dropout, linear"),
    Detail("loss", "5.1.3", "MSE, in a heading", "MSE"),
    Detail("optimiser, learning rate, batch size", "3.4.2", UNSTATED, "Adam; values in the parameter files"),
    Detail(
        "songs without audio",
        "3.3.1",
        UNSTATED,
        "descriptors of the song, standardised, into the classifier block",
        "DEAM and tcc_ceds have no audio at hand; Model 4's second convolution and batch norm fall away there",
    ),
    Detail("schedule", "3.3.1", "from Model 2 on", "rate halved when the validation loss stands still"),
    Detail("early stopping", "3.3.1", "from Model 2 on", "the same; patience in the parameter files"),
    Detail("congruence network", "3.6.1", UNSTATED, "two branches to 64 dimensions on the unit sphere"),
    Detail("contrastive objective", "3.6.2", UNSTATED, "Hadsell and others 2006, margin 1"),
    Detail("negatives", "3.6.2", UNSTATED, "easy: any other song; hard: a song from the same quadrant"),
]
