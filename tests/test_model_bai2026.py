"""bai2026's networks: weights counted by hand, causality, receptive field, padding, attention, the rivals."""

import numpy as np
import pytest
import torch

from mer_repro.papers.bai2026.model import (
    TCNLM,
    BERTText,
    CrossModalAttention,
    EarlyFusion,
    LSTMAudio,
    TCNLMConfig,
    late_fusion_weight,
)

N_SONGS = 50
TEXT = torch.randn(N_SONGS + 1, 768, generator=torch.Generator().manual_seed(1))


def n_weights(module):
    return sum(weight.numel() for weight in module.parameters())


def linear(inputs, outputs):
    return (inputs + 1) * outputs


def lstm(inputs, hidden, layers):
    return sum(4 * hidden * (n + hidden + 2) for n in [inputs] + [hidden] * (layers - 1))


def songs(batch=3, time=100):
    return torch.randint(1, N_SONGS + 1, (batch, time), generator=torch.Generator().manual_seed(0))


def network(**options):
    torch.manual_seed(0)
    text = None if options.get("fusion") == "none" else TEXT
    return TCNLM(TCNLMConfig(N_SONGS, **options), text).eval()


TCN = 8 * (3 * 128 * 128 + 128)
ATTENTION = linear(128, 256) + 2 * linear(768, 256)


@pytest.mark.parametrize(
    ("options", "temporal", "rest"),
    [
        ({}, TCN, ATTENTION + linear(128 + 256, 128)),
        ({"temporal": "lstm"}, lstm(128, 128, 8), ATTENTION + linear(128 + 256, 128)),
        ({"fusion": "none"}, TCN, linear(128, 128)),
        ({"fusion": "concatenation"}, TCN, linear(128 + 768, 128)),
        ({"query": "semantic"}, TCN, linear(768, 256) + 2 * linear(128, 256) + linear(768 + 256, 128)),
        ({"pooling": "attention"}, TCN, linear(128, 1) + ATTENTION + linear(128 + 256, 128)),
        ({"embedding": 64}, TCN - 3 * 64 * 128 + linear(64, 128), ATTENTION + linear(128 + 256, 128)),
    ],
)
def test_weights_counted_by_hand(options, temporal, rest):
    built = network(**options)
    embedding = (N_SONGS + 1) * options.get("embedding", 128)
    assert n_weights(built) == embedding + temporal + rest + linear(128, 3)
    assert built(songs()).shape == (3, 3)


def test_attention_has_more_weights_than_the_tcn_as_the_fidelity_table_says():
    assert (n_weights(network().attention), n_weights(network().temporal)) == (426_752, 394_240)


def temporal_output(built, x):
    return built.temporal(built.embedding(x))


@pytest.mark.parametrize("temporal", ["tcn", "lstm"])
def test_no_step_hears_the_future(temporal):
    built, x = network(temporal=temporal), songs(2)
    changed = x.clone()
    changed[:, 60:] = x[:, 60:] % N_SONGS + 1
    before, after = temporal_output(built, x), temporal_output(built, changed)
    torch.testing.assert_close(before[:, :60], after[:, :60])
    assert (before[:, 60:] - after[:, 60:]).abs().amax(dim=(0, 2)).min() > 0


@pytest.mark.parametrize(("dilation", "expected"), [("layer", 511), ("block", 61)])
def test_receptive_field_is_what_gradients_reach(dilation, expected):
    config = TCNLMConfig(N_SONGS, dilation=dilation)
    assert config.receptive_field == expected
    assert config.dilations[:4] == ((1, 2, 4, 8) if dilation == "layer" else (1, 1, 2, 2))
    built = network(dilation=dilation)
    # Inputs and weights above zero keep every ReLU open, so that no path to the past is closed by chance.
    for weight in built.temporal.parameters():
        torch.nn.init.constant_(weight, 0.01)
    x = torch.rand(1, 600, 128, requires_grad=True)
    built.temporal(x)[0, -1].sum().backward()
    heard = x.grad.abs().sum(dim=-1)[0].nonzero().flatten()
    assert heard.tolist() == list(range(600 - expected, 600))


