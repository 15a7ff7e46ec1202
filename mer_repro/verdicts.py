"""What reruns say of a paper's claims, in one vocabulary.

===============  ======================================================================================================
``supported``    our runs show what the claim says
``unsupported``  our runs show otherwise, or show that the claim's evidence arises without what the claim credits
``undecided``    our runs bear on the claim and cannot tell, or have not been made yet
``untestable``   deciding it needs something that nobody outside can have; the sentence says what
===============  ======================================================================================================

`unsupported` speaks of the evidence, not of the authors, and not of whether the claim is false.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    import pandas as pd

Judgement = Literal["supported", "unsupported", "undecided", "untestable"]
JUDGEMENTS: tuple[str, ...] = get_args(Judgement)


@dataclass(frozen=True)
class Verdict:
    """One claim, judged.

    Attributes
    ----------
    claim : the claim in one sentence, our words.
    about : ids of the ledger's claims and statements that it rests on.
    judgement : see the module's table.
    because : one sentence with the numbers that decide.
    records : ids of the run records that the numbers come from.
    """

    claim: str
    about: tuple[str, ...]
    judgement: Judgement
    because: str
    records: tuple[str, ...] = field(default=())


def as_frame(verdicts: list[Verdict]) -> pd.DataFrame:
    """The verdicts as a table: claim, verdict, because, ledger ids, number of records."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "claim": verdict.claim,
                "verdict": verdict.judgement,
                "because": verdict.because,
                "ledger": ", ".join(verdict.about),
                "runs": len(verdict.records),
            }
            for verdict in verdicts
        ]
    )
