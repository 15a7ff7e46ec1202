"""Official copies of the data sets: downloads that resume, checksums that stick, archives that cannot escape.

Nothing here runs unless a user asks for it (`fetch`). A download is continued where it broke off, compared with the
published size and checksum, and unpacked into a temporary folder that takes its final name only when every file of
the set is in place. A checksum nobody published is recorded on first use in ``checksums.json`` of the user cache;
from then on a different file is an error.
"""

from __future__ import annotations

import errno
import json
import lzma
import os
import shutil
import stat
import struct
import tarfile
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from mer_repro.data.base import Remote, file_digest, write_atomically
from mer_repro.data.registry import DATASETS, dataset_module
from mer_repro.errors import DataError, DataMissing, DownloadError, require_choice
from mer_repro.paths import cache_home

ATTEMPTS = 3
PAUSE_S = 2  # before the second attempt; twice that before the third
TIMEOUT_S = (10, 60)  # to connect, between two pieces
PIECE_BYTES = 1 << 16
#: No set of this study is larger unpacked (MERGE's audio is below 2 GB, Last.fm-1K's events below 3 GB).
UNPACKED_LIMIT_BYTES = 20 << 30


def fetch(name: str, *, parts: Sequence[str] = (), home: Path | None = None, progress: bool = False) -> Path:
    """Download and unpack what is missing of data set `name`; return the folder it lies in.

    Parameters
    ----------
    parts : parts to fetch beside what the tables need, e.g. ``("audio",)``; see ``Remote.part``.
    home : folder of all fetched sets; default ``data`` in the user cache, where `registry.locate` looks.
    progress : show a progress bar where standard error is a terminal.

    Raises
    ------
    ParameterError
        If there is no such data set or part.
    DataMissing
        If nobody can have the set, or a needed file cannot be downloaded by a program: the message says what a
        person has to do.
    DownloadError
        If a download fails; what arrived is kept and the next call continues it.
    DataError
        If a file has another size or checksum than published or recorded, or an archive is damaged or unsafe.
    """
    remotes = dataset_module(name).REMOTES
    for part in parts:
        require_choice(f"part of {name}", part, {remote.part for remote in remotes.values() if remote.part})
    wanted = {key: remote for key, remote in remotes.items() if not remote.part or remote.part in parts}
    home = home or cache_home() / "data"
    folder = home / (DATASETS[name].folder or name)
    with _only_one_process(home / f".{folder.name}.lock"):
        missing = {key: remote for key, remote in wanted.items() if key not in _receipt(folder, name)}
        _refuse_manual(name, folder, missing)
        if missing:
            downloads = home / ".downloads" / name
            received = {key: download(remote, downloads, progress=progress) for key, remote in missing.items()}
            _install(folder, downloads, missing)
            _record_checksums(received.values())
            write_atomically(_receipt_file(folder, name), json.dumps(_receipt(folder, name) | received, indent=1))
            shutil.rmtree(downloads, ignore_errors=True)
    return folder


def _receipt_file(folder: Path, name: str) -> Path:
    """Notes what was fetched: ``{remote: {address, size, sha256}}``. Written last, so its presence means complete."""
    return folder / f".fetched-{name}.json"


def _receipt(folder: Path, name: str) -> dict:
    try:
        return json.loads(_receipt_file(folder, name).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}


def _refuse_manual(name: str, folder: Path, missing: dict[str, Remote]) -> None:
    """Raise where a person must act; forget the files that a person has already put in place."""
    for key in [key for key, remote in missing.items() if not remote.address and (folder / remote.filename).exists()]:
        del missing[key]
    steps = [f"{remote.manual} -> {folder / remote.filename}" for remote in missing.values() if not remote.address]
    if steps:
        numbered = "\n".join(f"  {number}. {step}" for number, step in enumerate(steps, 1))
        raise DataMissing(
            f"'{name}' cannot be downloaded by a program. Do this once, then it is found by itself:\n{numbered}\n"
            f"Any other folder works too: put the files into FOLDER/{folder.name} and set MER_REPRO_DATA=FOLDER."
        )


