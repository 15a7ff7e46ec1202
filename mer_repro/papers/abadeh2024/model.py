"""The networks of abadeh2024: the next genre from a history of listens, each a vector of 779 numbers (section IV).

Conventions
-----------
- A history is padded at its end; `lengths` (batch,) int64 says how many of its steps are real, at least one. Padding
  changes nothing: recurrent layers run forward only and what is read of them stands before it.
- A step is given by what it consists of, not by its 779 numbers, so that one table serves all histories: `track`
  (batch, time) rows of a frozen table of track vectors, `genre` and `time_of_day` (batch, time) classes, `group`
  (batch,) 1 for users with a disorder and 0 for others, and where the configuration has it `stress` (batch, time), the
  mean stress score of the tweets after the listen, -1 (none) to -5, and 0 where there were no tweets.
- Every network maps a history to logits (batch, class); the softmax is part of the cross-entropy loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mer_repro.fidelity import UNSTATED, Detail


@dataclass(frozen=True)
class Config:
    """Sizes of both networks. Those marked "ours" are not in the report."""

    classes: int = 6  # table IV; 4 in table V, 3 in table VI
    text: int = 768  # section IV.B, item 1
    genres: int = 6  # section IV.B, item 3: what a step can be, also where fewer classes are predicted
    times_of_day: int = 4  # section IV.B, item 4: morning, afternoon, evening, night
    group: bool = True  # section IV.B, item 2: the diagnosis label
    stress: bool = False  # section IV.C: on in the setting with 3 classes alone
    attention: bool = False  # section IV.C: on in the setting with 3 classes alone
    # Section IV.C cites [15], Fastformer, for it; "pooling" is the additive attention usual over recurrent layers.
    form: Literal["pooling", "fastformer"] = "pooling"
    cell: Literal["lstm", "gru"] = "lstm"
    layers: int = 2  # section IV.C
    hidden: int = 128  # section IV.C
    dense: int = 64  # ours: the width of the first of the two dense layers

    @property
    def step_width(self) -> int:
        """Numbers in one step's vector: 768 + 1 + 6 + 4 = 779 as stated, 780 with the stress score."""
        return self.text + self.group + self.genres + self.times_of_day + self.stress


class StepVectors(nn.Module):
    """Section IV.B: text vector, group label, genre and time of day one-hot, and the stress score, side by side.

    `track_vectors` (tracks, text) is frozen: no weights, and not part of a checkpoint.
    """

    def __init__(self, config: Config, track_vectors: Tensor):
        super().__init__()
        if track_vectors.shape[1] != config.text:
            raise ValueError(f"Track vectors of {track_vectors.shape[1]} numbers, the configuration has {config.text}.")
        self.config = config
        self.register_buffer("track_vectors", track_vectors, persistent=False)

    def forward(
        self, track: Tensor, genre: Tensor, time_of_day: Tensor, group: Tensor, stress: Tensor | None = None
    ) -> Tensor:
        """Step vectors (batch, time, step_width) from the inputs described in the module's conventions.

        Raises ValueError if stress scores are given to a configuration without them, or missing where it has them.
        """
        if (stress is not None) != self.config.stress:
            raise ValueError(f"stress scores are {'missing' if stress is None else 'given'}; {self.config}")
        text = F.embedding(track, self.track_vectors)  # (batch, time, text)
        parts = [text, F.one_hot(genre, self.config.genres), F.one_hot(time_of_day, self.config.times_of_day)]
        if self.config.group:
            parts.append(group[:, None, None].expand(*track.shape, 1))
        if stress is not None:
            parts.append(stress.unsqueeze(-1))
        return torch.cat([part.to(text.dtype) for part in parts], dim=-1)  # (batch, time, step_width)


def recurrent(config: Config, inputs: int) -> nn.LSTM | nn.GRU:
    """The stack of recurrent layers of either cell."""
    return {"lstm": nn.LSTM, "gru": nn.GRU}[config.cell](inputs, config.hidden, config.layers, batch_first=True)


