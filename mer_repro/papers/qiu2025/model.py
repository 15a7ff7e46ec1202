"""The networks of qiu2025 in the two forms that exist, and the baseline that its tables call TPA-BiLSTM.

`PaperNetwork`
    as the text of the paper has it: multi-scale 1-D convolutions over time with batch norm and residuals, max pooling,
    BiLSTM, fully connected layer, attention over feature dimensions, output.
`CodeNetwork`
    as the public code has it that we take to be the authors' (MATLAB; Neuro_Networks/DSelfAttention.m in the repository
    that the paper names): three residual blocks of two dilated branches, two BiLSTM layers, self-attention, tanh.
`TPALSTM`
    temporal pattern attention (Shih et al. 2019), the only rival of tables 1 and 2 that has scores on all splits.

All of them map windows (batch, time, feature) to one value a window, (batch,). `FIDELITY` lists what is stated about
each and what became of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mer_repro.fidelity import UNSTATED, Detail

if TYPE_CHECKING:
    import numpy as np

# As the paper has it ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PaperConfig:
    """Sizes of `PaperNetwork`. Those marked "ours" are not in the paper."""

    features: int
    hidden: int = 128  # section "Implementation and Experiments": 128 hidden units; per direction is our reading
    levels: int = 4  # section "Feature extraction layer": levels H1 to H4
    kernels: tuple[int, ...] = (1, 3, 5)  # ours; the scales of the multi-scale module
    branch_channels: int = 32  # ours
    channels: int = 64  # ours; after the transition layer that joins the scales
    pool: int = 2  # ours; max pooling over time, once after the levels
    width: int = 64  # ours; of the fully connected layer, the dimensions that attention weighs
    noise: float = 0.1  # ours; standard deviation of the input noise, in z-scores
    heads: int = 4  # ours; of multi-head self-attention where that is on
    cnn: bool = True  # table 3: "w/o CNN"
    bilstm: bool = True  # table 3: "w/o BiLSTM"
    attention: Literal["features", "multi_head", "both", "none"] = "features"
    output: Literal["linear", "softmax", "expected_score"] = "linear"
    score_range: tuple[float, float] = (0.0, 1.0)  # ours; the scores that "expected_score" is a mean of


class GaussianNoise(nn.Module):
    """Adds noise to its input while training ("adding noise to the input data").

    `deviation` is in standard deviations of the input; `spread` holds these, one a feature, where they are not 1.
    """

    def __init__(self, deviation: float, spread: np.ndarray | None = None):
        super().__init__()
        self.deviation = deviation if spread is None else torch.nn.Buffer(deviation * torch.from_numpy(spread))

    def forward(self, x: Tensor) -> Tensor:
        """`x` of any shape, with fresh noise in training and unchanged in evaluation."""
        return x + self.deviation * torch.randn_like(x) if self.training else x


def conv_bn_relu(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    """Convolution over time that keeps its length, batch norm, ReLU (figure 2)."""
    return nn.Sequential(
        nn.Conv1d(inputs, outputs, kernel, padding="same", bias=False), nn.BatchNorm1d(outputs), nn.ReLU()
    )


class MultiScaleLevel(nn.Module):
    """One of the levels H1 to H4: parallel convolutions of several scales, a transition layer, a residual."""

    def __init__(self, inputs: int, config: PaperConfig):
        super().__init__()
        self.scales = nn.ModuleList(conv_bn_relu(inputs, config.branch_channels, kernel) for kernel in config.kernels)
        joined = config.branch_channels * len(config.kernels)
        self.transition = nn.Sequential(
            nn.Conv1d(joined, config.channels, 1, bias=False), nn.BatchNorm1d(config.channels)
        )
        self.skip = nn.Identity() if inputs == config.channels else nn.Conv1d(inputs, config.channels, 1)

    def forward(self, x: Tensor) -> Tensor:  # (batch, inputs, time)
        """(batch, inputs, time) -> (batch, channels, time); the residual is added before the last ReLU."""
        scales = torch.cat([scale(x) for scale in self.scales], dim=1)  # (batch, joined, time)
        return F.relu(self.transition(scales) + self.skip(x))  # (batch, channels, time)


class MultiScaleCNN(nn.Module):
    """The feature extraction layer: levels H1 to H4, then max pooling over time."""

    def __init__(self, config: PaperConfig):
        super().__init__()
        inputs = [config.features] + [config.channels] * (config.levels - 1)
        self.levels = nn.Sequential(*(MultiScaleLevel(size, config) for size in inputs))
        # Windows of lag order 1 exist (figure 6): ceil_mode keeps their only frame.
        self.pool = nn.MaxPool1d(config.pool, ceil_mode=True)

    def forward(self, x: Tensor) -> Tensor:  # (batch, time, feature)
        """Windows (batch, time, feature) -> (batch, time / pool, channels), the length rounded up."""
        return self.pool(self.levels(x.transpose(1, 2))).transpose(1, 2)  # (batch, ceil(time / pool), channels)


class FeatureAttention(nn.Module):
    """Weighs feature dimensions by a small network's scores (section "Methodology"); the weights add up to 1."""

    def __init__(self, width: int):
        super().__init__()
        self.score = nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Linear(width, width))

    def forward(self, x: Tensor) -> Tensor:  # (batch, width)
        """The features (batch, width), each multiplied by its own weight."""
        return x * self.score(x).softmax(dim=-1)  # (batch, width)


