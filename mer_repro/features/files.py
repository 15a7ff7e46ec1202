"""One array a file, over processes, through the cache."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from mer_repro.errors import DataError, MerReproError
from mer_repro.features.cache import Cache


def compute_files(
    paths: Sequence[Path | str],
    keys: Sequence[str],
    compute: Callable[[Path | str], np.ndarray],
    *,
    cache: Cache,
    workers: int | None = None,
    label: str,
) -> list[np.ndarray]:
    """``compute(path)`` for each of `paths`, from the cache where it is, in `workers` processes where it is not.

    What is finished is in the cache at once, so an interrupted call goes on where it stopped. Files of equal content
    are computed once. On a terminal a progress bar counts what was missing.

    Parameters
    ----------
    paths, keys : the files and their cache keys, in the same order.
    compute : picklable function of one path.
    workers : processes; None for one a core. Each runs one thread.

    Returns
    -------
    list of read-only arrays mapped from the disk, in the order of `paths`.

    Raises
    ------
    DataError
        After all files have been tried: the first file that failed, and how many others did.
    """
    return load_or_store(
        paths, keys, lambda missing: _in_processes(missing, compute, cache, workers), cache=cache, label=label
    )


def load_or_store(
    paths: Sequence[Path | str],
    keys: Sequence[str],
    compute_missing: Callable[[list[tuple[str, Path | str]]], Iterable[DataError | None]],
    *,
    cache: Cache,
    label: str,
) -> list[np.ndarray]:
    """The entries under `keys`, after ``compute_missing([(key, path), ...])`` has stored those that are missing.

    `compute_missing` yields once a file: None when the entry is stored, the error where there is none to store.
    """
    from tqdm import tqdm

    path_of = dict(zip(keys, paths, strict=True))
    found = {key: cache.get(key) for key in path_of}
    missing = [(key, path) for key, path in path_of.items() if found[key] is None]
    if missing:
        # disable=None: a bar on a terminal, nothing in a log file
        bar = tqdm(compute_missing(missing), total=len(missing), desc=label, unit="file", disable=None)
        errors = [error for error in bar if error is not None]
        if errors:
            raise _summary(errors, len(missing))
        found.update((key, cache.open(key)) for key, _ in missing)
    return [found[key] for key in keys]


def _in_processes(missing, compute, cache: Cache, workers: int | None) -> Iterator[DataError | None]:
    import joblib

    processes = min(workers or joblib.cpu_count(), len(missing))
    parallel = joblib.Parallel(n_jobs=processes, return_as="generator_unordered")
    yield from parallel(joblib.delayed(_store_one)(compute, key, path, cache) for key, path in missing)


def _store_one(compute, key: str, path: Path | str, cache: Cache) -> DataError | None:
    try:
        cache.put(key, compute(path))
    except DataError as error:
        return error
    return None


def _summary(errors: list[DataError], tried: int) -> MerReproError:
    if len(errors) == 1:
        return errors[0]
    first = min(errors, key=lambda error: str(error.path))
    others = f"{len(errors)} of {tried} files failed; the others are in the cache."
    todo = f"{first.todo} {others}" if first.todo else others
    return DataError(first.path, found=first.found, expected=first.expected, line=first.line, todo=todo)
