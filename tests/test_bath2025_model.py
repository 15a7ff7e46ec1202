"""bath2025's networks: every stated dimension, checked against the ledger; gates, losses and gradients by hand."""

import pytest
import torch
from torch import nn

from mer_repro.audit import ledger
from mer_repro.errors import ParameterError
from mer_repro.papers.bath2025 import model

STATED = {claim.id: claim.value for claim in ledger.load("bath2025").claims}


def parameters(*modules):
    return sum(weight.numel() for module in modules for weight in module.parameters())


@pytest.fixture(scope="module")
def stages():
    """Shapes after each block of Model 4 on one spectrogram of the paper's size."""
    network = model.build(4, "audio")
    tower, found = network.towers[0].eval(), []
    for block in tower.blocks:
        block.register_forward_hook(lambda _, __, maps: found.append(tuple(maps.shape)))
    bands, frames = int(STATED["text.tensor.bands"]), int(STATED["text.tensor.frames"])
    with torch.inference_mode():
        features = tower(torch.full((1, bands, frames), -40.0))
    return found, features


def test_model_4_has_the_stated_channels_on_the_stated_input(stages):
    maps, features = stages
    assert [shape[1] for shape in maps] == [int(STATED[f"text.block{n}.channels"]) for n in (1, 2, 3, 4)]
    # 128 x 1292 halved by three poolings, rounded down; block 4 ends in an average, not in a fourth pooling.
    assert [shape[2:] for shape in maps] == [(64, 646), (32, 323), (16, 161), (16, 161)]
    assert features.shape == (1, int(STATED["text.audio_tower_output"]))


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_convolutions_a_block_and_batch_norms_are_as_stated(number):
    tower = model.AudioTower(model.CONFIGURATIONS[number])
    each = {"two": 2}[STATED["text.block1.convolutions"]] if number == 4 else 1
    for block in tower.blocks:
        convolutions = [layer for layer in block if isinstance(layer, nn.Conv2d)]
        assert len(convolutions) == each
        assert all(f"{c.kernel_size[0]}x{c.kernel_size[1]}" == STATED["text.block1.kernel"] for c in convolutions)
        assert sum(isinstance(layer, nn.BatchNorm2d) for layer in block) == (each if number > 1 else 0)
        assert sum(isinstance(layer, nn.ReLU) for layer in block) == each


def test_classifier_and_gates_have_the_stated_widths():
    narrow = int(STATED["text.model3.attention_bottleneck"])
    wide = int(STATED["text.model3.attention_input"])
    assert [(layer.in_features, layer.out_features) for layer in model.Gate(wide).weigh[::2]] == [
        (wide, narrow),
        (narrow, wide),
    ]
    linear = [layer for layer in model.AudioTower(model.CONFIGURATIONS[4]).classifier if isinstance(layer, nn.Linear)]
    assert [linear[0].in_features, linear[0].out_features, linear[1].out_features] == [
        int(STATED[f"text.classifier.{name}"]) for name in ("input", "hidden", "output")
    ]
    drops = [layer.p for layer in model.AudioTower(model.CONFIGURATIONS[4]).classifier if isinstance(layer, nn.Dropout)]
    assert drops == [0.5, 0.5]


def test_number_of_weights_counted_by_hand():
    # conv: 9 * in * out + out; batch norm: 2 * out; linear: in * out + out; gate 64-16-64
    light = sum(9 * i * o + o for i, o in ((1, 64), (64, 128), (128, 256), (256, 512)))
    true = sum(9 * i * o + o for i, o in ((1, 64), (64, 64), (64, 128), (128, 128), (128, 256), (256, 256)))
    true += sum(9 * i * o + o for i, o in ((256, 512), (512, 512)))
    classifier = 512 * 256 + 256 + 256 * 64 + 64
    norms = 2 * (64 + 128 + 256 + 512)
    gate_64, gate_256 = 64 * 16 + 16 + 16 * 64 + 64, 256 * 64 + 64 + 64 * 256 + 256
    counted = {
        1: light + classifier,
        2: light + classifier + norms,
        3: light + classifier + norms + gate_64,
        4: true + classifier + 2 * norms + gate_256,
    }
    for number, expected in counted.items():
        assert parameters(model.AudioTower(model.CONFIGURATIONS[number])) == expected