class PaperNetwork(nn.Module):
    """CNN, BiLSTM, fully connected layer, attention, output, in the order of the section "Methodology".

    The ablations of table 3 leave out the CNN (``cnn=False``), the BiLSTM (``bilstm=False``) or both. "Integrating the
    learned features across different parts of the input sequence" is read as the mean over time before the fully
    connected layer, which serves windows of every lag order and every ablation alike.

    `PaperConfig.output`:
        "linear": one value, the form that can regress.
        "softmax": softmax over that one value, which is 1 whatever the input.
        "expected_score": softmax over the attended features, read as probabilities of `width` evenly spaced scores;
        the prediction is their mean ("a probability distribution over the sentiment scores").

    `spread` : standard deviation of each input feature, float32, where the inputs are no z-scores; see `GaussianNoise`.
    """

    def __init__(self, config: PaperConfig, spread: np.ndarray | None = None):
        super().__init__()
        self.config = config
        self.noise = GaussianNoise(config.noise, spread)
        size = config.features
        self.cnn = self.bilstm = self.self_attention = None
        if config.cnn:
            self.cnn, size = MultiScaleCNN(config), config.channels
        if config.bilstm:
            self.bilstm, size = nn.LSTM(size, config.hidden, batch_first=True, bidirectional=True), 2 * config.hidden
        if config.attention in ("multi_head", "both"):
            # Heads must divide the width; without CNN and BiLSTM the width is whatever the features are.
            self.self_attention = SelfAttention(size, config.heads, config.heads * math.ceil(size / config.heads))
        self.fully_connected = nn.Linear(size, config.width)
        weighs = config.attention in ("features", "both")
        self.feature_attention = FeatureAttention(config.width) if weighs else nn.Identity()
        self.value = nn.Linear(config.width, 1) if config.output != "expected_score" else None
        self.register_buffer("scores", torch.linspace(*config.score_range, config.width), persistent=False)

    def forward(self, x: Tensor) -> Tensor:  # (batch, time, feature)
        """One value per window (batch,) from windows (batch, time, feature), of any length."""
        x = self.noise(x)
        if self.cnn is not None:
            x = self.cnn(x)  # (batch, time / pool, channels)
        if self.bilstm is not None:
            x, _ = self.bilstm(x)  # (batch, time / pool, 2 * hidden)
        if self.self_attention is not None:
            x = self.self_attention(x)
        x = self.feature_attention(self.fully_connected(x.mean(dim=1)))  # (batch, width)
        if self.config.output == "expected_score":
            return x.softmax(dim=-1) @ self.scores.to(x.dtype)  # (batch,)
        value = self.value(x)  # (batch, 1)
        if self.config.output == "softmax":
            value = value.softmax(dim=-1)
        return value.squeeze(-1)  # (batch,)


# As the released code has it ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CodeConfig:
    """Sizes of `CodeNetwork`; defaults from main.m and DSelfAttention.m, where kernels are those for arousal."""

    features: int
    steps: int = 26  # main.m: k
    kernels: tuple[int, int] = (10, 5)  # main.m: kernel_size1, kernel_size2
    channels: int = 20  # main.m: channel; of each branch
    blocks: int = 3  # main.m: block_num; the dilation of block i, from 0, is 2 ** i
    branch_dropout: float = 0.01
    hidden: int = 100  # DSelfAttention.m, per direction
    dropout: float = 0.3
    heads: int = 3
    key_channels: int = 6  # of all heads together
    # "released": as MATLAB's documented padding makes the layers; "repaired": every convolution sees its input.
    padding: Literal["released", "repaired"] = "released"


