"""Errors that a user can act on: what was found, what was expected, what to do.

Every error raised on bad input derives from `MerReproError`; the command line prints its message without a
traceback and exits with status 2. Programming errors stay ordinary Python exceptions.
"""

from __future__ import annotations

import difflib
import errno
import functools
from collections.abc import Iterable
from pathlib import Path


class MerReproError(Exception):
    """Base of all errors about input, parameters or recorded files."""


class ParameterError(MerReproError):
    """A parameter, profile, device, paper or data set that does not exist or is out of range."""


class BookError(MerReproError):
    """A notebook that fails, or a book that does not build without warnings."""


class LedgerError(MerReproError):
    """A claims.yaml that breaks its schema."""


class RecordError(MerReproError):
    """A run record that cannot be read or does not say what its name says."""


class DataError(MerReproError):
    """A data file that is not what its documentation promises.

    Parameters
    ----------
    path : file that was read.
    found, expected : one clause each, for the sentence "found ..., expected ...".
    line : 1-based line in the file, where one line is to blame.
    todo : what the reader can do about it.
    """

    def __init__(
        self, path: Path | str, *, found: str, expected: str, line: int | None = None, todo: str | None = None
    ):
        self.path, self.line, self.found, self.expected, self.todo = Path(path), line, found, expected, todo
        place = f"{path}, line {line}" if line is not None else f"{path}"
        super().__init__(f"{place}: found {found}; expected {expected}." + (f" {todo}" if todo else ""))

    def __reduce__(self):
        # Exceptions pickle their message alone; the keywords must survive the way back from a worker process.
        keywords = {"found": self.found, "expected": self.expected, "line": self.line, "todo": self.todo}
        return functools.partial(type(self), **keywords), (self.path,)


class DataWarning(UserWarning):
    """Data that can be read, with something about it that the reader should know."""


class DataMissing(MerReproError):
    """A data set of which there is no copy where the lookup order searches."""


class DownloadError(MerReproError):
    """A file that could not be downloaded: no connection, no such address, broken off."""


class PackageMissing(MerReproError):
    """An optional package or a pretrained model that is not installed here."""


#: What the reader of "Cannot use <file>: <reason>" can do about it.
_CURES = {
    errno.EACCES: "Change its permissions, or name a place of your own.",
    errno.EPERM: "Change its permissions, or name a place of your own.",
    errno.EROFS: "Name a place that can be written.",
    errno.ENOSPC: "Free some space; what was finished is kept, and the same command goes on from there.",
    errno.EDQUOT: "Free some of your quota; what was finished is kept, and the same command goes on from there.",
    errno.ELOOP: "Mend the symbolic link.",
    errno.EMFILE: "Raise the limit of open files (ulimit -n).",
}


def explained(error: OSError) -> str:
    """An error of the operating system as one line: which file, what is wrong with it, what can be done."""
    reason = error.strerror or " ".join(str(error).split()) or type(error).__name__
    files = [str(name) for name in (error.filename, error.filename2) if name is not None]
    subject = f"Cannot use {' and '.join(files)}: {reason}" if files else reason
    return f"{subject.rstrip('.')}. {_CURES.get(error.errno, '')}".rstrip()


def closest(word: str, valid: Iterable[str]) -> str:
    """The clause " Did you mean '...'?" for the nearest valid choice; "" where none is close."""
    close = difflib.get_close_matches(word, sorted(valid), n=1, cutoff=0.5)
    return f" Did you mean '{close[0]}'?" if close else ""


def nearest(word: str, valid: Iterable[str]) -> str:
    """The clause that names the valid choices and, where one is close, the nearest: ' (did you mean ...?)'."""
    valid = sorted(valid)
    return f"{closest(word, valid)} Valid: {', '.join(valid)}."


def require_choice(kind: str, word: str, valid: Iterable[str]) -> str:
    """Return `word` if it is one of `valid`; raise `ParameterError` that names the nearest valid one if not."""
    valid = list(valid)
    if word not in valid:
        raise ParameterError(f"Unknown {kind} '{word}'.{nearest(word, valid)}")
    return word
