"""Embeddings of lyrics: sentence-transformers' `encode` against `embed`, texts a second.

The same distinct texts, model files, batch size, length limit and threads. `embed` also stores its vectors in a cache
that starts empty, and never knows a text twice. Models are loaded before the clock starts; rounds alternate, so that
whatever else the machine does hits both.

    MER_REPRO_DATA=... python benchmarks/features_text.py

Without MER_REPRO_DATA the texts are made up of random words.
"""

from __future__ import annotations

import argparse
import functools
import json
import logging
import os
import statistics
import sys
import tempfile
import time

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np

from mer_repro.features.cache import Cache
from mer_repro.features.text import Encoder, embed, find_encoder
from mer_repro.paths import data_home

MAX_LENGTH = 256  # what sentence-transformers sets for this model


def lyrics(count: int) -> tuple[str, list[str]]:
    """Distinct lyrics of tcc_ceds, or generated ones of like length where there are none."""
    import pandas as pd

    home = data_home()
    tables = sorted((home / "tcc_ceds").glob("*.csv")) if home else []
    if tables:
        texts = pd.concat([pd.read_csv(table, on_bad_lines="skip") for table in tables])["lyrics"].dropna()
        return "tcc_ceds lyrics", texts.drop_duplicates().sample(count, random_state=0).tolist()
    generator = np.random.default_rng(0)
    words = ["".join(generator.choice(list("abcdefgilmnoprst"), size=5)) for _ in range(2000)]
    return "generated texts", [" ".join(generator.choice(words, size=n)) for n in generator.integers(20, 150, count)]


def ours(texts: list[str], encoder: Encoder, batch_size: int) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        return embed(texts, encoder, max_length=MAX_LENGTH, batch_size=batch_size, cache=Cache(folder)).vectors


def seconds(function, *arguments, **keywords) -> tuple[float, np.ndarray]:
    start = time.perf_counter()
    result = function(*arguments, **keywords)
    return time.perf_counter() - start, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--texts", type=int, default=1000)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="figures as JSON; what else is said goes to stderr")
    arguments = parser.parse_args()
    say = functools.partial(print, file=sys.stderr if arguments.json else sys.stdout)
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError:
        parser.error("sentence-transformers is missing: pip install 'mer_repro[benchmark]'")
    logging.getLogger("sentence_transformers").setLevel(logging.ERROR)

    encoder = find_encoder()
    rival = SentenceTransformer(str(encoder.folder), device="cpu")
    rival.max_seq_length = MAX_LENGTH
    kind, texts = lyrics(arguments.texts)
    for warm in (lambda some: rival.encode(some), lambda some: ours(some, encoder, arguments.batch_size)):
        warm(texts[:64])

    ratios = []
    for _ in range(arguments.rounds):
        rival_s, expected = seconds(rival.encode, texts, batch_size=arguments.batch_size, show_progress_bar=False)
        ours_s, found = seconds(ours, texts, encoder, arguments.batch_size)
        found = found / np.linalg.norm(found, axis=1, keepdims=True)  # this model's own pipeline ends so
        ratios.append(rival_s / ours_s)
        say(
            f"sentence-transformers {len(texts) / rival_s:6.1f} texts/s   ours {len(texts) / ours_s:6.1f} texts/s"
            f"   ratio {ratios[-1]:.2f}   largest difference {abs(expected - found).max():.1e}"
        )
    say(f"{len(texts)} {kind}, batches of {arguments.batch_size}: median ratio {statistics.median(ratios):.2f}")
    if arguments.json:
        print(json.dumps({"texts": len(texts), "kind": kind, "ratios": ratios, "ratio": statistics.median(ratios)}))


if __name__ == "__main__":
    main()