#: main.m sets the kernels by target.
CODE_KERNELS = {"arousal": (10, 5), "valence": (15, 6)}


class FeatureConvolution(nn.Module):
    """What ``convolution2dLayer(k, n, 'DilationFactor', d, 'Padding', 'same')`` does to a (features x 1) image.

    The code hands each frame over as an image of height `features` and width 1, so that the kernel slides over the
    *features* of one frame (in the order of their columns), never over time. The k x k kernel is padded with zeros on
    both sides of the one column: MATLAB documents ``floor(d (k - 1) / 2)`` columns on the left and the rest on the
    right. Only the kernel column that falls on the image's column sees data, so a 1-D convolution does the same; the
    other k - 1 columns only ever meet zeros.

    Where d does not divide that left padding, *no* kernel column falls on the image's column and the output is the
    bias, whatever the input. This is so for even k with even d: for arousal the first convolution of both branches in
    the blocks 2 and 3 (k = 10), for valence the second convolution of the time branch there (k = 6). It follows from
    the documentation and was not run in MATLAB. ``padding="repaired"`` lets all convolutions see.

    Weights start as MATLAB's do: Glorot with the fans of the k x k kernel; biases at 0.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, dilation: int, padding: Literal["released", "repaired"]):
        super().__init__()
        total = dilation * (kernel - 1)
        left = total // 2
        self.sides = (left, total - left)
        self.sees_input = padding == "repaired" or left % dilation == 0
        self.dilation = dilation
        self.bias = nn.Parameter(torch.zeros(outputs))
        if self.sees_input:
            bound = math.sqrt(6 / (kernel**2 * (inputs + outputs)))
            self.weight = nn.Parameter(torch.empty(outputs, inputs, kernel).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:  # (batch, inputs, feature)
        """(batch, inputs, feature) -> (batch, outputs, feature), or the bias alone if not `sees_input`."""
        if not self.sees_input:
            return self.bias[:, None].expand(len(x), -1, x.shape[-1])
        x = F.pad(x, self.sides)
        return F.conv1d(x, self.weight, self.bias, dilation=self.dilation)  # (batch, outputs, feature)


class SameMaxPool(nn.Module):
    """Max pooling over features with stride 1, MATLAB's default: it shortens nothing."""

    def __init__(self, kernel: int):
        super().__init__()
        self.kernel = kernel
        self.sides = ((kernel - 1) // 2, kernel // 2)

    def forward(self, x: Tensor) -> Tensor:  # (batch, channel, feature)
        """The maximum around each feature, (batch, channel, feature) before and after; padding is never the maximum."""
        return F.max_pool1d(F.pad(x, self.sides, value=-math.inf), self.kernel, stride=1)


class Branches(nn.Module):
    """Two branches of convolutions along a column, joined on channels (DSelfAttention.m, CNN.m).

    `dilations` are those of the time branch's two convolutions; the space branch's one has the first. Layer norm spans
    positions and channels of a column, with one scale and offset a channel: MATLAB's default for images, here group
    norm with a single group.
    """

    def __init__(self, inputs: int, dilations: tuple[int, int], config: CodeConfig):
        super().__init__()
        first, second = config.kernels
        channels, dropout = config.channels, config.branch_dropout
        self.space = nn.Sequential(
            FeatureConvolution(inputs, channels, first, dilations[0], config.padding),
            nn.BatchNorm1d(channels),
            nn.ELU(),
            SameMaxPool(second),
            nn.Dropout(dropout),
            nn.BatchNorm1d(channels),
        )
        self.time = nn.Sequential(
            FeatureConvolution(inputs, channels, first, dilations[0], config.padding),
            nn.GroupNorm(1, channels),
            nn.Dropout(dropout),
            FeatureConvolution(channels, channels, second, dilations[1], config.padding),
            nn.GroupNorm(1, channels),
            nn.ELU(),
        )

    def forward(self, x: Tensor) -> Tensor:  # (batch, inputs, position)
        """(batch, inputs, position) -> (batch, 2 * channels, position), `space` first, then `time`."""
        return torch.cat([self.space(x), self.time(x)], dim=1)  # (batch, 2 * channels, position)


class ResidualBlock(nn.Module):
    """`Branches` over the features of one frame, both with one dilation, and a skip (DSelfAttention.m)."""

    def __init__(self, inputs: int, dilation: int, config: CodeConfig):
        super().__init__()
        self.branches = Branches(inputs, (dilation, dilation), config)
        self.skip = nn.Identity()
        if inputs != 2 * config.channels:
            self.skip = FeatureConvolution(inputs, 2 * config.channels, 1, 1, config.padding)

    def forward(self, x: Tensor) -> Tensor:  # (batch, inputs, feature)
        """(batch, inputs, feature) -> (batch, 2 * channels, feature)."""
        return self.branches(x) + self.skip(x)


class SelfAttention(nn.Module):
    """Multi-head scaled dot-product attention over positions; queries, keys and values have `key_channels` in all."""

    def __init__(self, channels: int, heads: int, key_channels: int):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(channels, key_channels) for _ in range(3))
        self.merge = nn.Linear(key_channels, channels)

    def forward(self, x: Tensor) -> Tensor:  # (batch, position, channels)
        """(batch, position, channels) before and after; every position attends to all positions, itself included."""
        query, key, value = (
            layer(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (batch, head, position, key_channels / heads)
            for layer in (self.query, self.key, self.value)
        )
        attended = F.scaled_dot_product_attention(query, key, value)
        return self.merge(attended.transpose(1, 2).flatten(2))  # (batch, position, channels)


class CodeNetwork(nn.Module):
    """The released network: residual blocks over each frame's features, two BiLSTM layers, self-attention, FC, tanh.

    The self-attention follows a BiLSTM that returns its last output alone. It attends over this one position, where
    every softmax is 1: it is a linear layer of rank at most 6, and its queries and keys never learn.
    """

    def __init__(self, config: CodeConfig):
        super().__init__()
        inputs = [1] + [2 * config.channels] * (config.blocks - 1)
        self.blocks = nn.Sequential(*(ResidualBlock(n, 2**i, config) for i, n in enumerate(inputs)))
        self.bilstm = LastOfTwo(2 * config.channels * config.features, config.hidden, config.dropout)
        self.attention = SelfAttention(2 * config.hidden, config.heads, config.key_channels)
        self.fully_connected = start_glorot(nn.Linear(2 * config.hidden, 1))
        self.attention.apply(start_glorot)

    def forward(self, x: Tensor) -> Tensor:  # (batch, time, feature)
        """One value per window (batch,), between -1 and 1, from windows (batch, time, feature) of any length."""
        frames = x.flatten(0, 1).unsqueeze(1)  # (batch * time, 1, feature)
        x = self.blocks(frames).unflatten(0, x.shape[:2]).flatten(2)  # (batch, time, 2 * channels * feature)
        x = self.attention(self.bilstm(x).unsqueeze(1)).squeeze(1)  # (batch, 2 * hidden)
        return torch.tanh(self.fully_connected(x)).squeeze(-1)  # (batch,)


class CodeBiLSTM(nn.Module):
    """The released code's network without CNN (BiLSTM.m): two BiLSTM layers, FC, tanh; no attention, half the units."""

    def __init__(self, config: CodeConfig):
        super().__init__()
        self.bilstm = LastOfTwo(config.features, config.hidden // 2, config.dropout)
        self.fully_connected = start_glorot(nn.Linear(2 * (config.hidden // 2), 1))

    def forward(self, x: Tensor) -> Tensor:  # (batch, time, feature)
        """One value per window (batch,), between -1 and 1, from windows (batch, time, feature) of any length."""
        return torch.tanh(self.fully_connected(self.bilstm(x))).squeeze(-1)  # (batch,)


class CodeCNN(nn.Module):
    """The released code's network without BiLSTM (CNN.m): one pair of branches, FC, tanh; no residual, no attention.

    A window is one column, frame after frame, so that here the kernels cross from the last features of a frame to the
    first of the next. That order is our reading: the function that makes the column is missing in the repository.
    """

    def __init__(self, config: CodeConfig):
        super().__init__()
        self.branches = Branches(1, (1, 2), config)
        self.fully_connected = start_glorot(nn.Linear(2 * config.channels * config.steps * config.features, 1))

    def forward(self, x: Tensor) -> Tensor:  # (batch, time, feature)
        """One value per window (batch,), between -1 and 1, from windows (batch, time, feature) of `steps` frames."""
        column = x.flatten(1).unsqueeze(1)  # (batch, 1, time * feature)
        return torch.tanh(self.fully_connected(self.branches(column).flatten(1))).squeeze(-1)  # (batch,)


class LastOfTwo(nn.Module):
    """Two BiLSTM layers, each followed by dropout, and the last state of both directions of the second."""

    def __init__(self, inputs: int, hidden: int, dropout: float):
        super().__init__()
        self.lstm = nn.LSTM(inputs, hidden, 2, batch_first=True, bidirectional=True, dropout=dropout)
        self.dropout = nn.Dropout(dropout)
        start_as_matlab(self.lstm)

    def forward(self, x: Tensor) -> Tensor:  # (batch, time, inputs)
        """(batch, time, inputs) -> (batch, 2 * hidden), forwards first."""
        _, (last, _) = self.lstm(x)  # (layer * direction, batch, hidden)
        return self.dropout(torch.cat([last[-2], last[-1]], dim=-1))  # (batch, 2 * hidden)


def start_glorot(layer: nn.Module) -> nn.Module:
    """Initial weights of a fully connected layer by MATLAB's defaults; other layers stay as they are."""
    if isinstance(layer, nn.Linear):
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)
    return layer


def start_as_matlab(lstm: nn.LSTM) -> None:
    """Initial weights by ``bilstmLayer``'s defaults: Glorot inputs, orthogonal recurrence, forget gates' bias 1.

    MATLAB has one bias a gate where PyTorch adds up two: the second stays at 0 and is not trained.
    """
    for name, weight in lstm.named_parameters():
        if name.startswith("weight_ih"):
            # Both directions share one matrix in MATLAB, so that its number of outputs is 8 * hidden.
            bound = math.sqrt(6 / (weight.shape[1] + 2 * weight.shape[0]))
            nn.init.uniform_(weight, -bound, bound)
        elif name.startswith("weight_hh"):
            nn.init.orthogonal_(weight)
        else:
            nn.init.zeros_(weight)
        if name.startswith("bias_ih"):
            with torch.no_grad():
                weight[lstm.hidden_size : 2 * lstm.hidden_size] = 1.0
        elif name.startswith("bias_hh"):
            weight.requires_grad_(False)


# The baseline of tables 1 and 2 -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class TPAConfig:
    """Sizes of `TPALSTM`. The paper gives none; ours are those of its network where they exist."""

    features: int
    steps: int = 26  # main.m: k, the window of the released code
    hidden: int = 128
    filters: int = 32
    bidirectional: bool = True  # tables 1 and 2 name it TPA-BiLSTM; Shih et al. describe a forward LSTM
    #: which state counts as the last one: both directions' at the last frame, of which the backward one has read that
    #: frame alone, or each direction's own last, after it has read the whole window
    last: Literal["at_last_frame", "of_each_direction"] = "at_last_frame"


class TPALSTM(nn.Module):
    """Temporal pattern attention (Shih, Sun and Lee 2019): attends over hidden *dimensions*, not over time steps.

    Every hidden dimension's course over the frames before the last is convolved with `filters` kernels as long as that
    course; a sigmoid of the match with the last state weighs the dimensions, and their weighted sum joins that state.
    """

    def __init__(self, config: TPAConfig):
        super().__init__()
        if config.steps < 2:
            raise ValueError(f"Temporal patterns need at least 2 steps, found {config.steps}.")
        self.lstm = nn.LSTM(config.features, config.hidden, batch_first=True, bidirectional=config.bidirectional)
        size = config.hidden * (1 + config.bidirectional)
        self.patterns = nn.Linear(config.steps - 1, config.filters, bias=False)
        self.match = nn.Linear(size, config.filters, bias=False)
        self.from_state = nn.Linear(size, size, bias=False)
        self.from_context = nn.Linear(config.filters, size, bias=False)
        self.value = nn.Linear(size, 1)
        self.own_ends = config.last == "of_each_direction"

    def forward(self, x: Tensor) -> Tensor:  # (batch, time, feature)
        """One value per window (batch,) from windows (batch, time, feature), time being `config.steps`."""
        states, (ends, _) = self.lstm(x)  # (batch, time, size), (directions, batch, hidden)
        past, last = states[:, :-1], states[:, -1]
        if self.own_ends:
            last = ends.transpose(0, 1).flatten(1)  # (batch, size)
        patterns = self.patterns(past.transpose(1, 2))  # (batch, size, filters)
        scores = patterns @ self.match(last).unsqueeze(-1)  # (batch, size, 1)
        context = (torch.sigmoid(scores) * patterns).sum(dim=1)  # (batch, filters)
        return self.value(self.from_state(last) + self.from_context(context)).squeeze(-1)  # (batch,)


# What is stated and what became of it ------------------------------------------------------------------------------

_SETTINGS = "Implementation and Experiments"
_CODE = "public code, "

FIDELITY = [
    Detail("words as input", "Methodology", "Word2Vec turns each word of the input into a vector", "left out",
           "the input is a sequence of audio descriptors; there are no words", possible=False),
    Detail("input", "Feature extraction layer", "N x T x F: samples, time steps, features",
           "(batch, time, feature), convolved over time"),
    Detail("convolution", "Feature extraction layer", "one-dimensional", "Conv1d over time",
           claims=("cnn.input_dimensions",)),
    Detail("multi-scale module", "Introduction", "a multi-scale processing module with a sparse structure",
           "parallel convolutions with kernels 1, 3 and 5, 32 channels each, joined by a 1x1 transition to 64",
           "no kernel sizes or channels are stated"),
    Detail("levels", "Feature extraction layer; figure 2", "H1 to H4", "four levels",
           claims=("cnn.first_level", "cnn.last_level")),
    Detail("residual blocks", "Introduction", "introduced to increase the depth", "one skip around every level",
           "their number and place are not stated"),
    Detail("order of convolution, batch norm, ReLU", "Feature extraction layer; figure 2", "Conv, BN, ReLU; BN-ReLU",
           "convolution, batch norm, ReLU in every scale; ReLU after the skip"),
    Detail("max pooling", "Methodology", "after the CNN layers, to reduce feature dimensionality",
           "pool of 2 over time, once after the levels", "the pool's size is not stated"),
    Detail("BiLSTM", "BiLSTM layer; equation 1", "gates of the backward direction; the forward ones are alike",
           "torch.nn.LSTM, bidirectional, one layer",
           "equation 1 is the usual LSTM; layers are not stated"),
    Detail("hidden units", _SETTINGS, "128", "128 per direction", "per direction or together is not stated",
           claims=("settings.hidden_units",)),
    Detail("fully connected layer", "Methodology", "combines features across parts of the sequence",
           "mean over time, then 64 units", "neither the reduction over time nor the width is stated"),
    Detail("attention", "Methodology", "a small network scores every feature dimension of the fully connected output",
           "two layers with tanh, softmax over dimensions", "the scoring network is not specified"),
    Detail("multi-head self-attention", "Abstract; Introduction", "incorporated into the combined CNN and BiLSTM",
           'variant attention="multi_head" or "both": over time, after the BiLSTM',
           "the section Methodology, which orders all layers, has no place for it; heads are not stated"),
    Detail("output", "Methodology", "a softmax layer performs the regression", 'linear; variant output="softmax"',
           "the softmax of one value is the constant 1, whose R2 is at most 0", possible=False),
    Detail("output as a distribution", "Methodology", "a probability distribution over the sentiment scores",
           'variant output="expected_score": mean of evenly spaced scores under a softmax over the attended features',
           "the most favourable reading; which scores, and how one value comes of them, is not stated"),
    Detail("missing values", _SETTINGS, "filled forward", "filled forward within a song",
           "a fill over the whole table would carry values from one song into the next; our copies miss none"),
    Detail("scaling", _SETTINGS, "z-scores",
           "z-scores of the training frames; on the further rungs of the ladder, of all frames",
           'whose mean and standard deviation are not stated; the public code scales by range, variant "min_max"'),
    Detail("feature selection", _SETTINGS, "importance in a random forest of at least 0.0015",
           "a forest from a window's last frame to its label",
           "the text states neither size nor inputs; the public notebook: 200 trees, all features, 80 % of the frames",
           claims=("settings.importance_threshold",)),
    Detail("optimiser", _SETTINGS, "Adam", "Adam"),
    Detail("learning rate", _SETTINGS, "0.001", "0.001, constant",
           "the public code has 0.004, halved every second epoch", claims=("settings.learning_rate",)),
    Detail("batch size", _SETTINGS, "32", "32", "the public code has 168", claims=("settings.batch_size",)),
    Detail("early stopping", _SETTINGS, "used", "on the validation loss, patience ours",
           "patience is not stated; the public code trains 40 epochs and keeps the last network"),
    Detail("noise", _SETTINGS, "noise is added to the inputs", "Gaussian, 0.1 standard deviations, while training",
           "kind and size are not stated; the public code adds none"),
    Detail("dropout", _SETTINGS, UNSTATED, "none", "the public code has 0.01 in the branches, 0.3 after each BiLSTM"),
    Detail("loss", _SETTINGS, UNSTATED, "mean squared error", "the public code's regression layer has half of it"),
    Detail("epochs", _SETTINGS, UNSTATED,
           "8 at most on the ladder, which cuts most trainings short; 60 at most on the folds",
           "the public code has 40"),
    Detail("sparrow search", "Performance comparison", "all metrics improve after optimisation with it", "left out",
           "what it searches is not stated, and the public code does not contain it", possible=False),
    Detail("ablations", "Ablation study; table 3", "without CNN, without BiLSTM, without both",
           "the module is left out, the rest stays", "what takes its place is not stated"),
    Detail("ablation scripts", _CODE + "BiLSTM.m, CNN.m", 
           "two layers of 50 units without attention; one block, flattened",
           "rebuilt, windows in time order; the flattened window frame by frame",
           "their helper functions bilstm_input and cnncell2flatten are not in the repository"),
    Detail("end of a window", _CODE + "dataset_crossvalind.m", "the frame before the label",
           "the label's own half second",
           "the label is about what is heard then"),
    Detail("window", _CODE + "main.m", "26 frames", "26 steps; the text speaks of lag orders from 1 to 29"),
    Detail("kernels", _CODE + "main.m", "10 and 5 for arousal, 15 and 6 for valence", "the same"),
    Detail("axis of the convolutions", _CODE + "DSelfAttention.m",
           "2-D convolutions over an image of (features x 1), one image per frame",
           "1-D convolution over the features of each frame",
           "one kernel column meets the image, the others meet padding; no convolution runs over time"),
    Detail("dilated even kernels", _CODE + "DSelfAttention.m",
           "kernel 10 (arousal) or 6 (valence) with dilation 2 and 4",
           'the output is the bias; variant padding="repaired" lets these convolutions see their input',
           "by MATLAB's documented padding no kernel column meets the image; derived, not run in MATLAB"),
    Detail("pooling", _CODE + "DSelfAttention.m", "max pooling of 5 or 6 features with stride 1", "the same",
           "it does not shorten anything"),
    Detail("layer norm", _CODE + "DSelfAttention.m", "MATLAB's default",
           "over features and channels of a frame, scale and offset per channel",
           "MATLAB's default for images, in which the frames are folded"),
    Detail("BiLSTM layers", _CODE + "DSelfAttention.m",
           "100 units, sequence; dropout 0.3; 100 units, last; dropout 0.3",
           "the same; last is the last state of either direction"),
    Detail("self-attention", _CODE + "DSelfAttention.m", "3 heads, 6 key channels, after the last BiLSTM output",
           "the same, over that one position", "its softmax is 1 there, so that queries and keys have no gradient"),
    Detail("output of the code", _CODE + "DSelfAttention.m", "fully connected, tanh, regression on targets in 0 to 1",
           "the same", "there is no softmax in the code"),
    Detail("training of the code", _CODE + "DSelfAttention.m, main.m",
           "Adam 0.004 halved every 2 epochs, gradient threshold 1, batch 168, 40 epochs", "the same",
           "MATLAB's threshold holds for each weight array by itself, ours for all together; its default adds an L2"
           " term of 0.0001"),
    Detail("TPA-BiLSTM", "Performance comparison; tables 1 and 2", "the model of Shih et al. (2019)",
           "rebuilt after Shih et al. on a bidirectional LSTM of 128 units with 32 filters, without input noise; the"
           " last state is that at the last frame, and in a second reading each direction's own",
           "no setting is stated, and the public code does not contain it"),
    Detail("MCAN, BCRSN, TNN + SVR", "Performance comparison; tables 1 and 2", "compared on RMSE and MAE",
           "not rebuilt", "their numbers carry no split and no R2, so there is nothing to compare a model with"),
]  # fmt: skip