@pytest.mark.parametrize("pooling", ["mean", "max", "attention"])
@pytest.mark.parametrize("options", [{}, {"temporal": "lstm"}, {"query": "semantic"}, {"fusion": "concatenation"}])
def test_padding_changes_nothing(options, pooling):
    built = network(pooling=pooling, **options)
    short = songs(2, 30)
    padded = torch.cat([short, torch.zeros(2, 70, dtype=torch.long)], dim=1)
    torch.testing.assert_close(built(padded), built(short))


def test_attention_is_equations_17_to_21_song_by_song():
    attention = CrossModalAttention(128, 768, 256)
    query, steps = torch.randn(128), TEXT[1:6]
    q = attention.query.weight @ query + attention.query.bias
    keys = [attention.key.weight @ step + attention.key.bias for step in steps]
    values = [attention.value.weight @ step + attention.value.bias for step in steps]
    alpha = torch.softmax(torch.stack([q @ key / 16 for key in keys]), dim=0)
    expected = sum(a * value for a, value in zip(alpha, values, strict=True))
    mask = torch.ones(1, 5, dtype=torch.bool)
    torch.testing.assert_close(attention.weights(query[None], attention.key(steps)[None], mask)[0], alpha)
    torch.testing.assert_close(attention(query[None], steps[None], mask)[0], expected)


def test_projecting_each_song_once_is_projecting_every_step():
    x = songs(2, 40)  # 80 steps of 50 songs in one call, 40 steps in each of the others
    torch.testing.assert_close(network()(x), torch.cat([network()(x[:1]), network()(x[1:])]))


def test_attention_weights_add_up_to_one_and_spare_the_padding():
    x = songs(2, 40)
    x[0, 25:] = 0
    weights = network().attention_weights(x)
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(2))
    assert not weights[0, 25:].any() and (weights[1] > 0).all()


def test_text_stays_frozen_and_out_of_checkpoints():
    built = network().train()
    built(songs()).logsumexp(dim=-1).sum().backward()
    assert not built.text.vectors.requires_grad
    assert not [name for name in built.state_dict() if "vectors" in name]
    assert all(weight.grad is not None for weight in built.parameters())


def test_tcn_without_language_model_takes_no_text():
    with pytest.raises(ValueError, match="fusion='none'"):
        TCNLM(TCNLMConfig(N_SONGS, fusion="none"), TEXT)
    with pytest.raises(ValueError, match="fusion='attention'"):
        TCNLM(TCNLMConfig(N_SONGS))


def test_rivals_weights_counted_by_hand_and_padding():
    audio = LSTMAudio(N_SONGS, TEXT[:, :20])
    assert n_weights(audio) == lstm(20, 128, 1) + linear(128, 3)
    assert n_weights(LSTMAudio(N_SONGS)) == (N_SONGS + 1) * 128 + lstm(128, 128, 1) + linear(128, 3)
    text = BERTText(TEXT)
    assert n_weights(text) == linear(768, 3)
    x = songs(2, 10)
    padded = torch.cat([x, torch.zeros(2, 5, dtype=torch.long)], dim=1)
    torch.testing.assert_close(audio.features(padded), audio.lstm(TEXT[:, :20][x])[1][0][0])
    torch.testing.assert_close(text.features(padded), TEXT[x].mean(dim=1))
    fused = EarlyFusion(audio, text)
    assert n_weights(fused) == lstm(20, 128, 1) + linear(128 + 768, 3)
    assert fused(padded).shape == (2, 3)


def test_late_fusion_weight_maximises_the_likelihood():
    """User 1: audio 0.8, text 0.4; user 2: 0.2 and 0.6. (0.4 + 0.4 w)(0.6 - 0.4 w) is largest at w = 1/4."""
    audio = np.array([[0.8, 0.2], [0.8, 0.2]])
    text = np.array([[0.4, 0.6], [0.4, 0.6]])
    assert late_fusion_weight(audio, text, np.array([0, 1])) == pytest.approx(0.25)
    assert late_fusion_weight(audio, text, np.array([0, 0])) == 1.0


def test_one_seed_gives_one_network_and_bfloat16_stays_close():
    one, other = network(), network()
    assert torch.equal(one(songs()), other(songs()))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = one(songs())
    torch.testing.assert_close(half.float(), other(songs()), atol=0.05, rtol=0.1)