class Attention(nn.Module):
    """Additive attention over the steps of a history: scores by one hidden layer, softmax, weighted sum of states."""

    def __init__(self, hidden: int):
        super().__init__()
        self.score = nn.Sequential(nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 1, bias=False))

    def weights(self, states: Tensor, lengths: Tensor) -> Tensor:
        """Attention (batch, time); adds up to 1 over the real steps."""
        padding = torch.arange(states.shape[1], device=states.device) >= lengths[:, None]  # (batch, time)
        return self.score(states).squeeze(-1).masked_fill(padding, -torch.inf).softmax(dim=-1)

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:  # (batch, time, hidden)
        """The history's summary (batch, hidden): its real states' mean, weighted by `weights`."""
        return (self.weights(states, lengths).unsqueeze(1) @ states).squeeze(1)  # (batch, hidden)

    def of_every_prefix(self, states: Tensor) -> Tensor:
        """What `forward` says of each history cut after each of its steps: (batch, time, hidden)."""
        later = torch.ones(states.shape[1], states.shape[1], dtype=torch.bool, device=states.device).triu(1)
        scores = self.score(states).squeeze(-1).unsqueeze(1)  # (batch, 1, time)
        return scores.masked_fill(later, -torch.inf).softmax(dim=-1) @ states  # (batch, time, hidden)


class Fastformer(nn.Module):
    """The additive attention of reference [15] (Wu et al. 2021, Fastformer, section 3.2), one head, over a history.

    Queries, keys and values are projections of the states, values sharing the queries' weights as there. Additive
    attention sums all queries up to a global query, which meets every key element by element; the products are summed
    up to a global key in the same way, which meets every value. A projection of the result is added to the query. What
    comes out at a history's last step stands in the last state's place.
    """

    def __init__(self, hidden: int):
        super().__init__()
        self.query = nn.Linear(hidden, hidden)
        self.key = nn.Linear(hidden, hidden)
        self.of_query = nn.Linear(hidden, 1, bias=False)
        self.of_key = nn.Linear(hidden, 1, bias=False)
        self.transform = nn.Linear(hidden, hidden)

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:  # (batch, time, hidden)
        """What comes out (batch, hidden) at the last real step of each history."""
        answers = self.of_every_prefix(states)
        return answers[torch.arange(len(lengths), device=lengths.device), lengths - 1]  # (batch, hidden)

    def of_every_prefix(self, states: Tensor) -> Tensor:
        """What is said at the last step of each history cut after each of its steps: (batch, time, hidden)."""
        time, scale = states.shape[1], states.shape[2] ** 0.5
        later = torch.ones(time, time, dtype=torch.bool, device=states.device).triu(1)
        queries, keys = self.query(states), self.key(states)

        def attended(logits: Tensor, values: Tensor) -> Tensor:
            return (logits / scale).masked_fill(later, -torch.inf).softmax(dim=-1) @ values  # (batch, time, hidden)

        whole_query = attended(self.of_query(queries).transpose(1, 2).expand(-1, time, -1), queries)
        # The product of a prefix's global query with every key is never made: its score is linear in the key, and so is
        # the weighted sum, from which the global query can be taken out.
        logits = (whole_query * self.of_key.weight) @ keys.transpose(1, 2)  # (batch, time, time)
        whole_key = whole_query * attended(logits, keys)
        return self.transform(whole_key * queries) + queries


