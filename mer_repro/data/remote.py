"""Official copies of the data sets: downloads that resume, checksums that stick, archives that cannot escape.

Nothing here runs unless a user asks for it (`fetch`). An archive that a user had to fetch by hand and has put beside
the other data sets is checked and unpacked like one that was downloaded. A download is continued where it broke off,
compared with the published size and checksum, and unpacked into a temporary folder that takes its final name only when
every file of the set is in place. A checksum nobody published is recorded on first use in ``checksums.json`` of the
user cache; from then on a different file is an error.
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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from types import ModuleType

from mer_repro.data import copies
from mer_repro.data.base import Remote, file_digest, write_atomically
from mer_repro.data.registry import DATASETS, dataset_module
from mer_repro.errors import DataError, DataMissing, DownloadError, require_choice
from mer_repro.paths import cache_home, data_home

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
    module = dataset_module(name)
    remotes = module.REMOTES
    for part in parts:
        require_choice(f"part of {name}", part, {remote.part for remote in remotes.values() if remote.part})
    wanted = {key: remote for key, remote in remotes.items() if not remote.part or remote.part in parts}
    home = home or cache_home() / "data"
    folder = home / (DATASETS[name].folder or name)
    downloads = home / ".downloads" / name
    with _only_one_process(home / f".{folder.name}.lock"):
        missing = {key: remote for key, remote in wanted.items() if key not in _receipt(folder, name)}
        placed = _placed_by_hand(name, module, folder, missing)
        if missing:
            received = {
                key: _take(placed[key], remote, downloads)
                if key in placed
                else download(remote, downloads, progress=progress)
                for key, remote in missing.items()
            }
            _install(folder, downloads, missing, module, placed)
            _record_checksums(file for file in received.values() if file["address"])
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


def _placed_by_hand(name: str, module: ModuleType, folder: Path, missing: dict[str, Remote]) -> dict[str, Path]:
    """The archives that a person has put in place, by remote; drops from `missing` the files that lie ready there.

    Raises DataMissing, with the steps to take, where a person has yet to act.
    """
    homes = [place for place in (folder.parent, data_home()) if place is not None]
    names = [folder.name, name, *module.NAMES]
    searched = [place for home in homes for place in (*copies.named(home, names), home)]
    placed, steps = {}, []
    for key, remote in list(missing.items()):
        if remote.address:
            continue
        as_file = (folder / remote.filename).is_file() and not remote.filename.endswith(copies.ARCHIVES)
        if as_file or (not remote.part and any(not copies.missing(module, inner) for inner in copies.folders(folder))):
            del missing[key]
        elif archive := _archive(searched, homes, remote.filename):
            placed[key] = archive
        else:
            steps.append(f"{remote.manual} -> {folder / remote.filename}")
    if steps:
        numbered = "\n".join(f"  {number}. {step}" for number, step in enumerate(steps, 1))
        raise DataMissing(
            f"'{name}' cannot be downloaded by a program. Do this once, then run the command again, which checks and"
            f" unpacks archives:\n{numbered}\nAny other folder works too: put the files into FOLDER/{folder.name} and"
            " set MER_REPRO_DATA=FOLDER."
        )
    return placed


def _archive(searched: Sequence[Path], homes: Sequence[Path], filename: str) -> Path | None:
    """The file `filename` in the folders searched, or the only archive in one that is the set's own."""
    for place in searched:
        packed = [entry for entry in copies.listing(place) if entry.lower().endswith(copies.ARCHIVES)]
        if filename in packed:
            return place / filename
        if len(packed) == 1 and place not in homes:
            return place / packed[0]
    return None


def _take(archive: Path, remote: Remote, downloads: Path) -> dict:
    """As `download`, from a file that a person has fetched."""
    if remote.size is not None and archive.stat().st_size != remote.size:
        raise DataError(archive, found=f"{archive.stat().st_size} bytes", expected=f"{remote.size} bytes")
    if remote.checksum:
        _require_checksum(archive, remote.checksum)
    downloads.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(archive, downloads / remote.filename)
    return {"address": "", "size": archive.stat().st_size, "sha256": file_digest(archive)}


