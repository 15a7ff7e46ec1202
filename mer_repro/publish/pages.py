"""A Sphinx extension: what every page of the book says of itself, and what its terms mean.

The first time that a page's running text uses a term of the glossary, its definition is at hand. A description for
search engines; below the text the version, the commit and the day that the page was written, how to cite it, and how to
report an error or answer as an author. A chapter's verdicts stand in its head a second time as ClaimReview records of
schema.org, taken from the table that people read.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from functools import cache
from html import escape, unescape
from typing import Any

from docutils import nodes

from mer_repro import __version__, paths

BOOK = "Music emotion, reproduced"
AUTHORS = "the mer_repro contributors"
LONGEST = 160
#: The columns of a table of verdicts that a ClaimReview repeats: its claim, its verdict, its reason.
CLAIM, VERDICT, REASON = "claim", "verdict", "because"
GLOSSARY = "glossary"
#: Terms that pages use in their plain sense as well: these are not marked.
EVERYDAY = ("Audit", "Claim", "Group", "Level", "Profile", "Protocol", "Record", "Verdict", "Could have seen")


def describe(doctree: nodes.document) -> str:
    """The first paragraph of a page's running text, cut at a word."""
    for paragraph in doctree.findall(nodes.paragraph):
        if isinstance(paragraph.parent, nodes.section):
            text = " ".join(paragraph.astext().split())
            return text if len(text) <= LONGEST else text[:LONGEST].rpartition(" ")[0] + " …"
    return ""


def reviews(doctree: nodes.document, work: str) -> list[dict[str, Any]]:
    """A ClaimReview for every row of the page's tables of verdicts; `work` is the title of the text that claims."""
    found = []
    for table in doctree.findall(nodes.table):
        if "mer-verdicts" not in table["classes"]:
            continue
        head, *body = ([_words(entry) for entry in row.findall(nodes.entry)] for row in table.findall(nodes.row))
        for row in body:
            cells = dict(zip([name.lower() for name in head], row, strict=True))
            found.append({
                "@context": "https://schema.org",
                "@type": "ClaimReview",
                "claimReviewed": cells[CLAIM],
                "itemReviewed": {"@type": "Claim", "appearance": {"@type": "ScholarlyArticle", "name": work}},
                "reviewRating": {"@type": "Rating", "alternateName": cells[VERDICT].partition(" ")[2]},
                "reviewBody": cells[REASON],
                "author": {"@type": "Organization", "name": AUTHORS},
            })  # fmt: skip
    return found


def _words(entry: nodes.entry) -> str:
    """What a reader sees in a cell: its links are raw HTML."""
    return unescape(re.sub(r"<[^>]+>", "", entry.astext())).strip()


@cache
def titles() -> dict[str, str]:
    """The titles of the works in the book's bibliography, by key."""
    from pybtex.database import parse_file

    entries = parse_file(str(paths.PROJECT / "book" / "references.bib")).entries
    return {key: entry.fields.get("title", key).replace("{", "").replace("}", "") for key, entry in entries.items()}


def citation(page: str, title: str, made: str, day: str) -> str:
    """BibTeX of one page."""
    key = "mer_repro_" + page.rpartition("/")[2]
    return (
        f"@incollection{{{key},\n  title = {{{title}}},\n  booktitle = {{{BOOK}}},\n  author = {{{{{AUTHORS}}}}},\n"
        f"  year = {{{day[:4]}}},\n  note = {{{made}, {day}, page {page}}}\n}}"
    )