def test_a_gate_weighs_each_feature_between_nought_and_one():
    gate = model.Gate(64)
    features = torch.randn(5, 64)
    ratio = gate(features) / features
    assert (ratio > 0).all() and (ratio < 1).all()
    with torch.no_grad():
        gate.weigh[2].weight.zero_()
        gate.weigh[2].bias.zero_()
    torch.testing.assert_close(gate(features), features / 2)  # sigmoid(0)


@pytest.mark.parametrize("number", [1, 2, 3, 4])
@pytest.mark.parametrize("modality", model.MODALITIES)
def test_every_modality_learns_in_every_weight(number, modality):
    torch.manual_seed(0)
    network = model.build(number, modality, lyric_dimension=12)
    given = {"audio": torch.randn(4, 128, 20) * 10 - 40, "lyrics": torch.randn(4, 12)}
    inputs = list(given.values()) if modality == "bimodal" else [given[modality]]
    output = network(*inputs)
    assert output.shape == (4, 2)
    output.square().mean().backward()
    assert all(weight.grad is not None for weight in network.parameters())


class Encoder(nn.Module):
    """A stand-in for a Hugging Face encoder: token ids to states that are the ids."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, input_ids, attention_mask):
        class Output:
            last_hidden_state = self.scale * input_ids[..., None].float().expand(-1, -1, 3)

        return Output


def test_model_5_trains_its_encoder_and_averages_real_tokens_only():
    network = model.build(5, "lyrics", lyric_dimension=3, encoder=Encoder()).eval()
    seen = []
    network.towers[0].project.register_forward_hook(lambda _, given, __: seen.append(given[0]))
    network(torch.tensor([[2, 4, 0, 0], [1, 1, 1, 5]])).sum().backward()
    torch.testing.assert_close(seen[0], torch.tensor([[3.0] * 3, [2.0] * 3]))
    assert network.towers[0].encoder.scale.grad is not None


def test_what_cannot_be_built_says_why():
    with pytest.raises(ParameterError, match="no Model 6"):
        model.build(6)
    with pytest.raises(ParameterError, match="trains its lyric encoder"):
        model.build(5)
    with pytest.raises(ParameterError, match="keeps its encoder frozen"):
        model.build(2, encoder=Encoder())
    with pytest.raises(ParameterError, match="'audoi'"):
        model.build(2, "audoi")
    with pytest.raises(ParameterError, match="at least 16 frames"):
        model.build(2, "audio")(torch.zeros(2, 128, 15))


def test_contrastive_loss_by_hand():
    distance = torch.tensor([[0.5], [0.5], [2.0], [0.0]])
    together = torch.tensor([[1.0], [0.0], [0.0], [0.0]])
    # 0.5 * 0.25; 0.5 * (1 - 0.5)^2; beyond the margin nothing; 0.5 * 1
    assert model.contrastive_loss(distance, together).item() == pytest.approx((0.125 + 0.125 + 0 + 0.5) / 4)


def test_congruence_is_a_distance_between_unit_vectors_and_has_a_gradient_where_they_meet():
    network = model.CongruenceNetwork(8, 8).eval()
    network.lyrics.load_state_dict(network.audio.state_dict())
    given = torch.randn(6, 8)
    met = network(given, given)
    assert met.shape == (6, 1) and met.max() < 1e-4
    met.sum().backward()
    assert all(torch.isfinite(weight.grad).all() for weight in network.parameters())
    apart = network(torch.randn(50, 8), torch.randn(50, 8))
    assert apart.min() >= 0 and apart.max() <= 2


def test_the_fidelity_list_quotes_the_ledger():
    for detail in model.FIDELITY:
        for claim in detail.claims:
            assert STATED[claim].strip() in detail.stated, detail.detail


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_descriptors_stand_in_for_the_512_features_of_block_4(number):
    network = model.build(number, "audio", descriptors=130)
    spectrogram = model.build(number, "audio")
    assert network(torch.zeros(3, 130)).shape == (3, 2)
    # the same layers but for the width of the first one and the convolutions
    lost = parameters(spectrogram.towers[0].blocks) + (512 - 130) * model.HIDDEN
    assert parameters(network) == parameters(spectrogram) - lost
