"""Training the networks of tables 2 and 3, and of what the text says was tried, on the users of one split."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mer_repro.papers.bai2026.histories import Histories
    from mer_repro.splits import Split
    from mer_repro.training import Precision, TrainingConfig

#: What a variant of TCN-LM is, as settings of `model.TCNLMConfig`.
TCN_LM: dict[str, dict] = {
    "tcn_lm": {},
    "no_tcn": {"temporal": "lstm"},  # table 3, an LSTM of as many layers
    "no_tcn_one_layer": {"temporal": "lstm"},  # an LSTM as it is commonly used
    "no_lm": {"fusion": "none"},  # table 3
    "no_attention": {"fusion": "concatenation"},  # table 3
    "semantic_query": {"query": "semantic"},  # section 3.5
    "max_pooling": {"pooling": "max"},  # section 3.3
    "attention_pooling": {"pooling": "attention"},  # section 3.3
    "shuffled_labels": {},
}
RIVALS = ("lstm_audio", "bert_text", "early_fusion")


@dataclass(frozen=True)
class Answer:
    """What a model says of the test users.

    probabilities : (test users, classes). on_validation : the same of the validation users, for late fusion.
    attention : (test users, T) weights on the songs, or None. curves, notes : for the record.
    """

    probabilities: np.ndarray
    on_validation: np.ndarray | None = None
    attention: np.ndarray | None = None
    curves: dict = field(default_factory=dict)
    notes: dict = field(default_factory=dict)


def train(
    variant: str, histories: Histories, split: Split, widths: dict, config: TrainingConfig, seed: int, device: str
) -> Answer:
    """Build one variant, train it on the training users, answer for validation and test users.

    Parameters
    ----------
    widths : ``hidden``, ``attention``, ``blocks`` and ``lstm_layers``; the paper's are 128, 256, 4 and 8. With
        ``keep``: "last" the network is left as its last epoch leaves it, as the paper's algorithm returns it.

    Raises
    ------
    TrainingDiverged
        If the loss is no longer a number.
    """
    import torch

    from mer_repro import training

    label = histories.label
    if variant == "shuffled_labels":
        label = _shuffled(label, split, seed)
    training.seed_everything(seed)
    network, encoder = build(variant, histories, widths)
    songs, target = torch.from_numpy(histories.songs), torch.from_numpy(label.astype(np.int64))

    def part(rows: np.ndarray) -> training.Examples:
        return training.Examples((songs[rows],), target[rows])

    if widths.get("keep") == "last":
        config = config.model_copy(update={"paper_rule": training.StoppingRule(keep="last")})
    fit = training.fit(
        network, part(split.train), part(split.validation), config, torch.nn.functional.cross_entropy, seed=seed,
        device=device, metrics={"accuracy": _accuracy},
    )  # fmt: skip
    if fit.paper is not None:
        fit.paper.restore(network)
    notes = fit.notes | {
        "weights": sum(weight.numel() for weight in network.parameters() if weight.requires_grad),
        "encoder": encoder,
    }
    on_test, on_validation = (
        _probabilities(network, part(rows), device, fit.precision) for rows in (split.test, split.validation)
    )
    return Answer(on_test, on_validation, _attention(network, songs[split.test], device), fit.curves, notes)


def build(variant: str, histories: Histories, widths: dict):
    """The untrained network of a variant, and the encoder of its texts ("" where it reads none)."""
    from mer_repro.papers.bai2026 import model

    n_songs, hidden = len(histories.texts) - 1, widths["hidden"]
    settings = TCN_LM.get(variant, {})
    if variant == "lstm_audio" or settings.get("fusion") == "none":
        vectors, encoder = None, ""
    else:
        vectors, encoder = text_vectors(tuple(histories.texts))
    if variant in RIVALS:
        audio = model.LSTMAudio(n_songs, hidden=hidden, classes=histories.classes)
        if variant == "lstm_audio":
            return audio, encoder
        text = model.BERTText(vectors, histories.classes)
        return (text if variant == "bert_text" else model.EarlyFusion(audio, text)), encoder
    config = model.TCNLMConfig(
        n_songs, embedding=hidden, hidden=hidden, blocks=widths["blocks"], attention=widths["attention"], joint=hidden,
        lstm_layers=1 if variant == "no_tcn_one_layer" else widths["lstm_layers"], classes=histories.classes,
        **settings,
    )  # fmt: skip
    return model.TCNLM(config, vectors), encoder


def text_vectors(texts: tuple[str, ...]):
    """CLS vectors of the songs' texts, (n_songs + 1, dimension), each text encoded once; and the encoder's name."""
    import torch

    from mer_repro.features import text

    embedded = text.embed(texts, pooling="cls", max_length=64)
    return torch.from_numpy(embedded.vectors), str(embedded.encoder)


def late_fusion(audio: Answer, text: Answer, label_on_validation: np.ndarray) -> Answer:
    """Table 2's late fusion of two trained rivals, its weight tuned on the validation users."""
    from mer_repro.papers.bai2026.model import late_fusion_weight

    weight = late_fusion_weight(audio.on_validation, text.on_validation, label_on_validation)
    mixed = weight * audio.probabilities + (1 - weight) * text.probabilities
    return Answer(mixed, notes={"weight_of_audio": weight})


def _shuffled(label: np.ndarray, split: Split, seed: int) -> np.ndarray:
    """The labels of training and validation users dealt out anew within each part."""
    shuffled, rng = label.copy(), np.random.default_rng([seed, 31])
    for rows in (split.train, split.validation):
        shuffled[rows] = label[rng.permutation(rows)]
    return shuffled


def _accuracy(observed: np.ndarray, logits: np.ndarray) -> float:
    return float(np.mean(logits.argmax(axis=1) == observed))


def _probabilities(network, examples, device: str, precision: Precision) -> np.ndarray:
    from scipy.special import softmax

    from mer_repro import training

    said = training.predict(network, examples, batch_size=256, device=device, precision=precision)
    return softmax(said.astype(float), axis=1)


def _attention(network, songs, device: str) -> np.ndarray | None:
    """Weights of the songs, where the network attends to songs' texts."""
    import torch

    if getattr(network, "attention", None) is None:
        return None
    with torch.inference_mode():
        return torch.cat([network.attention_weights(part.to(device)).cpu() for part in songs.split(256)]).numpy()
