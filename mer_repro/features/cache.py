"""A content-addressed cache: each feature is computed once for one input, one setting and one source.

Conventions
-----------
- A *key* reads ``<feature>/<digest>``. The digest is the sha256 of what the value depends on: the input's content,
  the parameters, and the source of the functions that compute it (`entry_key`). A value is therefore never stale: a
  change makes a new key and leaves the old entry, which may be deleted whenever one likes.
- An *entry* is one ``.npy`` file that ``numpy.load`` reads as it is, followed by the sha256 of all bytes before.
- Entries are written to a temporary file and renamed: a reader sees a whole entry or none, whoever else writes at the
  same time and whenever a writer is killed. The disk is not waited for (on a busy one that costs a third of the
  throughput): what a power cut tears fails its checksum, and such an entry is removed with a warning and counts as
  absent.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import json
import mmap
import os
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mer_repro.errors import DataError
from mer_repro.paths import cache_home
from mer_repro.storage import lock, spare_home, write_atomically

CHECKSUM_BYTES = hashlib.sha256().digest_size
#: Temporary files older than this were left by a killed writer.
ABANDONED_AFTER_SECONDS = 24 * 3600


def file_digest(path: Path | str) -> str:
    """Sha256 of a file's content, in hexadecimal.

    Raises
    ------
    DataError
        If there is no such file.
    """
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(path, found=f"no file that can be read ({error.strerror})", expected="a file") from error


def entry_key(feature: str, *, content: str, parameters: Mapping, source: str) -> str:
    """The key ``<feature>/<sha256>`` of a value.

    Parameters
    ----------
    feature : folder of the entry, for example "log_mel".
    content : digest of the input (`file_digest`).
    parameters : everything else the value depends on; must be expressible in JSON.
    source : digest of the computing code (`mer_repro.runs.fingerprint.source_fingerprint`).
    """
    parts = json.dumps([content, parameters, source], sort_keys=True, allow_nan=False)
    return f"{feature}/{hashlib.sha256(parts.encode()).hexdigest()}"


@dataclass(frozen=True)
class CacheSize:
    """What one feature occupies on the disk."""

    feature: str
    entries: int
    bytes: int


class Cache:
    """Arrays by key in a folder, by default ``features`` in the user's cache folder (`mer_repro.paths.cache_home`).

    A folder that cannot be written costs time only: what it holds is read, and what is missing goes into the user's
    folder for temporary files. Two users can share one whose permissions let them.
    """

    def __init__(self, folder: Path | str | None = None):
        self.folder = Path(folder) if folder is not None else cache_home() / "features"
        self._remove_abandoned()

    def path(self, key: str) -> Path:
        """The file of an entry, whether it exists or not."""
        feature, digest = key.split("/")
        name = Path(feature, digest[:2], f"{digest}.npy")
        places = [place / name for place in self._places()]
        # The later place first: an entry is there because the cache's own could not be written, or mended.
        return next((place for place in reversed(places) if _is_file(place)), places[0])

    def get(self, key: str) -> np.ndarray | None:
        """The array under `key`, read-only and mapped from the disk; None where it is absent or corrupt."""
        path = self.path(key)
        try:
            with path.open("rb") as file:
                whole = _passes_checksum(file)
            if whole:
                with contextlib.suppress(ValueError):  # whole, and no array that may be loaded
                    return self.open(key)
            path.unlink()
            warnings.warn(f"Corrupt cache entry removed: {path}", stacklevel=2)
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            warnings.warn(f"Cache entry passed over: {path}: {error.strerror}", stacklevel=2)
        return None

    def open(self, key: str) -> np.ndarray:
        """The array under `key` as it lies there, unchecked: for an entry that was written a moment ago."""
        return np.load(self.path(key), mmap_mode="r")

    def put(self, key: str, array: np.ndarray) -> None:
        """Store `array` under `key`, replacing what is there in one step.

        Raises
        ------
        OSError
            If neither the cache nor the folder for temporary files takes it.
        """
        buffer = io.BytesIO()
        np.save(buffer, array, allow_pickle=False)
        buffer.write(hashlib.sha256(buffer.getbuffer()).digest())
        feature, digest = key.split("/")
        content, name = buffer.getbuffer(), Path(feature, digest[:2], f"{digest}.npy")
        try:
            write_atomically(self.folder / name, content, durable=False, through=self.folder / "tmp")
        except OSError as error:
            _warn_once(self.folder, error.strerror or str(error))
            write_atomically(self._spare() / name, content, durable=False, through=self._spare() / "tmp")

    @contextlib.contextmanager
    def lock(self, feature: str) -> Iterator[None]:
        """Let one process at a time compute `feature`; a killed one lets go."""
        try:
            handle = lock(self.folder / feature / "lock", wait=True)
        except OSError as error:
            _warn_once(self.folder, error.strerror or str(error))
            handle = lock(self._spare() / feature / "lock", wait=True)
        try:
            yield
        finally:
            os.close(handle)

    def keys(self, feature: str) -> Iterator[str]:
        """The keys of all entries of one feature."""
        names = {path.stem for place in self._places() for path in (place / feature).glob("*/*.npy")}
        yield from (f"{feature}/{name}" for name in sorted(names))

    def sizes(self) -> list[CacheSize]:
        """Entries and bytes of each feature."""
        files: dict[str, list[int]] = {}
        for path in (path for place in self._places() for path in place.glob("*/*/*.npy")):
            files.setdefault(path.parent.parent.name, []).append(path.stat().st_size)
        return [CacheSize(feature, len(sizes), sum(sizes)) for feature, sizes in sorted(files.items())]

    def _places(self) -> list[Path]:
        """Where entries may lie, the cache itself first."""
        try:
            spare = self._spare()
        except OSError:
            return [self.folder]
        return [self.folder, spare] if spare.is_dir() else [self.folder]

    def _spare(self) -> Path:
        name = hashlib.sha256(str(self.folder.absolute()).encode()).hexdigest()[:16]
        return spare_home() / "features" / name

    def _remove_abandoned(self) -> None:
        for path in (self.folder / "tmp").glob(".*.tmp"):
            with contextlib.suppress(OSError):  # its writer finished, another process was quicker, or it is not ours
                if time.time() - path.stat().st_mtime > ABANDONED_AFTER_SECONDS:
                    path.unlink()


@functools.cache
def _warn_once(folder: Path, why: str) -> None:
    warnings.warn(
        f"The feature cache in {folder} cannot be written ({why}); features are kept among temporary files. Set"
        " XDG_CACHE_HOME to a folder that can be written.",
        stacklevel=3,
    )


def _is_file(path: Path) -> bool:
    """Whether there is a file that this user may ask for."""
    try:
        return path.is_file()
    except PermissionError:
        return False


def _passes_checksum(file) -> bool:
    if os.fstat(file.fileno()).st_size <= CHECKSUM_BYTES:
        return False
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content, memoryview(content) as view:
        return hashlib.sha256(view[:-CHECKSUM_BYTES]).digest() == view[-CHECKSUM_BYTES:]
