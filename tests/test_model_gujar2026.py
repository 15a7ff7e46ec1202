"""gujar2026's networks: every stated dimension, what attention does, what the readings change."""

import copy

import pytest
import torch
import torch.nn.functional as F

from mer_repro.audit import ledger
from mer_repro.papers.gujar2026.model import (
    FIDELITY,
    INPUT_WIDTHS,
    AttentionPooling,
    AudioCRNN,
    ClsEncoder,
    ConsistencyLoss,
    CRNNConfig,
    DescriptorBranch,
    FusionConfig,
    ModalityAttention,
    MoodNetwork,
    TextBranch,
    WithConsistency,
    bert_base,
    drop_modality,
    slowed,
)

STATED = {claim.id: claim.value for claim in ledger.load("gujar2026").claims}


def stated(claim_id):
    return float(STATED[claim_id].replace(",", ""))


def text_inputs(batch=4, vocabulary=50, words=7):
    torch.manual_seed(0)
    return torch.rand(batch, vocabulary), torch.randint(1, 20, (batch, words)), torch.randn(batch, 768)


def text_branch():
    torch.manual_seed(1)
    return TextBranch(50, torch.randn(21, 300))


def network(**readings):
    torch.manual_seed(2)
    return MoodNetwork(DescriptorBranch(5), text_branch(), FusionConfig(**readings))


