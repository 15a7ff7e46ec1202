"""One look for every picture: a palette safe for colour-blind readers, vector output, a description for each.

A figure reaches a page through `described`, which returns an object that notebooks show as SVG with alternative text;
a picture without a description cannot get into the book by that way.
"""

from __future__ import annotations

import base64
import html
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Okabe and Ito's palette (2008), told apart under the common colour-vision deficiencies.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
#: What the papers state is drawn in one colour on every page, what we measured in others.
STATED = "#D55E00"
MEASURED = "#0072B2"
MUTED = "#6E6E6E"


@dataclass(frozen=True)
class DescribedFigure:
    """A finished picture: SVG text, alternative text, optional caption."""

    svg: str
    alt: str
    caption: str = ""

    def _repr_html_(self) -> str:
        image = base64.b64encode(self.svg.encode()).decode()
        caption = f"<figcaption>{html.escape(self.caption)}</figcaption>" if self.caption else ""
        return (
            f'<figure class="mer-figure"><img alt="{html.escape(self.alt, quote=True)}" '
            f'src="data:image/svg+xml;base64,{image}">{caption}</figure>'
        )


def use_style() -> None:
    """Set the house style for the figures drawn from now on."""
    import matplotlib as mpl
    import seaborn as sns

    sns.set_theme(context="notebook", style="whitegrid", palette=PALETTE)
    mpl.rcParams.update(
        {
            "figure.dpi": 100,
            "figure.constrained_layout.use": True,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlelocation": "left",
            "grid.color": "#E3E3E3",
            "legend.frameon": False,
            "svg.fonttype": "path",
            # The same data give the same bytes: pictures are committed inside notebooks.
            "svg.hashsalt": "mer_repro",
        }
    )


def described(figure: Figure, alt: str, caption: str = "") -> DescribedFigure:
    """Turn a matplotlib figure into SVG with alternative text, and close it.

    Raises
    ------
    ValueError
        If `alt` is empty.
    """
    import matplotlib.pyplot as plt

    if not alt.strip():
        raise ValueError("Every picture needs a description for readers who cannot see it.")
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None}, bbox_inches="tight")
    plt.close(figure)
    return DescribedFigure(buffer.getvalue(), alt, caption)
