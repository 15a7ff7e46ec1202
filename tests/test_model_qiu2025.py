"""qiu2025's networks: weights counted by hand, what each layer sees, what cannot learn; the composite score."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from mer_repro.papers.qiu2025 import entropy_weight
from mer_repro.papers.qiu2025.model import (
    CODE_KERNELS,
    TPALSTM,
    CodeBiLSTM,
    CodeCNN,
    CodeConfig,
    CodeNetwork,
    FeatureConvolution,
    PaperConfig,
    PaperNetwork,
    SameMaxPool,
    SelfAttention,
    TPAConfig,
)

FEATURES = 12


def n_weights(module):
    return sum(weight.numel() for weight in module.parameters())


def windows(batch=4, steps=26, features=FEATURES):
    return torch.randn(batch, steps, features, generator=torch.Generator().manual_seed(0))


def lstm_weights(inputs, hidden, directions=2, biases=2):
    return directions * 4 * hidden * (inputs + hidden + biases)


def linear(inputs, outputs):
    return (inputs + 1) * outputs


# The paper's form


def paper_count(config):
    """By hand: per level the scales, the transition and the skip; BiLSTM; fully connected, attention, output."""
    total, size = 0, config.features
    if config.cnn:
        for _ in range(4):
            total += sum(size * 32 * kernel + 2 * 32 for kernel in (1, 3, 5))  # convolution without bias, batch norm
            total += 96 * 64 + 2 * 64
            total += linear(size, 64) if size != 64 else 0
            size = 64
    if config.bilstm:
        total += lstm_weights(size, 128)
        size = 256
    if config.attention in ("multi_head", "both"):
        total += 4 * linear(size, size)
    total += linear(size, 64)
    if config.attention in ("features", "both"):
        total += 2 * linear(64, 64)
    return total + (0 if config.output == "expected_score" else linear(64, 1))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"cnn": False},
        {"bilstm": False},
        {"cnn": False, "bilstm": False},
        {"attention": "none"},
        {"attention": "both"},
        {"attention": "multi_head", "bilstm": False},
        {"output": "expected_score"},
    ],
)
def test_paper_form_has_the_weights_counted_by_hand_and_serves_every_lag_order(options):
    config = PaperConfig(FEATURES, **options)
    network = PaperNetwork(config)
    assert n_weights(network) == paper_count(config)
    for steps in (1, 25, 29):  # figure 7: lag orders from 1 to 29, best 25
        assert network(windows(steps=steps)).shape == (4,)


def test_softmax_over_one_output_is_one_and_learns_nothing():
    network = PaperNetwork(PaperConfig(FEATURES, output="softmax"))
    predicted = network(windows())
    assert torch.equal(predicted, torch.ones(4))
    predicted.sum().backward()
    assert all(weight.grad is None or not weight.grad.any() for weight in network.parameters())


def test_expected_score_stays_within_the_scores_and_learns():
    network = PaperNetwork(PaperConfig(FEATURES, output="expected_score", score_range=(-1.0, 1.0)))
    predicted = network(windows())
    assert predicted.abs().max() < 1
    predicted.sum().backward()
    assert network.fully_connected.weight.grad.abs().sum() > 0


def test_convolutions_of_the_paper_form_reach_eight_frames_to_each_side():
    """Four levels whose widest kernel is 5: 4 * (5 - 1) / 2 = 8 frames to each side of a frame."""
    levels = PaperNetwork(PaperConfig(FEATURES)).eval().cnn.levels
    x = windows(1, 41).transpose(1, 2).requires_grad_()
    levels(x)[0, :, 20].sum().backward()
    heard = x.grad.abs().sum(dim=(0, 1)).nonzero().flatten()
    assert heard.min() >= 12 and heard.max() <= 28
    assert {12, 28} <= set(heard.tolist())


def test_noise_is_added_in_training_alone():
    network = PaperNetwork(PaperConfig(FEATURES, noise=0.5))
    ones = torch.ones(200, 100, 1)
    torch.manual_seed(0)
    assert network.noise(ones).std().item() == pytest.approx(0.5, rel=0.05)
    assert torch.equal(network.eval().noise(ones), ones)


# The code's form


@pytest.mark.parametrize("kernel", [1, 5, 6, 10, 15])
@pytest.mark.parametrize("dilation", [1, 2, 4])
def test_feature_convolution_is_the_padded_2d_convolution_over_a_column(kernel, dilation):
    """Against a true k x k convolution, padded as MATLAB documents: the odd one goes to the bottom and the right."""
    ours = FeatureConvolution(3, 2, kernel, dilation, "released")
    nn.init.normal_(ours.bias)
    square = nn.Conv2d(3, 2, kernel, dilation=dilation)
    total = dilation * (kernel - 1)
    before, after = total // 2, total - total // 2
    with torch.no_grad():
        square.bias.copy_(ours.bias)
        if ours.sees_input:
            square.weight[:, :, :, before // dilation] = ours.weight
    x = windows(5, 3, 40)
    image = nn.functional.pad(x.unsqueeze(-1), (before, after, before, after))
    torch.testing.assert_close(ours(x), square(image).squeeze(-1))
    assert ours.sees_input == (kernel % 2 == 1 or dilation == 1)


@pytest.mark.parametrize("kernel", [5, 6])
def test_max_pool_keeps_the_length_and_ignores_the_padding(kernel):
    x = -windows(2, 3, 9).abs()
    pooled = SameMaxPool(kernel)(x)
    left = (kernel - 1) // 2
    expected = [x[..., max(0, i - left) : i - left + kernel].amax(-1) for i in range(9)]
    assert torch.equal(pooled, torch.stack(expected, dim=-1))


def convolution(config, inputs, kernel, dilation):
    """By hand, from DSelfAttention.m: what a convolution that sees nothing has is its bias."""
    sees = config.padding == "repaired" or kernel % 2 == 1 or dilation == 1
    return 20 + (inputs * 20 * kernel if sees else 0)


def branches_count(config, inputs, dilations):
    first, second = config.kernels
    norms = 4 * 2 * 20  # two batch norms, two layer norms
    return 2 * convolution(config, inputs, first, dilations[0]) + convolution(config, 20, second, dilations[1]) + norms


def code_count(config):
    blocks = sum(branches_count(config, n, (d, d)) for n, d in ((1, 1), (40, 2), (40, 4)))
    skip = linear(1, 40)  # of the first block
    lstm = lstm_weights(40 * config.features, 100) + lstm_weights(200, 100)
    return blocks + skip + lstm + 3 * linear(200, 6) + linear(6, 200) + linear(200, 1)


@pytest.mark.parametrize("target", ["arousal", "valence"])
@pytest.mark.parametrize("padding", ["released", "repaired"])
def test_code_forms_have_the_weights_counted_by_hand(target, padding):
    config = CodeConfig(FEATURES, kernels=CODE_KERNELS[target], padding=padding)
    counts = {
        CodeNetwork: code_count(config),
        CodeBiLSTM: lstm_weights(FEATURES, 50) + lstm_weights(100, 50) + linear(100, 1),
        CodeCNN: branches_count(config, 1, (1, 2)) + linear(40 * 26 * FEATURES, 1),
    }
    for form, count in counts.items():
        network = form(config)
        assert n_weights(network) == count
        predicted = network(windows())
        assert predicted.shape == (4,) and predicted.abs().max() < 1


def test_released_arousal_blocks_two_and_three_add_a_constant():
    network = CodeNetwork(CodeConfig(41)).eval()
    first = network.blocks[0](windows(6, 1, 41))
    for block in (1, 2):
        added = network.blocks[block](first) - first
        torch.testing.assert_close(added, added[:1].expand_as(added), atol=1e-5, rtol=0)
    repaired = CodeNetwork(CodeConfig(41, padding="repaired")).eval()
    first = repaired.blocks[0](windows(6, 1, 41))
    assert (repaired.blocks[1](first) - first).std(dim=0).mean() > 0.01


def test_no_convolution_of_the_code_mixes_frames():
    network = CodeNetwork(CodeConfig(FEATURES)).eval()
    x = windows(2)
    changed = x.clone()
    changed[:, 13] += 1
    one, other = (network.blocks(frames.flatten(0, 1).unsqueeze(1)).unflatten(0, (2, 26)) for frames in (x, changed))
    moved = (one - other).abs().amax(dim=(0, 2, 3)).nonzero().flatten()
    assert moved.tolist() == [13]


def test_the_flattened_window_is_read_frame_by_frame():
    network = CodeCNN(CodeConfig(FEATURES)).eval()
    x = windows(1)
    changed = x.clone()
    changed[0, 13, 0] += 1
    branches = [network.branches(frames.flatten(1).unsqueeze(1)) for frames in (x, changed)]
    # Of the branch without layer norm; kernel 10 and pooling 5 reach 4 + 5 and 2 positions.
    moved = (branches[0] - branches[1])[0, :20].abs().amax(dim=0).nonzero().flatten()
    assert moved.min() >= 13 * FEATURES - 7 and moved.max() <= 13 * FEATURES + 7


def test_noise_follows_the_spread_of_each_input():
    noise = PaperNetwork(PaperConfig(2, noise=0.5), np.array([1.0, 0.1], dtype=np.float32)).noise
    torch.manual_seed(0)
    heard = noise(torch.zeros(400, 100, 2)).flatten(0, 1).std(dim=0)
    assert heard.tolist() == pytest.approx([0.5, 0.05], rel=0.05)


def test_self_attention_of_the_code_is_linear_and_its_queries_and_keys_never_learn():
    network = CodeNetwork(CodeConfig(FEATURES))
    network(windows()).square().sum().backward()
    for layer in (network.attention.query, network.attention.key):
        assert not layer.weight.grad.any() and not layer.bias.grad.any()
    assert network.attention.value.weight.grad.any()
    x = windows(5, 1, 200)
    torch.testing.assert_close(network.attention(x), network.attention.merge(network.attention.value(x)))


def test_self_attention_equals_pytorchs_with_the_same_weights():
    ours, theirs = SelfAttention(12, 3, 12), nn.MultiheadAttention(12, 3, batch_first=True)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([ours.query.weight, ours.key.weight, ours.value.weight]))
        theirs.in_proj_bias.copy_(torch.cat([ours.query.bias, ours.key.bias, ours.value.bias]))
        theirs.out_proj.load_state_dict(ours.merge.state_dict())
    x = windows(4, 7, 12)
    torch.testing.assert_close(ours(x), theirs(x, x, x)[0])


def test_bilstm_starts_as_matlabs():
    lstm = CodeNetwork(CodeConfig(FEATURES)).bilstm.lstm
    weights = dict(lstm.named_parameters())
    assert torch.equal(weights["bias_ih_l0"], torch.cat([torch.zeros(100), torch.ones(100), torch.zeros(200)]))
    assert not weights["bias_hh_l1_reverse"].any() and not weights["bias_hh_l1_reverse"].requires_grad
    recurrent = weights["weight_hh_l1"]
    torch.testing.assert_close(recurrent.T @ recurrent, torch.eye(100), atol=1e-4, rtol=0)
    assert weights["weight_ih_l0"].abs().max() <= math.sqrt(6 / (40 * FEATURES + 800))


# Temporal pattern attention


def test_tpa_lstm_follows_its_equations_one_hidden_dimension_at_a_time():
    network = TPALSTM(TPAConfig(FEATURES, steps=10, hidden=5, filters=3, bidirectional=False))
    assert n_weights(network) == lstm_weights(FEATURES, 5, directions=1) + 9 * 3 + 5 * 3 + 25 + 15 + 6
    x = windows(2, 10)
    states, _ = network.lstm(x)
    for item, prediction in enumerate(network(x)):
        last = states[item, -1]
        context = torch.zeros(3)
        for dimension in range(5):
            pattern = torch.stack([states[item, :-1, dimension] @ kernel for kernel in network.patterns.weight])
            context += torch.sigmoid(pattern @ network.match.weight @ last) * pattern
        merged = network.from_state.weight @ last + network.from_context.weight @ context
        torch.testing.assert_close(prediction, (network.value.weight @ merged + network.value.bias).squeeze())


def test_tpa_lstm_refuses_a_single_step():
    with pytest.raises(ValueError, match="at least 2 steps, found 1"):
        TPALSTM(TPAConfig(FEATURES, steps=1))


@pytest.mark.parametrize(
    ("network", "config"),
    [(PaperNetwork, PaperConfig(FEATURES)), (CodeNetwork, CodeConfig(FEATURES)), (TPALSTM, TPAConfig(FEATURES, 26))],
)
def test_one_seed_gives_one_network_and_bfloat16_stays_close(network, config):
    torch.manual_seed(1)
    one = network(config).eval()
    torch.manual_seed(1)
    other = network(config).eval()
    assert torch.equal(one(windows()), other(windows()))
    # Not every processor has oneDNN's LSTM in bfloat16; PyTorch's own runs on all.
    with torch.backends.mkldnn.flags(enabled=False), torch.autocast("cpu", dtype=torch.bfloat16):
        half = one(windows())
    torch.testing.assert_close(half.float(), other(windows()), atol=0.05, rtol=0.1)


# The composite score


def test_composite_score_by_hand():
    """Three samples, an R2 and an error; z = (0, 1/2, 1) for both. Shares (0, 1/3, 2/3), entropy ln 3 - 2/3 ln 2."""
    scores = np.array([[0.5, 0.30], [0.6, 0.20], [0.7, 0.10]])
    higher = np.array([True, False])
    z = entropy_weight.normalise(scores, higher)
    np.testing.assert_allclose(z, [[0, 0], [0.5, 0.5], [1, 1]])
    np.testing.assert_allclose(entropy_weight.entropy(z), [math.log(3) - 2 / 3 * math.log(2)] * 2)
    np.testing.assert_allclose(entropy_weight.composite_scores(scores, higher, use="normalised"), [0, 0.5, 1])

    shares = np.array([[5 / 18, 3 / 6], [6 / 18, 2 / 6], [7 / 18, 1 / 6]])
    utility = 1 + (shares * np.log(shares)).sum(axis=0) / math.log(3)
    expected = scores @ (utility / utility.sum())
    printed = entropy_weight.composite_scores(scores, higher, use="printed")
    np.testing.assert_allclose(printed, expected)
    assert printed[0] > printed[2]  # as printed, large errors make a good score


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ([[1.0, 2.0], [1.0, 3.0]], r"Indicators \[0\] do not vary"),
        ([[1.0, math.nan]], "finite"),
        ([1.0, 2.0], r"\(samples, indicators\), found shape \(2,\)"),
    ],
)
def test_scores_without_a_composite_are_refused(scores, message):
    with pytest.raises(ValueError, match=message):
        entropy_weight.composite_scores(scores, [True, True], use="normalised")


def test_equations_as_printed_are_undefined_for_a_negative_r2_and_for_one_sample():
    with pytest.raises(ValueError, match="negative"):
        entropy_weight.composite_scores([[-0.1], [0.5]], [True], use="printed")
    with pytest.raises(ValueError, match="at least two"):
        entropy_weight.composite_scores([[0.5]], [True], use="printed")


@pytest.mark.parametrize(("last", "reads"), [("at_last_frame", 1), ("of_each_direction", 6)])
def test_the_backward_half_of_tpas_last_state_has_read_one_frame_or_all(last, reads):
    torch.manual_seed(0)
    network = TPALSTM(TPAConfig(features=3, steps=6, hidden=4, filters=2, last=last))
    with torch.no_grad():  # what comes out is the backward half of the last state alone
        network.patterns.weight.zero_()
        network.from_state.weight.copy_(torch.diag(torch.tensor([0.0] * 4 + [1.0] * 4)))
    x = torch.randn(2, 6, 3, requires_grad=True)
    network(x).sum().backward()
    assert (x.grad.abs().sum(dim=(0, 2)) > 0).sum() == reads