def _install(
    folder: Path, downloads: Path, remotes: Mapping[str, Remote], module: ModuleType, placed: Mapping[str, Path]
) -> None:
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
            if remote.unpack_to is None and key not in placed:
                target = complete / remote.filename
                target.parent.mkdir(parents=True, exist_ok=True)
                os.replace(source, target)
                continue
            try:
                unpack(source, staging / key)
                for path, expected in remote.contents.items():
                    _require_checksum(staging / key / path, expected)
                if key in placed and not remote.part:
                    _require_copy(placed[key], staging / key, module)
            except DataError:
                source.unlink()  # so that the next call downloads it again
                raise
            _merge(staging / key, complete / (remote.unpack_to or "."))
        if folder.exists():
            _merge(complete, folder)
        else:
            os.replace(complete, folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _require_copy(archive: Path, unpacked: Path, module: ModuleType) -> None:
    """An archive that a person has put in place must hold what the loader reads."""
    lacking = min((copies.missing(module, inner) for inner in copies.folders(unpacked)), key=len)
    if lacking:
        raise DataError(
            archive,
            found="an archive without " + ", ".join(f"'{name}'" for name in lacking),
            expected="the data set's files",
            todo="Is it the right archive? Nothing was unpacked.",
        )


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

    Refused: paths out of the folder, links and devices, encrypted members, more than `limit` bytes. Macintosh resource
    forks (``__MACOSX``) are left out.

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
        with open(archive, "rb") as stream:
            is_zip = stream.read(2) == b"PK"
        (_unpack_zip if is_zip else _unpack_tar)(archive, temporary, limit)
        os.replace(temporary, folder)
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.errno in _DISK:
            raise
        raise DataError(
            archive,
            found=f"a damaged archive ({error})",
            expected="a complete zip or tar archive of plain files below one folder",
            todo="Nothing was unpacked. Remove it and download it again.",
        ) from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


#: What zipfile, tarfile and the decompressors raise on bytes that are not what they should be. RuntimeError: encrypted.
_DAMAGE = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error, EOFError, RuntimeError)
_DAMAGE += (OSError, ValueError, OverflowError)
#: Errors of the disk and not of the archive.
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO)


def _unpack_zip(archive: Path, folder: Path, limit: int) -> None:
    with zipfile.ZipFile(archive) as bundle:
        members = [info for info in bundle.infolist() if not info.filename.startswith("__MACOSX")]
        for info in members:
            # zipfile would unpack these beside where they point to: such an archive is not what was published.
            path = PurePosixPath(info.filename.replace("\\", "/"))
            outside = path.is_absolute() or ".." in path.parts or ":" in info.filename
            if outside or stat.S_ISLNK(info.external_attr >> 16):
                raise zipfile.BadZipFile(f"'{info.filename}', a link or a path out of the folder")
        _refuse_too_large(archive, sum(info.file_size for info in members), limit)
        bundle.extractall(folder, members)


def _unpack_tar(archive: Path, folder: Path, limit: int) -> None:
    with tarfile.open(archive) as bundle:
        members = [info for info in bundle if not info.name.startswith("__MACOSX")]
        for info in members:
            if info.issym() or info.islnk():
                raise tarfile.TarError(f"'{info.name}', a link")
        _refuse_too_large(archive, sum(info.size for info in members), limit)
        bundle.extractall(folder, members, filter="data")


def _refuse_too_large(archive: Path, size: int, limit: int) -> None:
    if size > limit:
        raise DataError(
            archive,
            found=f"{size:,} bytes when unpacked",
            expected=f"at most {limit:,}",
            todo="Nothing was unpacked. Do not trust this copy; download it from the publisher.",
        )
