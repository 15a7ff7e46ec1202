"""abadeh2024's networks: the stated widths, weights counted by hand, padding, attention, the decoder."""

import pytest
import torch

from mer_repro.papers.abadeh2024.model import Config, NextGenre, Seq2Seq, StepVectors

TRACKS = torch.randn(40, 768, generator=torch.Generator().manual_seed(1))
GATES = {"lstm": 4, "gru": 3}


def n_weights(module):
    return sum(weight.numel() for weight in module.parameters())


def linear(inputs, outputs):
    return (inputs + 1) * outputs


def recurrent(cell, inputs, layers=2, hidden=128):
    return sum(GATES[cell] * hidden * (n + hidden + 2) for n in [inputs] + [hidden] * (layers - 1))


def listens(config, batch=4, time=7):
    """lengths, track, genre, time of day, group and, where the configuration has it, stress."""
    random = torch.Generator().manual_seed(0)

    def draw(high, *shape):
        return torch.randint(0, high, shape, generator=random)

    parts = [draw(40, batch, time), draw(6, batch, time), draw(4, batch, time), draw(2, batch)]
    stress = [-1.0 - draw(5, batch, time)] if config.stress else []
    return [torch.tensor([time, 1, 3, 5])[:batch], *parts, *stress]


@pytest.mark.parametrize(
    ("options", "width"),
    [
        ({}, 779),  # section IV.B, with table IV's six classes
        ({"classes": 4}, 779),
        ({"classes": 3, "stress": True}, 780),  # "concatenating it with the existing embedding vector"
        ({"genres": 4}, 777),  # were a step one-hot over the four classes of table V
        ({"genres": 3, "stress": True}, 777),
        ({"group": False}, 778),
    ],
)
def test_step_vector_has_the_stated_width_where_six_genres_are_encoded(options, width):
    config = Config(**options)
    _, track, genre, *rest = listens(config)
    vectors = StepVectors(config, TRACKS)(track, genre % config.genres, *rest)
    assert config.step_width == width == vectors.shape[-1]


def test_step_vector_holds_what_the_listen_was():
    config = Config(stress=True)
    one = torch.tensor([[5]]), torch.tensor([[2]]), torch.tensor([[3]]), torch.tensor([1]), torch.tensor([[-2.5]])
    vector = StepVectors(config, TRACKS)(*one)[0, 0]
    assert torch.equal(vector[:768], TRACKS[5])
    assert vector[768:].tolist() == [*(0, 0, 1, 0, 0, 0), *(0, 0, 0, 1), 1, -2.5]


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("classes", [6, 4, 3])
@pytest.mark.parametrize("more", [False, True])
def test_weights_counted_by_hand_in_every_configuration(cell, classes, more):
    config = Config(classes=classes, cell=cell, attention=more, stress=more)
    given = listens(config)
    dense, attention = linear(128, 64) + linear(64, classes), linear(128, 128) + 128
    network = NextGenre(config, TRACKS)
    assert n_weights(network) == recurrent(cell, 779 + more) + dense + more * attention
    assert network(*given).shape == (4, classes)
    assert network.features(*given).shape == (4, 64)
    seq2seq = Seq2Seq(config, TRACKS)
    decoder = recurrent(cell, 128) + 128
    assert n_weights(seq2seq) == recurrent(cell, 779 + more) + decoder + dense + more * 128 * 64
    assert seq2seq(*given).shape == (4, classes)


@pytest.mark.parametrize("network", [NextGenre, Seq2Seq])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("attention", [False, True])
def test_every_history_is_read_to_its_own_end(network, cell, attention):
    """A padded batch says what each history says alone, and what stands in the padding does not matter."""
    built = network(Config(cell=cell, attention=attention), TRACKS).eval()
    lengths, track, genre, time_of_day, group = listens(Config())
    together = built(lengths, track, genre, time_of_day, group)
    for user, length in enumerate(lengths.tolist()):
        alone = [part[user : user + 1, :length] for part in (track, genre, time_of_day)]
        torch.testing.assert_close(
            built(lengths[user : user + 1], *alone, group[user : user + 1])[0], together[user], atol=1e-5, rtol=1e-4
        )
    padding = torch.arange(7) >= lengths[:, None]
    filled = track.masked_fill(padding, 39)
    assert torch.equal(built(lengths, filled, genre, time_of_day, group), together)


