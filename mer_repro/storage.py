"""Files that several processes share: written whole or not at all, and locks that die with their holder."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
import uuid
from pathlib import Path


def write_atomically(
    path: Path, content: bytes | memoryview, *, durable: bool = True, through: Path | None = None
) -> None:
    """All of `content` under `path`, or nothing: a temporary file takes its name when it is whole.

    Parameters
    ----------
    durable : also wait for the disk, so that not even a power cut leaves a torn file under the name.
    through : folder of the temporary file, on the same file system; by default the file's own.

    Raises
    ------
    OSError
        If the disk refuses; what was there before is there still.
    """
    temporary = (through or path.parent) / f".{path.stem}.{uuid.uuid4().hex}.tmp"
    temporary.parent.mkdir(parents=True, exist_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with temporary.open("wb") as handle:
            handle.write(content)
            handle.flush()
            if durable:
                os.fsync(handle.fileno())
        temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    if durable:
        _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def lock(path: Path, *, wait: bool) -> int | None:
    """The descriptor of an exclusively locked file at `path`, or None where another process holds it and not `wait`.

    To let go, remove the file and close the descriptor, in this order. A file system without locks locks nothing.

    Raises
    ------
    OSError
        If the file cannot be made.
    """
    import fcntl

    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(handle)
            return None
        except OSError as error:
            if error.errno not in (errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK):
                os.close(handle)
                raise
        # The holder before us removed the file as it left: then ours is no longer the one at `path`.
        with contextlib.suppress(FileNotFoundError):
            if os.fstat(handle).st_ino == path.stat().st_ino:
                return handle
        os.close(handle)


def spare_home() -> Path:
    """The user's own folder for temporary files, which stands in for a cache that cannot be written.

    Raises
    ------
    PermissionError
        If another user holds its name.
    """
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    folder = Path(tempfile.gettempdir()) / f"mer_repro-{user}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if hasattr(os, "getuid") and folder.lstat().st_uid != user:
        raise PermissionError(errno.EACCES, "belongs to another user", str(folder))
    return folder