@pytest.mark.parametrize("frames", [128, 256])
def test_crnn_has_every_stated_dimension(frames):
    crnn = AudioCRNN()
    spectrogram = torch.randn(2, 128, frames)
    filters = [module.out_channels for module in crnn.modules() if isinstance(module, torch.nn.Conv2d)]
    assert filters == [stated(f"sec51.filters{k}") for k in (1, 2, 3, 4)]
    assert crnn.sequence(spectrogram).shape == (2, frames // 16, stated("sec51.sequence_features"))
    assert crnn.recurrent.hidden_size == stated("sec51.gru_units") and crnn.recurrent.num_layers == 2
    assert crnn.pooled(spectrogram).shape == (2, stated("sec51.audio_feature"))
    assert crnn(spectrogram).shape == (2, stated("sec51.audio_projected"))


@pytest.mark.parametrize(
    ("reshape", "shape"), [("mean", (1, 8, 256)), ("steps", (1, 64, 256)), ("stack", (1, 8, 2048))]
)
def test_readings_of_the_reshaping(reshape, shape):
    crnn = AudioCRNN(CRNNConfig(reshape=reshape)).eval()
    spectrogram = torch.randn(1, 128, 128)
    sequence = crnn.sequence(spectrogram)
    assert sequence.shape == shape
    # All readings hold the same numbers: their means over bands agree.
    maps = sequence.unflatten(1, (8, 8)).mean(2) if reshape == "steps" else sequence
    maps = sequence.unflatten(2, (256, 8)).mean(3) if reshape == "stack" else maps
    other = AudioCRNN().eval()
    other.blocks = crnn.blocks
    torch.testing.assert_close(maps, other.sequence(spectrogram))


def test_norm_after_relu_is_another_network():
    before, after = (AudioCRNN(CRNNConfig(norm_first=first)).blocks[0] for first in (True, False))
    kinds = [[type(layer).__name__ for layer in block] for block in (before, after)]
    assert kinds == [["Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d"], ["Conv2d", "ReLU", "BatchNorm2d", "MaxPool2d"]]


def test_text_branch_has_every_stated_dimension():
    branch, inputs = text_branch(), text_inputs()
    assert branch.tfidf.out_features == stated("sec52.tfidf")
    assert branch.words.embedding_dim == stated("sec52.word_vector")
    assert branch.sentence.out_features == stated("sec52.bert_projected")
    assert branch.joined(*inputs).shape == (4, stated("sec52.text_feature"))
    assert branch(*inputs).shape == (4, stated("sec52.text_latent"))


def n_weights(module):
    return sum(weight.numel() for weight in module.parameters() if weight.requires_grad)


def linear(inputs, outputs):
    return (inputs + 1) * outputs


@pytest.mark.parametrize(("recurrent", "gates"), [("gru", 3), ("lstm", 4)])
@pytest.mark.parametrize(("reshape", "step"), [("mean", 256), ("stack", 2048)])
def test_weights_of_the_crnn_counted_by_hand(recurrent, gates, reshape, step):
    convolutions = sum(9 * i * o + o + 2 * o for i, o in ((1, 32), (32, 64), (64, 128), (128, 256)))
    layers = sum(2 * gates * 128 * (inputs + 128 + 2) for inputs in (step, 256))
    crnn = AudioCRNN(CRNNConfig(recurrent=recurrent, reshape=reshape))
    assert n_weights(crnn) == convolutions + layers + linear(256, 512)


def test_weights_of_text_attention_and_classifier_counted_by_hand():
    text = linear(50, 128) + 300 + linear(768, 256) + linear(684, 512) + linear(512, 512)
    assert n_weights(text_branch()) == text
    assert n_weights(ModalityAttention("bilinear")) == 2 * (512 * 512 + 1)
    assert n_weights(ModalityAttention("concatenated")) == linear(1024, 2)
    for reading, joint in (("joint", linear(1024, 256)), ("sum", 0), ("wide", 0), ("audio", 0)):
        model = network(classifier_input=reading)
        width = INPUT_WIDTHS[reading]
        head = linear(width, 256) + 2 * 256 + linear(256, 128) + 2 * 128 + linear(128, 4)
        branches = n_weights(model.audio) + text
        assert n_weights(model) == branches + 2 * (512 * 512 + 1) + joint + head


def test_attention_pooling_is_a_weighted_mean_of_known_words():
    pool = AttentionPooling(3)
    vectors = torch.tensor([[[1.0, 0, 0], [0, 2, 0], [9, 9, 9]], [[1.0, 1, 1]] * 3])
    known = torch.tensor([[True, True, False], [False, False, False]])
    with torch.no_grad():
        pool.score.weight[:] = torch.tensor([[1.0, 1.0, 0.0]])
    # scores 1 and 2: weights 1 / (1 + e) and e / (1 + e)
    e = torch.e
    expected = torch.tensor([[1 / (1 + e), 2 * e / (1 + e), 0.0], [0.0, 0.0, 0.0]])
    torch.testing.assert_close(pool(vectors, known), expected)


def test_bert_base_gives_768_dimensions_and_ignores_padding():
    with torch.device("meta"):  # the shape is what counts; 110 million weights need not exist
        encoder = bert_base()
    assert encoder.config.num_hidden_layers == stated("sec43.bert_layers")
    assert encoder.embeddings.word_embeddings.embedding_dim == stated("sec52.bert_cls")
    from transformers import BertConfig, BertModel

    tiny = BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, vocab_size=30)
    small = ClsEncoder(BertModel(tiny, add_pooling_layer=False)).eval()
    tokens = torch.tensor([[2, 7, 9, 3]])
    torch.testing.assert_close(small(tokens), small(F.pad(tokens, (0, 5))))


def test_a_slowed_network_is_the_same_and_adam_moves_it_by_its_part_of_the_rate():
    torch.manual_seed(0)
    given, target = torch.randn(8, 3), torch.randn(8, 2)
    plain, steps = torch.nn.Linear(3, 2), {}
    for rate in (1.0, 0.1):
        moved = slowed(copy.deepcopy(plain), rate)
        torch.testing.assert_close(moved(given), plain(given))
        optimizer = torch.optim.Adam(moved.parameters(), lr=0.01)
        F.mse_loss(moved(given), target).backward()
        optimizer.step()
        steps[rate] = (moved.weight - plain.weight).detach()
    torch.testing.assert_close(steps[1.0].abs(), torch.full((2, 3), 0.01), atol=1e-5, rtol=1e-3)  # Adam's first step
    torch.testing.assert_close(steps[0.1], 0.1 * steps[1.0], atol=1e-5, rtol=1e-3)