def test_attention_weighs_real_steps_alone():
    attention = NextGenre(Config(attention=True), TRACKS).attention
    states, lengths = torch.randn(2, 5, 128), torch.tensor([5, 2])
    weights = attention.weights(states, lengths)
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(2))
    assert (weights[1] > 0).tolist() == [True, True, False, False, False]
    torch.testing.assert_close(attention(states, lengths)[1], weights[1, :2] @ states[1, :2])


def test_additive_attention_as_cited_is_fastformers_section_3_2_step_by_step():
    """Wu et al. (2021), with values that share the queries' weights, written out for one history."""
    torch.manual_seed(0)
    attention = NextGenre(Config(attention=True, form="fastformer"), TRACKS).attention
    states, lengths = torch.randn(2, 5, 128), torch.tensor([5, 3])
    found = attention(states, lengths)
    assert found.shape == (2, 128)
    for row, length in enumerate(lengths.tolist()):
        q, k = attention.query(states[row, :length]), attention.key(states[row, :length])
        alpha = torch.softmax(torch.stack([attention.of_query.weight[0] @ one / 128**0.5 for one in q]), dim=0)
        whole_query = sum(a * one for a, one in zip(alpha, q, strict=True))
        p = [whole_query * one for one in k]
        beta = torch.softmax(torch.stack([attention.of_key.weight[0] @ one / 128**0.5 for one in p]), dim=0)
        whole_key = sum(b * one for b, one in zip(beta, p, strict=True))
        expected = attention.transform(whole_key * q[-1]) + q[-1]
        torch.testing.assert_close(found[row], expected, atol=1e-5, rtol=1e-4)


def test_the_cited_attention_changes_nothing_of_the_other_networks():
    weights = {}
    for form in ("pooling", "fastformer"):
        torch.manual_seed(0)
        weights[form] = NextGenre(Config(attention=True, form=form), TRACKS)
    plain, cited = weights["pooling"], weights["fastformer"]
    assert n_weights(cited.attention) == 3 * linear(128, 128) + 2 * 128
    assert n_weights(plain.attention) == linear(128, 128) + 128
    for one, other in zip(plain.recurrent.parameters(), cited.recurrent.parameters(), strict=True):
        assert torch.equal(one, other)


def test_stress_belongs_to_its_configuration_and_track_vectors_to_theirs():
    with pytest.raises(ValueError, match="missing"):
        NextGenre(Config(stress=True), TRACKS)(*listens(Config()))
    with pytest.raises(ValueError, match="given"):
        NextGenre(Config(), TRACKS)(*listens(Config(stress=True)))
    with pytest.raises(ValueError, match="20 numbers, the configuration has 768"):
        NextGenre(Config(), TRACKS[:, :20])


@pytest.mark.parametrize("network", [NextGenre, Seq2Seq])
def test_one_seed_gives_one_network_text_stays_frozen_and_bfloat16_stays_close(network):
    config = Config(attention=True)
    torch.manual_seed(1)
    one = network(config, TRACKS)
    torch.manual_seed(1)
    other = network(config, TRACKS)
    given = listens(config)
    assert torch.equal(one(*given), other(*given))
    one(*given).logsumexp(dim=-1).sum().backward()
    assert all(weight.grad is not None for weight in one.parameters())
    assert not [name for name in one.state_dict() if "track_vectors" in name]
    # oneDNN has a recurrent layer in bfloat16 for processors with AVX-512 alone and raises on others; PyTorch's own
    # layers make the same numbers on any.
    with torch.backends.mkldnn.flags(enabled=False), torch.autocast("cpu", dtype=torch.bfloat16):
        half = one(*given)
    torch.testing.assert_close(half.float(), other(*given), atol=0.05, rtol=0.1)
