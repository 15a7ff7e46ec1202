"""What the data sets about the Million Song Dataset share: its track ids, and the songs that several sets have."""

from __future__ import annotations

import re

TRACK_ID = re.compile(r"TR[A-Z]{5}[0-9A-F]{11}", re.ASCII)


def generated_track_id(number: int) -> str:
    """A well-formed but made-up track id: the same for the same number, so that twins share songs."""
    letters = "".join(chr(ord("A") + number // 26**power % 26) for power in range(4, -1, -1))
    return f"TR{letters}{number:07X}0000"