@pytest.mark.parametrize(("reading", "width"), INPUT_WIDTHS.items())
def test_classifier_reads_what_the_reading_says(reading, width):
    model = network(classifier_input=reading)
    linear = [layer for layer in model.classifier if isinstance(layer, torch.nn.Linear)]
    assert [layer.in_features for layer in linear] == [width, stated("sec63.hidden1"), stated("sec63.hidden2")]
    assert linear[-1].out_features == 4
    assert all(layer.p == stated("sec63.dropout") for layer in model.classifier if isinstance(layer, torch.nn.Dropout))
    assert model(torch.randn(4, 5), *text_inputs()).shape == (4, 4)
    assert (width == stated("sec62.classifier_input")) == (reading in ("joint", "audio"))


def test_bilinear_attention_is_torchs_bilinear_layer():
    attention, layer = ModalityAttention("bilinear"), torch.nn.Bilinear(512, 512, 2)
    with torch.no_grad():
        # Linear holds (score, text), audio; Bilinear holds score, audio, text.
        attention.score.weight[:] = layer.weight.transpose(1, 2).flatten(0, 1)
        attention.bias[:] = layer.bias
    audio, text = torch.randn(3, 512), torch.randn(3, 512)
    torch.testing.assert_close(attention(audio, text), layer(audio, text).softmax(1), atol=1e-4, rtol=1e-4)


def test_attention_weights_by_hand():
    attention = ModalityAttention("bilinear")
    with torch.no_grad():
        attention.score.weight.zero_()
        attention.score.weight[0, 0] = 1.0
    audio, text = torch.zeros(2, 512), torch.zeros(2, 512)
    audio[:, 0], text[0, 0] = 2.0, 1.5
    weights = attention(audio, text)  # scores 3 and 0 for the first song, 0 and 0 for the second
    torch.testing.assert_close(weights[:, 0], torch.tensor([3.0, 0.0]).sigmoid())
    torch.testing.assert_close(weights.sum(1), torch.ones(2))


def test_sum_reading_by_hand():
    model = network(classifier_input="sum").eval()
    model.classifier = torch.nn.Identity()
    inputs = torch.randn(4, 5), *text_inputs()
    audio, text = model.audio(inputs[0]), model.text(*inputs[1:])
    said = model.explain(*inputs)
    alpha = said.audio_weight[:, None]
    torch.testing.assert_close(said.logits, (alpha + 0.5) * audio + (1.5 - alpha) * text)
    torch.testing.assert_close(said.distance, 1 - F.cosine_similarity(audio, text))


def test_one_modality_cannot_see_the_other():
    audio_only = MoodNetwork(DescriptorBranch(5), None, FusionConfig(modality="audio"))
    assert audio_only(torch.randn(3, 5)).shape == (3, 4)
    assert MoodNetwork(None, text_branch(), FusionConfig(modality="text"))(*text_inputs()).shape == (4, 4)


def test_modality_dropout_never_drops_both_and_keeps_its_rate():
    torch.manual_seed(0)
    audio, text = drop_modality(torch.ones(20_000, 1), torch.ones(20_000, 1), 0.3)
    assert ((audio + text) > 0).all()
    assert float((audio == 0).float().mean()) == pytest.approx(0.15, abs=0.01)
    assert float((text == 0).float().mean()) == pytest.approx(0.15, abs=0.01)


def test_consistency_loss_is_cross_entropy_plus_weighted_distance():
    prediction = torch.tensor([[2.0, 0, 0, 0, 0.5], [0.0, 1, 0, 0, 1.5]])
    target = torch.tensor([0, 2])
    expected = F.cross_entropy(prediction[:, :4], target) + 0.1 * 1.0
    torch.testing.assert_close(ConsistencyLoss(0.1)(prediction, target), expected)
    model = network()
    inputs = torch.randn(4, 5), *text_inputs()
    ConsistencyLoss(1.0)(WithConsistency(model)(*inputs), torch.tensor([0, 1, 2, 3])).backward()
    assert model.audio.hidden[0].weight.grad.abs().sum() > 0 and model.text.tfidf.weight.grad.abs().sum() > 0


def test_fidelity_quotes_the_ledger_exactly():
    for row in FIDELITY:
        for claim_id in row.claims:
            assert claim_id in STATED
            words = {"four": "32, 64", "two": "two"}
            assert STATED[claim_id] in row.stated or words.get(STATED[claim_id], "?") in row.stated, (claim_id, row)
    assert sum(not row.possible for row in FIDELITY) == 3