@cache
def made_with() -> str:
    """Version and commit, as far as they are known; a commit with changes on top of it says so."""
    command = ["git", "describe", "--always", "--dirty=, with changes", "--exclude=*"]
    try:
        done = subprocess.run(command, cwd=paths.PROJECT, capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return f"mer_repro {__version__}"
    return f"mer_repro {__version__}, commit {done.stdout.strip()}"


def foot(page: str, title: str) -> str:
    """What stands below the text of a page."""
    made, day = made_with(), datetime.now(UTC).date().isoformat()
    up = "../" * page.count("/")
    return (
        f'<section class="mer-foot" aria-label="About this page"><p>{escape(made)}, {day}. '
        f'<a href="{up}how_to_read.html#corrections-and-answers">Report an error, or answer as an author</a> · '
        f'<a href="{up}changelog.html">What changed</a>{_made_by(page)}</p>'
        f"<details><summary>Cite this page</summary><pre>{escape(citation(page, title, made, day))}</pre></details>"
        "</section>"
    )


def _made_by(page: str) -> str:
    """The command that makes a page again which a notebook makes."""
    from mer_repro.publish.chapters import FOLDER

    name = page.replace(f"{FOLDER}/", "papers/")
    if name not in _notebooks():
        return ""
    return f" · Made by <code>mer-repro book --profile full --only {name}</code>"


@cache
def _notebooks() -> frozenset[str]:
    """Names of the book's notebooks, read once for all pages."""
    from mer_repro.publish.build import notebooks

    return frozenset(notebook.name for notebook in notebooks())


def explain(app: Any, doctree: nodes.document, page: str) -> None:
    """Give the first mention of each term of the glossary in a page's running text its definition."""
    if page == GLOSSARY or page.startswith(("code/", "records/")) or GLOSSARY not in app.env.found_docs:
        return
    known = dict(definitions(app.env.get_doctree(GLOSSARY)))
    place = app.builder.get_relative_uri(page, GLOSSARY) if app.builder.format == "html" else ""
    for text in list(doctree.findall(nodes.Text)):
        if not _runs(text):
            continue
        found = next(_mentions(str(text), known), None)
        while found is not None:
            before, term, after = str(text)[: found.start()], found.group(), str(text)[found.end() :]
            anchor, meaning = known.pop(_key(term, known))
            link = f'<a class="mer-term" href="{place}#{anchor}" title="{escape(meaning)}">{escape(term)}</a>'
            rest = nodes.Text(after)
            text.parent.replace(text, [nodes.Text(before), nodes.raw("", link, format="html"), rest])
            text, found = rest, next(_mentions(after, known), None)


def definitions(glossary: nodes.document) -> Iterator[tuple[str, tuple[str, str]]]:
    """Term -> its anchor and its definition, of the terms that are not everyday words as well."""
    for item in glossary.findall(nodes.definition_list_item):
        term, meaning = next(item.findall(nodes.term)), next(item.findall(nodes.definition))
        if (word := term.astext()) not in EVERYDAY:
            yield word, (term["ids"][0], " ".join(meaning.astext().split()))


def _runs(text: nodes.Text) -> bool:
    """Whether a text is part of a paragraph, and not of a heading, a table, a link, code or HTML."""
    above, node = [], text.parent
    while node is not None:
        above.append(node)
        node = node.parent
    apart = (nodes.reference, nodes.literal, nodes.title, nodes.table, nodes.caption, nodes.math, nodes.term, nodes.raw)
    return any(isinstance(node, nodes.paragraph) for node in above) and not any(isinstance(n, apart) for n in above)


def _mentions(text: str, terms: Collection[str]) -> Iterator[re.Match]:
    """Places where a text has one of the terms as a word, singular or plural; abbreviations as they are written."""
    words = [re.escape(t) if t.isupper() or not t[0].isalpha() else f"(?i:{re.escape(t)}s?)" for t in terms]
    return re.finditer(rf"(?<![\w-])({'|'.join(words)})(?![\w²])", text) if words else iter(())


def _key(mention: str, terms: Collection[str]) -> str:
    return next(term for term in terms if mention.lower().rstrip("s") == term.lower().rstrip("s"))


def dress(_app: Any, page: str, _template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Add all of it to a page that has a text."""
    if doctree is None:
        return
    title = next(doctree.findall(nodes.title)).astext()
    said = [f'<meta name="description" content="{escape(text)}" />'] if (text := describe(doctree)) else []
    if found := reviews(doctree, titles().get(page.rpartition("/")[2], title)):
        text = json.dumps(found).replace("</", r"<\/")  # "</" would end the script
        said.append(f'<script type="application/ld+json">{text}</script>')
    context["metatags"] = context.get("metatags", "") + "\n".join(said)
    context["body"] += foot(page, title)


def setup(app: Any) -> dict[str, bool]:
    """Register the extension."""
    app.connect("doctree-resolved", explain)
    app.connect("html-page-context", dress, priority=800)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
