"""Last.fm-1K's table of listens as a stream of checked blocks, against pandas in chunks with the same checks.

Writes a generated table of the published layout (no real data needed), then reads it both ways in separate processes,
so that peak memory is each reader's own. Prints listens a second and peak memory of both, and the ratios.

    python benchmarks/data_streaming.py --listens 2000000
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from mer_repro.data import lastfm1k
from mer_repro.data.base import Location

USERS = 200


def write_listens(folder: Path, listens: int) -> None:
    rng = np.random.default_rng(0)
    users = [f"user_{number:06d}" for number in range(1, USERS + 1)]
    people = "".join(f"{user}\tm\t\tGeneratedland\t\n" for user in users)
    (folder / lastfm1k.PROFILES.path).write_text("#id\tgender\tage\tcountry\tregistered\n" + people, encoding="utf-8")
    with (folder / lastfm1k.EVENTS.path).open("w", encoding="utf-8") as stream:
        for user in users:
            seconds = np.sort(rng.integers(0, 10**8, listens // USERS))[::-1]
            times = np.datetime_as_string(np.datetime64("2006-01-01") + seconds.astype("timedelta64[s]"))
            for when, artist in zip(times, rng.integers(0, 5000, len(times)), strict=True):
                stream.write(
                    f"{user}\t{when}Z\tf1b1cf71-bd35-4e99-8624-24a6e15f{artist:04d}\tArtist {artist}\t\tA song of"
                    f" ordinary length, number {artist}\n"
                )


def ours(folder: Path) -> int:
    location = Location("lastfm1k", "real", folder, (lastfm1k.PROFILES.path, lastfm1k.EVENTS.path))
    return sum(len(block) for block in lastfm1k.load(location).events())


def pandas_chunks(folder: Path) -> int:
    import pandas as pd

    known = set(pd.read_csv(folder / lastfm1k.PROFILES.path, sep="\t")["#id"])
    rows = 0
    for block in pd.read_csv(
        folder / lastfm1k.EVENTS.path,
        sep="\t",
        header=None,
        names=lastfm1k.EVENT_COLUMNS,
        quoting=3,
        dtype=str,
        keep_default_na=False,
        chunksize=200_000,
        on_bad_lines="skip",
    ):
        when = pd.to_datetime(block.timestamp, format="%Y-%m-%dT%H:%M:%SZ", errors="coerce").dt.tz_localize(None)
        good = block.user_id.isin(known) & when.between("2002-01-01", "2010-01-01") & (block.artist != "")
        rows += len(block.assign(timestamp=when)[good])
    return rows


READERS = {"ours": ours, "pandas": pandas_chunks}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--listens", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--read", nargs=2, metavar=("READER", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.read:
        start = time.perf_counter()
        rows = READERS[arguments.read[0]](Path(arguments.read[1]))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"rows": rows, "rate": rows / (time.perf_counter() - start), "peak": peak}))
        return
    with tempfile.TemporaryDirectory() as folder:
        write_listens(Path(folder), arguments.listens)
        rounds = [
            {
                name: json.loads(subprocess.check_output([sys.executable, __file__, "--read", name, folder]))
                for name in READERS
            }
            for _ in range(arguments.rounds)
        ]
    assert len({result["rows"] for results in rounds for result in results.values()}) == 1
    for name in READERS:
        rate = statistics.median(results[name]["rate"] for results in rounds)
        print(f"{name:<8} {rate:>12,.0f} listens/s   peak {rounds[0][name]['peak']:,.0f} MB")
    ratio = statistics.median(results["ours"]["rate"] / results["pandas"]["rate"] for results in rounds)
    print(f"ours / pandas: {ratio:.2f} (median of {arguments.rounds} rounds)")


if __name__ == "__main__":
    main()
