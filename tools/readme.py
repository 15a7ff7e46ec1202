"""Write the main findings into the README and their picture beside the book; run it when records or ledgers changed.

Usage: python tools/readme.py
"""

from __future__ import annotations

import re
from pathlib import Path

from mer_repro.publish import findings

ROOT = Path(__file__).resolve().parent.parent
PICTURE = "book/_static/findings.svg"
MARKS = "<!-- findings: written by tools/readme.py -->", "<!-- end of findings -->"


def section() -> str:
    """The README's findings with their picture, marks included."""
    said = "\n".join(f"{n}. {sentence}" for n, sentence in enumerate(findings.sentences(), 1))
    return f"{MARKS[0]}\n{said}\n\n![{findings.description()}]({PICTURE})\n{MARKS[1]}"


def main() -> None:
    """See the module's docstring."""
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    start, end = text.index(MARKS[0]), text.index(MARKS[1]) + len(MARKS[1])
    readme.write_text(text[:start] + section() + text[end:], encoding="utf-8")
    picture = re.sub(r"[ \t]+$", "", findings.picture(), flags=re.MULTILINE)
    (ROOT / PICTURE).write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