def _install(folder: Path, downloads: Path, remotes: Mapping[str, Remote]) -> None:
    """Unpack everything beside `folder`, check it, and only then let it appear under its name."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    for leftover in folder.parent.glob(f".{folder.name}.installing-*"):  # of a killed run: we hold the lock
        shutil.rmtree(leftover)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}.installing-", dir=folder.parent))
    try:
        complete = staging / "complete"
        complete.mkdir()
        for key, remote in remotes.items():
            source = downloads / remote.filename
            if remote.unpack_to is None:
                target = complete / remote.filename
                target.parent.mkdir(parents=True, exist_ok=True)
                os.replace(source, target)
                continue
            try:
                unpack(source, staging / key)
                for path, expected in remote.contents.items():
                    _require_checksum(staging / key / path, expected)
            except DataError:
                source.unlink()  # so that the next call downloads it again
                raise
            _merge(staging / key, complete / remote.unpack_to)
        if folder.exists():
            _merge(complete, folder)
        else:
            os.replace(complete, folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _merge(source: Path, target: Path) -> None:
    """Move the tree `source` into `target`; a file of the same path is replaced."""
    target.mkdir(parents=True, exist_ok=True)
    for entry in source.iterdir():
        place = target / entry.name
        if entry.is_dir() and place.is_dir():
            _merge(entry, place)
        else:
            os.replace(entry, place)


def download(remote: Remote, folder: Path, *, progress: bool = False) -> dict:
    """Download one file into `folder` and check it; return ``{address, size, sha256}``.

    A file that is already there and right is not downloaded again. Raises DownloadError and DataError as
    `fetch`.
    """
    import pooch

    target = folder / remote.filename
    target.parent.mkdir(parents=True, exist_ok=True)
    known = remote.checksum or recorded_checksum(remote.address)

    def downloader(address, output_file, _pooch):
        partial = target.with_name(target.name + ".partial")
        _download_resuming(address, partial, trusted=known is not None, size=remote.size, progress=progress)
        os.replace(partial, output_file)

    pooch.get_logger().setLevel("ERROR")
    try:
        pooch.retrieve(remote.address, known, fname=target.name, path=target.parent, downloader=downloader)
    except ValueError as error:  # pooch: the hash differs; it has removed the file
        raise DataError(
            remote.address,
            found=str(error),
            expected=f"{known}, {'as published' if remote.checksum else 'as on first use'}",
            todo="Download again; if the publisher has released a new file, remove the address from"
            f" {checksum_file()} or correct REMOTES.",
        ) from None
    size = target.stat().st_size
    if remote.size is not None and size != remote.size:
        target.unlink()
        raise DataError(remote.address, found=f"{size} bytes", expected=f"{remote.size} bytes", todo="Download again.")
    sha256 = file_digest(target)
    return {"address": remote.address, "size": size, "sha256": sha256}


def _download_resuming(address: str, partial: Path, *, trusted: bool, size: int | None, progress: bool) -> None:
    """Fill `partial` until it holds the whole file, continuing what an earlier call left."""
    import requests

    broken: Exception | None = None
    for attempt in range(ATTEMPTS):
        time.sleep(attempt * PAUSE_S)
        try:
            _download_rest(address, partial, trusted=trusted, size=size, progress=progress)
            _validator(partial).unlink(missing_ok=True)
            return
        except requests.HTTPError as error:
            if error.response.status_code < 500:
                raise DownloadError(
                    f"{address}: the server answered {error.response.status_code} {error.response.reason}."
                    " The file may have moved: see the data set's page, download it by hand, and put it into the"
                    " folder that `mer-repro data status` names."
                ) from None
            broken = error
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
            broken = error
    have = partial.stat().st_size if partial.exists() else 0
    raise DownloadError(
        f"{address}: broken off after {have:,} bytes ({broken}). What arrived is kept; run the command again to"
        " continue."
    )


def _download_rest(address: str, partial: Path, *, trusted: bool, size: int | None, progress: bool) -> None:
    import requests
    from tqdm import tqdm

    have = partial.stat().st_size if partial.exists() else 0
    validator = _validator(partial).read_text() if _validator(partial).exists() else ""
    headers = {"Accept-Encoding": "identity"}  # a compressed transfer has other byte positions
    if have and (validator or trusted):
        headers["Range"] = f"bytes={have}-"
        if validator:
            headers["If-Range"] = validator
    with requests.get(address, headers=headers, stream=True, timeout=TIMEOUT_S) as answer:
        if answer.status_code == 416:  # nothing left to send, or another file by now: start again
            partial.unlink()
            raise requests.ConnectionError("the rest of the file cannot be continued")
        answer.raise_for_status()
        continued = answer.headers.get("Content-Range", "").startswith(f"bytes {have}-")
        if not (answer.status_code == 206 and continued):
            have = 0
        _validator(partial).write_text(_strong_validator(answer.headers))
        length = int(answer.headers.get("Content-Length", 0))
        bar = tqdm(
            total=have + length or None,
            initial=have,
            unit="B",
            unit_scale=True,
            desc=partial.stem,
            disable=None if progress else True,
        )
        with bar, open(partial, "ab" if have else "wb") as out:
            for piece in answer.iter_content(PIECE_BYTES):
                out.write(piece)
                bar.update(len(piece))
                have += len(piece)
                if size is not None and have > size:
                    partial.unlink()
                    raise DataError(address, found=f"more than {size} bytes", expected=f"{size} bytes")


def _validator(partial: Path) -> Path:
    return partial.with_name(partial.name + ".version")


def _strong_validator(headers: Mapping[str, str]) -> str:
    """What tells the server which version of the file we hold the start of (RFC 9110, 13.1.5)."""
    etag = headers.get("ETag", "")
    return etag if etag and not etag.startswith("W/") else headers.get("Last-Modified", "")


def _require_checksum(path: Path, expected: str) -> None:
    algorithm, _, digest = expected.partition(":")
    if not path.is_file():
        raise DataError(path.name, found="no such file in the archive", expected="the file as published")
    found = file_digest(path, algorithm)
    if found != digest:
        raise DataError(
            path.name,
            found=f"{algorithm} {found}",
            expected=digest,
            todo="The unpacked file was discarded; download again.",
        )


def checksum_file() -> Path:
    """The file of the checksums recorded on first use: ``{address: {checksum, size, recorded}}``."""
    return cache_home() / "checksums.json"


def recorded_checksum(address: str) -> str | None:
    """The checksum recorded when `address` was first downloaded, None before that."""
    return _recorded().get(address, {}).get("checksum")


def _recorded() -> dict:
    path = checksum_file()
    if not path.exists():
        return {}
    try:
        return json.loads(path.read_text())
    except json.JSONDecodeError as error:
        raise DataError(
            path,
            found=f"text that is not JSON ({error.msg})",
            expected="the checksums recorded on first use",
            line=error.lineno,
            todo="Correct or remove it; without it, checksums are recorded anew.",
        ) from None


def _record_checksums(received: Iterable[Mapping]) -> None:
    """Note the checksums of downloads that proved right as a whole; those already noted stay."""
    today = time.strftime("%Y-%m-%d")
    with _only_one_process(checksum_file().with_suffix(".lock")):
        known = _recorded()
        for file in received:
            new = {"checksum": f"sha256:{file['sha256']}", "size": file["size"], "recorded": today}
            known.setdefault(file["address"], new)
        write_atomically(checksum_file(), json.dumps(known, indent=1, sort_keys=True))


@contextmanager
def _only_one_process(lock: Path) -> Iterator[None]:
    from filelock import FileLock

    lock.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(lock):
        yield


# --- archives ----------------------------------------------------------------------------------------------------


def unpack(archive: Path, folder: Path, *, limit: int = UNPACKED_LIMIT_BYTES) -> None:
    """Unpack a zip or tar archive (gz, bz2, xz) into the new folder `folder`: all of it or nothing.

    Refused: absolute paths and paths out of the folder, links and devices, two members of one name, encrypted
    members, more than `limit` bytes. Macintosh resource forks (``__MACOSX``) are left out.

    Raises
    ------
    DataError
        If the archive is damaged, unsafe or too large, or no archive. `folder` does not exist then.
    FileExistsError
        If `folder` exists.
    """
    if folder.exists():
        raise FileExistsError(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.unpacking-", dir=folder.parent))
    try:
        with _readable(archive):
            _unpack_members(archive, temporary, limit)
        os.replace(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def _readable(archive: Path) -> Iterator[None]:
    """Turn whatever the standard library raises on a damaged archive into one `DataError`."""
    try:
        yield
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.errno in _DISK:
            raise
        raise DataError(
            archive,
            found=f"a damaged archive ({error})",
            expected="a complete zip or tar archive",
            todo="Remove it and download it again.",
        ) from None


#: What zipfile, tarfile and the decompressors raise on bytes that are not what they should be.
_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    ValueError,
    OverflowError,
)
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO)


def _unpack_members(archive: Path, folder: Path, limit: int) -> None:
    seen: set[str] = set()
    unpacked = 0
    for name, is_folder, opener in _members(archive):
        path = _safe_path(archive, name)
        if path is None:
            continue
        if is_folder:
            (folder / path).mkdir(parents=True, exist_ok=True)
            continue
        if str(path).casefold() in seen:
            raise _unsafe(archive, f"two members named '{name}'")
        seen.add(str(path).casefold())
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        with opener() as source, open(folder / path, "xb") as target:
            while piece := source.read(PIECE_BYTES):  # counted as read: a header may lie about the size
                unpacked += len(piece)
                if unpacked > limit:
                    raise _unsafe(archive, f"more than {limit:,} bytes when unpacked")
                target.write(piece)


def _members(archive: Path) -> Iterator[tuple[str, bool, Callable[[], IO[bytes]]]]:
    """(name, is a folder, opener) of each member; links, devices and encrypted members are refused."""
    with open(archive, "rb") as stream:
        is_zip = stream.read(2) == b"PK"
    if is_zip:
        with zipfile.ZipFile(archive) as bundle:
            for info in bundle.infolist():
                kind = stat.S_IFMT(info.external_attr >> 16)
                if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                    raise _unsafe(archive, f"'{info.filename}', a link or device")
                if info.flag_bits & 0x1:
                    raise _unsafe(archive, f"'{info.filename}', an encrypted member")
                yield info.filename, info.is_dir(), lambda info=info: bundle.open(info)
    else:
        with tarfile.open(archive) as bundle:
            for info in bundle:
                if not (info.isreg() or info.isdir()):
                    raise _unsafe(archive, f"'{info.name}', a link or device")
                yield info.name, info.isdir(), lambda info=info: bundle.extractfile(info)


def _safe_path(archive: Path, name: str) -> PurePosixPath | None:
    """The member's path below the folder; None for the folder itself and for Macintosh resource forks."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or any(":" in p or "\0" in p for p in path.parts):
        raise _unsafe(archive, f"'{name}', a path out of the folder")
    return None if not path.parts or path.parts[0] == "__MACOSX" else path


def _unsafe(archive: Path, found: str) -> DataError:
    return DataError(
        archive,
        found=found,
        expected="an archive of plain files below one folder",
        todo="Nothing was unpacked. Do not trust this copy; download it from the publisher.",
    )