class NextGenre(nn.Module):
    """Section IV.C: two recurrent layers of 128, with or without attention, and two dense layers."""

    def __init__(self, config: Config, track_vectors: Tensor):
        super().__init__()
        self.steps = StepVectors(config, track_vectors)
        self.recurrent = recurrent(config, config.step_width)
        kinds = {"pooling": Attention, "fastformer": Fastformer}
        self.attention = kinds[config.form](config.hidden) if config.attention else None
        self.dense = nn.Linear(config.hidden, config.dense)
        self.classifier = nn.Linear(config.dense, config.classes)

    def features(self, lengths: Tensor, *listens: Tensor) -> Tensor:
        """The activations (batch, dense) that figures 8 and 15 show by t-SNE."""
        states, _ = self.recurrent(self.steps(*listens))  # (batch, time, hidden)
        if self.attention is not None:
            summary = self.attention(states, lengths)  # (batch, hidden)
        else:
            summary = states[torch.arange(len(lengths), device=lengths.device), lengths - 1]  # (batch, hidden)
        return F.relu(self.dense(summary))

    def forward(self, lengths: Tensor, *listens: Tensor) -> Tensor:
        """Logits (batch, class) from lengths (batch,) and track, genre, time_of_day, group[, stress]."""
        return self.classifier(self.features(lengths, *listens))

    def features_at_every_step(self, *listens: Tensor) -> Tensor:
        """`features` of each history cut after each of its steps (batch, time, dense), at the cost of one reading."""
        states, _ = self.recurrent(self.steps(*listens))  # (batch, time, hidden)
        if self.attention is not None:
            states = self.attention.of_every_prefix(states)
        return F.relu(self.dense(states))

    def at_every_step(self, *listens: Tensor) -> Tensor:
        """Logits (batch, time, class): what comes after each step, given the history up to it."""
        return self.classifier(self.features_at_every_step(*listens))


class Seq2Seq(nn.Module):
    """The form that the abstract names: an encoder reads the history, a decoder starts from its last state.

    One genre is asked for, so the decoder makes one step, from a learned start vector. With attention, its state asks
    the encoder's states (scaled dot product) and the answer stands beside it before the dense layers.
    """

    def __init__(self, config: Config, track_vectors: Tensor):
        super().__init__()
        self.steps = StepVectors(config, track_vectors)
        self.encoder = recurrent(config, config.step_width)
        self.decoder = recurrent(config, config.hidden)
        self.start = nn.Parameter(torch.zeros(config.hidden))
        self.attention = config.attention
        self.dense = nn.Linear(config.hidden * (1 + config.attention), config.dense)
        self.classifier = nn.Linear(config.dense, config.classes)

    def forward(self, lengths: Tensor, *listens: Tensor) -> Tensor:
        """Logits (batch, class) from lengths (batch,) and track, genre, time_of_day, group[, stress]."""
        steps = self.steps(*listens)  # (batch, time, step_width)
        # Packed, because the decoder needs the state of both layers, cells included, at each history's own end.
        packed = nn.utils.rnn.pack_padded_sequence(steps, lengths.cpu(), batch_first=True, enforce_sorted=False)
        states, last = self.encoder(packed)
        summary, _ = self.decoder(self.start.expand(len(lengths), 1, -1), last)  # (batch, 1, hidden)
        if self.attention:
            states, _ = nn.utils.rnn.pad_packed_sequence(states, batch_first=True, total_length=steps.shape[1])
            real = torch.arange(steps.shape[1], device=lengths.device) < lengths[:, None]  # (batch, time)
            answer = F.scaled_dot_product_attention(summary, states, states, attn_mask=real.unsqueeze(1))
            summary = torch.cat([summary, answer], dim=-1)  # (batch, 1, 2 * hidden)
        return self.classifier(F.relu(self.dense(summary.squeeze(1))))  # (batch, class)


# What is stated and what became of it ------------------------------------------------------------------------------

