"""One room a paper: what it states (claims.yaml), its networks (model.py) and its experiments (study.py)."""

from __future__ import annotations

from pathlib import Path

from mer_repro.errors import require_choice

ROOMS = Path(__file__).parent


def paper_keys() -> list[str]:
    """Citation keys of all papers: the folders here that hold a ``claims.yaml``."""
    return sorted(folder.name for folder in ROOMS.iterdir() if (folder / "claims.yaml").is_file())


def require_paper(key: str) -> str:
    """Return `key` if it is a paper of this study; raise `ParameterError` naming the nearest one if not."""
    return require_choice("paper", key, paper_keys())


def claims_file(key: str) -> Path:
    """The ledger of one paper."""
    return ROOMS / require_paper(key) / "claims.yaml"
