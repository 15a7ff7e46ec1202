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
import hashlib
import io
import json
import mmap
import os
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mer_repro.errors import DataError, ParameterError
from mer_repro.paths import cache_home

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
        with open(path, "rb") as file:
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

    Raises
    ------
    ParameterError
        If the folder cannot be made.
    """

    def __init__(self, folder: Path | str | None = None):
        self.folder = Path(folder) if folder is not None else cache_home() / "features"
        self._temporary = self.folder / "tmp"
        try:
            self._temporary.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ParameterError(
                f"The feature cache cannot be kept in {self.folder} ({error.strerror}); set XDG_CACHE_HOME to a folder"
                " that can be written."
            ) from error
        self._remove_abandoned()

    def path(self, key: str) -> Path:
        """The file of an entry, whether it exists or not."""
        feature, digest = key.split("/")
        return self.folder / feature / digest[:2] / f"{digest}.npy"

    def get(self, key: str) -> np.ndarray | None:
        """The array under `key`, read-only and mapped from the disk; None where it is absent or corrupt."""
        path = self.path(key)
        try:
            with open(path, "rb") as file:
                whole = _passes_checksum(file)
            if whole:
                return self.open(key)
        except FileNotFoundError:
            return None
        warnings.warn(f"Corrupt cache entry removed: {path}", stacklevel=2)
        path.unlink(missing_ok=True)
        return None

    def open(self, key: str) -> np.ndarray:
        """The array under `key` as it lies there, unchecked: for an entry that was written a moment ago."""
        return np.load(self.path(key), mmap_mode="r")

    def put(self, key: str, array: np.ndarray) -> None:
        """Store `array` under `key`, replacing what is there in one step."""
        buffer = io.BytesIO()
        np.save(buffer, array, allow_pickle=False)
        content = buffer.getbuffer()
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self._temporary)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.write(hashlib.sha256(content).digest())
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    @contextlib.contextmanager
    def lock(self, feature: str) -> Iterator[None]:
        """Let one process at a time compute `feature`; a killed one lets go."""
        from filelock import FileLock

        folder = self.folder / feature
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "lock"):
            yield

    def keys(self, feature: str) -> Iterator[str]:
        """The keys of all entries of one feature."""
        for path in sorted((self.folder / feature).glob("*/*.npy")):
            yield f"{feature}/{path.stem}"

    def sizes(self) -> list[CacheSize]:
        """Entries and bytes of each feature."""
        report = []
        for folder in sorted(self.folder.iterdir()):
            if folder != self._temporary:
                files = [path.stat().st_size for path in folder.glob("*/*.npy")]
                report.append(CacheSize(folder.name, len(files), sum(files)))
        return report

    def _remove_abandoned(self) -> None:
        for path in self._temporary.iterdir():
            try:
                if time.time() - path.stat().st_mtime > ABANDONED_AFTER_SECONDS:
                    path.unlink()
            except FileNotFoundError:
                pass  # its writer finished, or another process was quicker


def _passes_checksum(file) -> bool:
    if os.fstat(file.fileno()).st_size <= CHECKSUM_BYTES:
        return False
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content, memoryview(content) as view:
        return hashlib.sha256(view[:-CHECKSUM_BYTES]).digest() == view[-CHECKSUM_BYTES:]
