"""Fidelity tables: every detail a paper states about its networks and their training, and what became of it here.

Each ``papers/<key>/model.py`` has a module-level ``FIDELITY``, a list of `Detail`; the chapter shows it by `as_frame`.
A detail that no implementation can follow is listed, too: ``possible=False`` and the reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

#: What stands under "stated" where a network needs a value that the paper does not give.
UNSTATED = "not stated"
#: Words of a paper that a detail may quote: enough to find the line, too few to read instead of the paper.
LONGEST_QUOTE = 8


@dataclass(frozen=True)
class Detail:
    """One detail of a network or its training.

    Attributes
    ----------
    detail : what it is about, a few words.
    where : section, equation, table or file that states it.
    stated : the value as printed, or our paraphrase where it is not a number; `UNSTATED` where there is none.
    done : what the rebuilt network does.
    why : the reason, where `done` is not simply `stated`.
    possible : False if no implementation can follow the detail as stated.
    claims : ids in the paper's ledger of the numbers that `stated` repeats, each exactly as printed.
    quote : at most `LONGEST_QUOTE` words of the line that bears out `stated`, or next to which a value would stand that
        is not stated: enough to find the place.
    """

    detail: str
    where: str
    stated: str
    done: str
    why: str = ""
    possible: bool = True
    claims: tuple[str, ...] = ()
    quote: str = ""


def as_frame(rows: Iterable[Detail]) -> pd.DataFrame:
    """The rows as a table for readers: detail, where, stated, what we did, why, possible ("yes" or "no")."""
    import pandas as pd

    frame = pd.DataFrame([asdict(row) for row in rows]).drop(columns=["claims", "quote"])
    frame["possible"] = frame["possible"].map({True: "yes", False: "no"})
    return frame.rename(columns={"done": "what we did"})
