"""Every network of every paper forward and backward on PyTorch's ``meta`` device.

A meta tensor has a shape and no content, so a network that makes a tensor on the wrong device, or reads a value and
so makes a GPU wait, fails here as it would fail or stall on a GPU, though no GPU is at hand.
"""

from itertools import product

import pytest
import torch
from torch import nn

from mer_repro.papers.abadeh2024 import model as abadeh
from mer_repro.papers.abadeh2024 import networks as abadeh_networks
from mer_repro.papers.bai2026 import model as bai
from mer_repro.papers.bai2026 import networks as bai_networks
from mer_repro.papers.bath2025 import model as bath
from mer_repro.papers.gujar2026 import model as gujar
from mer_repro.papers.gujar2026 import networks as gujar_networks
from mer_repro.papers.qiu2025 import folds
from mer_repro.papers.qiu2025 import model as qiu

BATCH, STEPS = 4, 26


class TokenStates(nn.Module):
    """Stands for a BERT: an embedding of token ids, under the names that `transformers` has."""

    def __init__(self, dimension):
        super().__init__()
        self.embedding = nn.Embedding(30, dimension)

    def forward(self, input_ids, attention_mask):
        states = self.embedding(input_ids) * attention_mask.unsqueeze(-1)
        return type("Output", (), {"last_hidden_state": states})()


def qiu_cases():
    windows = (torch.randn(BATCH, STEPS, 12),)
    for name, settings in folds.PAPER_NETWORKS.items():
        yield f"qiu2025 {name}", lambda s=settings: qiu.PaperNetwork(qiu.PaperConfig(12, **s)), windows
    for form, padding in product((qiu.CodeNetwork, qiu.CodeBiLSTM, qiu.CodeCNN), ("released", "repaired")):
        config = qiu.CodeConfig(12, padding=padding)
        yield f"qiu2025 {form.__name__} {padding}", lambda f=form, c=config: f(c), windows
    yield "qiu2025 tpa_bilstm", lambda: qiu.TPALSTM(qiu.TPAConfig(12)), windows


def abadeh_cases():
    vectors = torch.randn(30, 20)
    for variant, recipe in abadeh_networks.RECIPES.items():
        config = abadeh.Config(text=20, **recipe.config)
        shape = (BATCH, STEPS)
        given = [torch.randint(high, shape) for high in (30, config.genres, config.times_of_day)]
        given += [torch.ones(BATCH)] + [-torch.rand(shape)] * config.stress
        kind = abadeh.Seq2Seq if recipe.seq2seq else abadeh.NextGenre
        lengths = torch.arange(STEPS - BATCH, STEPS)
        yield f"abadeh2024 {variant}", lambda k=kind, c=config: k(c, vectors), (lengths, *given)
        if not recipe.seq2seq:
            yield f"abadeh2024 {variant}, every step", lambda c=config: EveryStep(abadeh.NextGenre(c, vectors)), given


class EveryStep(nn.Module):
    """What abadeh2024's networks are trained as."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, *listens):
        return self.network.at_every_step(*listens)


def bai_cases():
    songs, texts = torch.randint(0, 11, (BATCH, STEPS)), torch.randn(11, 20)
    sizes = {"embedding": 8, "hidden": 8, "blocks": 2, "attention": 6, "joint": 8, "lstm_layers": 2}
    for variant, settings in bai_networks.TCN_LM.items():
        vectors = None if settings.get("fusion") == "none" else texts
        config = bai.TCNLMConfig(10, **sizes, **settings)
        yield f"bai2026 {variant}", lambda c=config, v=vectors: bai.TCNLM(c, v), (songs,)
    yield "bai2026 lstm_audio", lambda: bai.LSTMAudio(10), (songs,)
    yield "bai2026 bert_text", lambda: bai.BERTText(texts), (songs,)
    yield "bai2026 early_fusion", lambda: bai.EarlyFusion(bai.LSTMAudio(10), bai.BERTText(texts)), (songs,)


def bath_cases():
    mel, described, vector = torch.randn(BATCH, 16, 16), torch.randn(BATCH, 9), torch.randn(BATCH, 20)
    for number, configuration in bath.CONFIGURATIONS.items():
        encoder = TokenStates if configuration.unfrozen else lambda dimension: None
        lyrics = torch.randint(1, 30, (BATCH, 7)) if configuration.unfrozen else vector
        for descriptors, heard in ((None, mel), (9, described)):
            yield (
                f"bath2025 model {number}, {'descriptors' if descriptors else 'sound'}",
                lambda n=number, e=encoder, d=descriptors: bath.build(
                    n, lyric_dimension=20, encoder=e(20), descriptors=d
                ),
                (heard, lyrics),
            )
    for modality, given in (("audio", mel), ("lyrics", vector)):
        yield f"bath2025 {modality}", lambda m=modality: bath.build(2, m, lyric_dimension=20), (given,)
    yield "bath2025 congruence", lambda: bath.CongruenceNetwork(9, 20), (described, vector)


def gujar_cases():
    mel, described = torch.randn(BATCH, 16, 16), torch.randn(BATCH, 9)
    text = (torch.randn(BATCH, 15), torch.randint(0, 11, (BATCH, 6)), torch.randn(BATCH, 20))
    vectors = torch.randn(11, 300)
    for variant, readings in (gujar_networks.FUSED | gujar_networks.SINGLE).items():
        readings = dict(readings)
        crnn = gujar.CRNNConfig(bands=16, **readings.pop("crnn", {}))
        config = gujar.FusionConfig(**readings)
        for name, heard in (("sound", mel), ("descriptors", described)):

            def build(config=config, crnn=crnn, sound=name == "sound"):
                audio = gujar.AudioCRNN(crnn) if sound else gujar.DescriptorBranch(9)
                parts = {"audio": (audio, None), "text": (None, gujar.TextBranch(15, vectors, 20))}
                both = (audio, gujar.TextBranch(15, vectors, 20))
                return gujar.MoodNetwork(*parts.get(config.modality, both), config)

            given = {"audio": (heard,), "text": text}.get(config.modality, (heard, *text))
            yield f"gujar2026 {variant}, {name}", build, given
    consistent = gujar.MoodNetwork(gujar.DescriptorBranch(9), gujar.TextBranch(15, vectors, 20))
    yield "gujar2026 with consistency", lambda: gujar.WithConsistency(consistent), (described, *text)
    yield "gujar2026 CLS", lambda: gujar.ClsEncoder(TokenStates(20)), (torch.randint(1, 30, (BATCH, 7)),)


CASES = [*qiu_cases(), *abadeh_cases(), *bai_cases(), *bath_cases(), *gujar_cases()]


@pytest.mark.parametrize(("build", "inputs"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_no_tensor_is_made_on_the_wrong_device(build, inputs, monkeypatch):
    network = build().train()
    here = network(*inputs)
    network.to("meta", memory_format=torch.channels_last)
    if isinstance(network, abadeh.Seq2Seq):
        # Packing needs the lengths on the processor whatever the device, and unpacking the order; meta has neither.
        asked = iter((inputs[0], torch.arange(BATCH)))
        monkeypatch.setattr(torch.Tensor, "cpu", lambda tensor: next(asked))
    there = network(*(tensor.to("meta") for tensor in inputs))
    assert there.device.type == "meta" and there.shape == here.shape and there.dtype == here.dtype
    there.sum().backward()
    trained = [weight for weight in network.parameters() if weight.grad is not None]
    assert trained and all(weight.grad.device.type == "meta" for weight in trained)