FIDELITY = [
    Detail("step vector", "IV.B", "779", "768 + 1 + 6 + 4 = 779", claims=("text.embedding_dimension",),
           quote="comprehensive embedding vector with a size of 779"),
    Detail("text vector", "IV.B", "768, RoBERTa on cleaned lyrics", "a table of any encoder's vectors",
           "there are no lyrics in the public data; the study says which vectors stand in",
           claims=("text.roberta_dimension",), quote="768-dimensional vector representation for each lyric snippet"),
    Detail("tweets", "Abstract; I", "tweets and their stress levels are inputs", "the stress score",
           "section IV.B has lyrics as the only text; nothing else of a tweet is described",
           quote="tweet timelines and associated stress levels"),
    Detail("group label", "IV.B", "[1] for disorder, [0] for control", "1 or 0",
           claims=("text.disorder_label_dimension",), quote="[1] for mental disorder users, [0] for control"),
    Detail("genre of a step", "IV.B", "one-hot", "one-hot over six in every setting",
           "779 needs six; with the four or three classes of tables V and VI it would be 777 or 776",
           quote="We encode the music genre using a one-hot"),
    Detail("time of day", "IV.B", "one-hot: morning, afternoon, evening, night", "4", "their hours are not stated",
           quote="(morning, afternoon, evening, night)"),
    Detail("stress score", "IV.C", "appended to the existing vector", "780 numbers with it",
           "779 is stated before the stress score is introduced, no width after",
           quote="concatenating it with the existing embedding vector"),
    Detail("stress of a session without tweets", "IV.A", UNSTATED, "0",
           "the scale is -1 to -5, so that 0 marks it", quote="between -1 (no stress) and -5 (stressful)"),
    Detail("stress of the next session", "IV.C", "measured in the 30 minutes after a music session",
           "only sessions of the history have it",
           "the score after the session to be predicted is not known before it", claims=("text.stress_interval",),
           quote="the 30-minute interval following the music session"),
    Detail("recurrent layers", "IV.C", "2 LSTM layers with 128 units", "2 of 128, LSTM or GRU",
           claims=("text.lstm_layers", "text.lstm_units"), quote="2 LSTM layers with 128 units"),
    Detail("dense layers", "IV.C", "2 at the end", "64 with ReLU, then the classes",
           "the first one's width and activation are not stated", claims=("text.dense_layers",),
           quote="2 dense layers at the end"),
    Detail("Seq2Seq", "Abstract", "an LSTM and GRU based Seq2Seq model", "a second network, Seq2Seq",
           "section IV.C describes layers and classifier without a decoder",
           quote="based Seq2Seq model to capture the sequential nature"),
    Detail("LSTM and GRU together", "Abstract", "one model based on both", "one network of either cell",
           "sections III.C, IV.C and the last table compare the two",
           quote="Gated Recurrent Unit (GRU) based Seq2Seq model"),
    Detail("attention", "IV.C; VII", "an attention layer [15]; [15] is Fastformer, additive attention",
           'two readings: form="fastformer", as cited, what comes out at the last step; form="pooling", additive scores'
           " by one hidden layer, over the steps, in place of the last state",
           "how [15] is joined to recurrent layers is not stated; the factorial was run with the second reading",
           quote="Fastformer: Additive attention can be all you need"),
    Detail("target", "IV.C", "the genre of the last session, from those before",
           "every session but a history's first is a target, given those before it",
           "the report counts more samples than users, which one target per user would not give",
           quote="predict the genre of the last sequence"),
    Detail("classes", "IV.C", "6, 4, 3", "the same", claims=("t7.g6.classes", "t7.g4.classes", "t7.g3.classes"),
           quote="the number of genres (6, 4, and 3)"),
    Detail("length of a history", "IV.C", "all past sessions", "the last 100 steps at most; Seq2Seq reads the last 10",
           "none is stated; padding changes nothing", quote="all the user's past listening sessions"),
    Detail("early stopping", "IV.C", "validation loss, patience 10 (5 tried)",
           "the same, and the weights of the best epoch restored",
           "which weights count is not stated; Keras keeps the last ones unless told otherwise",
           claims=("text.patience", "text.patience_tried"),
           quote="monitors the validation loss (val_loss) during training"),
    Detail("oversampling", "IV.C", "tried with 6 classes", "random repeats of training items up to the largest class",
           "how, and whether before the split, is not stated",
           quote="the oversampling method to overcome the imbalance dataset"),
    Detail("split", "IV", UNSTATED, "set by the study", "test accuracies are given, no split is",
           quote="The test accuracy for this experiment is 53%"),
    Detail("optimiser, learning rate, batch size, epochs, dropout", "IV.C", UNSTATED,
           "Adam 0.003, eight histories a batch, no dropout, each step but the first a target; early stopping",
           "none is stated; set once, for our sizes, and not tuned", quote="The setup is 2 LSTM layers with 128"),
    Detail("framework", "IV.C", "Keras, where early stopping is described", "PyTorch",
           "its LSTM adds up two biases a gate where Keras has one: more weights, the same functions",
           quote="a deep learning library (Keras)"),
]  # fmt: skip
