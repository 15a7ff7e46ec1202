"""One look for every picture: a palette safe for colour-blind readers, vector output, a description for each.

A figure reaches a page through `described`, which returns an object that notebooks show as SVG with alternative text;
a picture without a description cannot get into the book by that way.
"""

from __future__ import annotations

import html
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Okabe and Ito's palette (2008), told apart under the common colour-vision deficiencies, without its two oranges: one
#: is the papers' alone, the other too like it. The last two are Tol's (2021).
PALETTE = ("#0072B2", "#009E73", "#CC79A7", "#56B4E9", "#000000", "#882255", "#999933")
#: What the papers state is drawn in one colour on every page, what we measured in others.
STATED = "#D55E00"
MEASURED = "#0072B2"
MUTED = "#6E6E6E"


@dataclass(frozen=True)
class Choice:
    """What a reader may choose of a picture; without scripts it shows one part, and no control.

    Attributes
    ----------
    label : what is chosen. names : the name of each part. shown : the number of the part shown at first.
    slider : whether the parts are steps of one quantity.
    """

    label: str
    names: tuple[str, ...]
    shown: int = 0
    slider: bool = False

    def control(self) -> str:
        """HTML of the control, hidden until a script shows it."""
        names = [html.escape(name) for name in self.names]
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
        return f'<p class="mer-control" hidden>{label}: {control}</p>'


@dataclass(frozen=True)
class DescribedFigure:
    """A finished picture.

    Attributes
    ----------
    svg : text of the picture, its letters as text; the parts of a `choice` are elements of class ``mer-choice``.
    alt : what it shows, for readers who cannot see it. title : its message. note : how to read it.
    """

    svg: str
    alt: str
    title: str
    note: str = ""
    choice: Choice | None = None

    def _repr_html_(self) -> str:
        alt = html.escape(self.alt, quote=True)
        kind, role = ("mer-figure mer-explorer", "group") if self.choice else ("mer-figure", "img")
        control = self.choice.control() if self.choice else ""
        note = f'<p class="mer-note">{html.escape(self.note)}</p>' if self.note else ""
        return (
            f'<figure class="{kind}"><figcaption>{html.escape(self.title)}</figcaption>{control}'
            f'<div class="mer-picture" role="{role}" aria-label="{alt}">{self.svg}</div>{note}</figure>'
        )


#: How an artist is marked as belonging to one of an explorer's parts, and what becomes of the mark in the SVG.
_PART = "mer-choice:"
_MARKED = re.compile(rf'<g id="{_PART}(\d+)(?:\|([^"]*))?">')


def part(number: int, says: str = "") -> str:
    """The group id (`set_gid`) of an artist that is seen only while part `number` is chosen; `says` is its hover."""
    return f"{_PART}{number}" + (f"|{says}" if says else "")


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
            "svg.fonttype": "none",
            # The same data give the same bytes.
            "svg.hashsalt": "mer_repro",
        }
    )


def described(figure: Figure, alt: str, title: str, note: str = "", choice: Choice | None = None) -> DescribedFigure:
    """Turn a matplotlib figure into SVG with a message and alternative text, and close it.

    With a `choice`, artists marked by `part` are seen only while their part is chosen.

    Raises
    ------
    ValueError
        If `alt` or `title` is empty.
    """
    if not alt.strip():
        raise ValueError("Every picture needs a description for readers who cannot see it.")
    if not title.strip():
        raise ValueError("Every picture needs a title that says its message.")
    svg = _svg(figure, salt=title)
    if choice:
        svg = _MARKED.sub(lambda mark: _chosen(mark, choice.shown), svg)
    return DescribedFigure(_bare(svg), alt, title, note, choice)


def _chosen(mark: re.Match, shown: int) -> str:
    hidden = "" if int(mark[1]) == shown else ' style="display: none"'
    hover = f"<title>{mark[2]}</title>" if mark[2] else ""
    return f'<g class="mer-choice" data-choice="{mark[1]}"{hidden}>{hover}'


def _svg(figure: Figure, salt: str) -> str:
    """SVG text; the same data and `salt` give the same bytes, and no two pictures of a page the same names."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    buffer = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": salt}):
        figure.savefig(buffer, format="svg", metadata={"Date": None}, bbox_inches="tight")
    plt.close(figure)
    svg = buffer.getvalue()
    return svg[svg.index("<svg") :]


def _bare(svg: str) -> str:
    """Without names that nothing refers to, and as large as the page has room, up to its own size."""
    used = set(re.findall(r'(?:href="|url\()#([^")]+)', svg))
    svg = re.sub(r' id="([^"]*)"', lambda name: name[0] if name[1] in used else "", svg)
    head, mark, body = svg.partition(">")
    width = re.search(r' width="([\d.]+)pt"', head)
    head = re.sub(r' (width|height)="[^"]*"', "", head)
    return f'{head} style="max-width: {float(width[1]):.0f}pt"{mark}{body}' if width else head + mark + body
