"""One look for every picture: a palette safe for colour-blind readers, vector output, a description for each.

A figure reaches a page through `described`, which returns an object that notebooks show as SVG with alternative text;
a picture without a description cannot get into the book by that way.
"""

from __future__ import annotations

import base64
import html
import io
import re
from collections.abc import Sequence
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


@dataclass(frozen=True)
class Explorer:
    """A picture of which a reader chooses a part; without scripts it shows one part, and no control.

    Attributes
    ----------
    svg : text of the picture, its parts as elements of class ``mer-choice``.
    label : what is chosen. choices : the name of each part. shown : the number of the part shown at first.
    slider : whether the choices are steps of one quantity.
    """

    svg: str
    alt: str
    caption: str
    label: str
    choices: tuple[str, ...]
    shown: int = 0
    slider: bool = False

    def _repr_html_(self) -> str:
        names = [html.escape(name) for name in self.choices]
        label = html.escape(self.label)
        if self.slider:
            control = (
                f'<input type="range" min="0" max="{len(names) - 1}" value="{self.shown}" aria-label="{label}"'
                f' data-names="{"|".join(names)}"> <output>{names[self.shown]}</output>'
            )
        else:
            marked = {self.shown: " selected"}
            options = "".join(f'<option value="{n}"{marked.get(n, "")}>{name}</option>' for n, name in enumerate(names))
            control = f'<select aria-label="{label}">{options}</select>'
        return (
            f'<figure class="mer-figure mer-explorer"><p class="mer-control" hidden>{label}: {control}</p>'
            f'<div class="mer-picture" tabindex="0" role="group" aria-label="{html.escape(self.alt, quote=True)}">'
            f"{self.svg}</div><figcaption>{html.escape(self.caption)}</figcaption></figure>"
        )


#: How an artist is marked as belonging to one of an explorer's parts, and what becomes of the mark in the SVG.
_PART = "mer-choice:"
_MARKED = re.compile(rf'<g id="{_PART}(\d+)(?:\|([^"]*))?">')


def part(number: int, says: str = "") -> str:
    """The group id (`set_gid`) of an artist that is seen only while part `number` is chosen; `says` is its hover."""
    return f"{_PART}{number}" + (f"|{says}" if says else "")


def explorable(
    figure: Figure, alt: str, caption: str, label: str, choices: Sequence[str], shown: int = 0, slider: bool = False
) -> Explorer:
    """Turn a figure whose artists are marked by `part` into a picture with a control, and close it; see `Explorer`.

    Raises
    ------
    ValueError
        If `alt` is empty.
    """
    import matplotlib as mpl

    _require(alt)
    with mpl.rc_context({"svg.fonttype": "none"}):
        svg = _svg(figure)

    def unmark(match: re.Match) -> str:
        hidden = "" if int(match[1]) == shown else ' style="display: none"'
        hover = f"<title>{match[2]}</title>" if match[2] else ""
        return f'<g class="mer-choice" data-choice="{match[1]}"{hidden}>{hover}'

    svg = _MARKED.sub(unmark, svg[svg.index("<svg") :])
    head, mark, body = svg.partition(">")
    # The page, not the file, says how large it is.
    svg = re.sub(r' (width|height)="[^"]*"', "", head) + mark + body
    return Explorer(svg, alt, caption, label, tuple(choices), shown, slider)


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
    _require(alt)
    return DescribedFigure(_svg(figure), alt, caption)


def _require(alt: str) -> None:
    if not alt.strip():
        raise ValueError("Every picture needs a description for readers who cannot see it.")


def _svg(figure: Figure) -> str:
    import matplotlib.pyplot as plt

    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None}, bbox_inches="tight")
    plt.close(figure)
    return buffer.getvalue()
