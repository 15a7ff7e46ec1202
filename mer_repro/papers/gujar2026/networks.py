"""Training gujar2026's networks on one split and hearing what they say of its test songs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mer_repro.papers.gujar2026.inputs import Inputs
from mer_repro.splits import Split
from mer_repro.training import TrainingConfig

#: What a variant is: readings of `model.FusionConfig`, and of `model.CRNNConfig` under "crnn".
FUSED: dict[str, dict] = {
    "attention": {},
    "attention_scores_concatenated": {"scores": "concatenated"},
    "attention_input_audio": {"classifier_input": "audio"},
    "attention_input_sum": {"classifier_input": "sum"},
    "attention_input_wide": {"classifier_input": "wide"},
    "attention_alone": {"classifier_input": "alone"},
    "attention_consistency": {},
    "attention_modality_dropout": {"modality_dropout": 0.3},
    "attention_shuffled_text": {},
    "concatenation": {"fusion": "concatenation"},
}
SINGLE: dict[str, dict] = {
    "audio_only": {"modality": "audio"},
    "text_only": {"modality": "text"},
    "text_finetuned": {"modality": "text"},
    "text_finetuned_slowly": {"modality": "text"},
    "crnn_256": {"modality": "audio"},
    "crnn_lstm": {"modality": "audio", "crnn": {"recurrent": "lstm"}},
    "crnn_steps": {"modality": "audio", "crnn": {"reshape": "steps"}},
    "crnn_stack": {"modality": "audio", "crnn": {"reshape": "stack"}},
    "crnn_norm_last": {"modality": "audio", "crnn": {"norm_first": False}},
}
#: Learning rate of a sentence encoder that is trained along, as a part of the other weights' rate.
ENCODER_RATE = {"text_finetuned": 1.0, "text_finetuned_slowly": 0.1}
CONSISTENCY_WEIGHT = 0.1
#: How many other songs lend a test song their words, and as many their audio, to see which of the two it needs.
EXCHANGES = 5


@dataclass(frozen=True)
class Answer:
    """What a network says of the test songs.

    probabilities : (test songs, 4). audio_weight : (test songs,) attention to the audio, or None.
    with_strange_text, with_strange_audio : (EXCHANGES, test songs, 4), probabilities when one modality is another test
        song's; fused networks only.
    curves, notes : for the record.
    """

    probabilities: np.ndarray
    audio_weight: np.ndarray | None = None
    with_strange_text: np.ndarray | None = None
    with_strange_audio: np.ndarray | None = None
    curves: dict = field(default_factory=dict)
    notes: dict = field(default_factory=dict)


def train(variant: str, inputs: Inputs, split: Split, config: TrainingConfig, seed: int, device: str) -> Answer:
    """Build one variant, train it on the training songs, answer for the test songs.

    Raises
    ------
    TrainingDiverged
        If the loss is no longer a number.
    """
    import torch
    from scipy.special import softmax

    from mer_repro import metrics, training
    from mer_repro.papers.gujar2026 import model

    training.seed_everything(seed)
    network = build(variant, inputs)
    strange = _strange_text(variant, len(inputs.mood), split, seed)
    modality = network.config.modality

    def part(rows: np.ndarray) -> training.Examples:
        return inputs.examples(rows, modality, None if strange is None else strange[rows], variant in ENCODER_RATE)

    trained, loss = network, torch.nn.functional.cross_entropy
    if variant == "attention_consistency":
        trained, loss = model.WithConsistency(network), model.ConsistencyLoss(CONSISTENCY_WEIGHT)
    scores = {"macro_f1": lambda y, said: metrics.macro_f1(y, said[:, : len(model.MOODS)].argmax(axis=1), 4)}
    fit = training.fit(
        trained, part(split.train), part(split.validation), config, loss, seed=seed, device=device, metrics=scores
    )
    notes = fit.notes | {
        "weights": sum(weight.numel() for weight in network.parameters() if weight.requires_grad),
        "encoder": inputs.encoder if modality != "audio" else "",
    }

    def answer(examples: training.Examples) -> np.ndarray:
        said = training.predict(network, examples, batch_size=256, device=device, precision=fit.precision)
        return softmax(said, axis=1)

    probabilities = answer(part(split.test))
    if modality != "both":
        return Answer(probabilities, curves=fit.curves, notes=notes)
    generator = np.random.default_rng(seed)
    others = [generator.permutation(split.test) for _ in range(EXCHANGES)]
    words_lent = [answer(inputs.examples(split.test, modality, other)) for other in others]
    audio_lent = [answer(inputs.examples(other, modality, split.test)) for other in others]
    weight = _audio_weight(network, part(split.test), device)
    return Answer(probabilities, weight, np.stack(words_lent), np.stack(audio_lent), fit.curves, notes)


def build(variant: str, inputs: Inputs):
    """The untrained network of a variant, sized for these inputs."""
    from mer_repro.papers.gujar2026 import model

    readings = dict((FUSED | SINGLE)[variant])
    crnn = model.CRNNConfig(**readings.pop("crnn", {}))
    config = model.FusionConfig(**readings)
    audio = text = None
    if config.modality != "text":
        spectrograms = inputs.audio.ndim == 3
        audio = model.AudioCRNN(crnn) if spectrograms else model.DescriptorBranch(inputs.audio.shape[1])
    if config.modality != "audio":
        text = model.TextBranch(inputs.tfidf.shape[1], inputs.word_vectors, inputs.sentence.shape[1])
        if variant in ENCODER_RATE:
            text.train_along(pretrained(ENCODER_RATE[variant]))
    return model.MoodNetwork(audio, text, config)


def pretrained(rate: float):
    """The packaged sentence encoder as a part of a network, to be trained at `rate` times the network's rate."""
    from mer_repro.features import text
    from mer_repro.papers.gujar2026 import model

    return model.ClsEncoder(model.slowed(text.load_encoder(), rate))


def _strange_text(variant: str, n_songs: int, split: Split, seed: int) -> np.ndarray | None:
    """For each song the song whose words it gets, in the same part of the split; None for its own."""
    if variant != "attention_shuffled_text":
        return None
    strange, generator = np.arange(n_songs), np.random.default_rng(seed)
    for rows in (split.train, split.validation, split.test):
        strange[rows] = generator.permutation(rows)
    return strange


def _audio_weight(network, examples, device: str) -> np.ndarray | None:
    import torch

    with torch.inference_mode():
        weight = network.explain(*(part.to(device) for part in examples.inputs)).audio_weight
    return None if weight is None else weight.cpu().numpy()
