"""The licence of every package that the locks install, as the installed packages state it.

Usage: python tools/licences.py [--json]
"""

from __future__ import annotations

import json
import re
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-torch.lock", "requirements-extra.lock")
UNSTATED = "not stated"


def pinned() -> list[str]:
    """Names of all packages of the locks."""
    texts = [(ROOT / lock).read_text() for lock in LOCKS]
    return sorted({name for text in texts for name in re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE)})


def licence(name: str) -> str | None:
    """A package's licence: its SPDX expression, else its classifiers, else its field; None if it is not installed."""
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return None
    if expression := about.get("License-Expression"):
        return expression
    classifiers = [
        value.rpartition("::")[2].strip() for value in about.get_all("Classifier") or [] if "License" in value
    ]
    stated = (about.get("License") or "").strip().partition("\n")[0]
    # A whole licence text in the field begins with its name.
    return ", ".join(dict.fromkeys(each for each in classifiers if each != "OSI Approved")) or stated or UNSTATED


def main() -> None:
    """See the module's docstring."""
    found = {name: licence(name) for name in pinned()}
    installed = {name: stated for name, stated in found.items() if stated is not None}
    if "--json" in sys.argv[1:]:
        print(json.dumps(installed, indent=1))
        return
    for name, stated in installed.items():
        print(f"{name:<32} {metadata.version(name):<16} {stated}")
    elsewhere = sorted(found.keys() - installed.keys())
    if elsewhere:
        print(f"Not installed here (other platforms, extras): {', '.join(elsewhere)}")


if __name__ == "__main__":
    main()
