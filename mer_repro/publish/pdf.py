"""The book as one PDF, for reading away from a screen: the running text with its open tables and figures.

Jupyter Book puts all pages on one (its ``singlehtml`` builder), what is folded there is left out, and an installed
Chromium prints it. Records and code stay in the HTML book.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from mer_repro import paths
from mer_repro.errors import BookError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
LEFT_OUT = ("records", "code", "ledgers", "data_sets", "add_a_paper", "audit_here")
NOTE = "What is folded in the HTML book, its records, ledgers and code are left out here."
#: The page's own layout is for screens: side bars, wide margins, large letters.
STYLE = """
@page { size: A4; margin: 16mm 14mm; }
html { font-size: 11px; }
:is(.bd-sidebar-primary, .bd-sidebar-secondary, .bd-header-article, .prev-next-footer) { display: none !important; }
:is(.bd-footer, .mer-foot) { display: none !important; }
.bd-main .bd-content .bd-article-container, .bd-container__inner { max-width: none !important; padding: 0 !important; }
h1 { break-before: page; } figure, tr, img { break-inside: avoid; }
.bd-article table.mer-table { font-size: 0.8rem; }
.bd-article table.mer-verdicts { table-layout: auto; }
.bd-article table.mer-verdicts :is(th, td):nth-child(n + 5) { display: none; }
"""


def write(source: Path, target: Path) -> Path:
    """Print the staged book below `source` into the file `target`.

    Raises
    ------
    BookError
        If there is no Chromium, or Jupyter Book or the browser fails.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise BookError("A PDF needs Chromium or Chrome, and there is none here; on Debian: apt-get install chromium")
    page = _one_page(source, target.parent / "one_page")
    trim(page)
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    _run([*command, f"--print-to-pdf={target}", page.as_uri()], "the browser")
    return target


def _one_page(source: Path, folder: Path) -> Path:
    """Build all pages but those left out as one; the table of contents is made for it."""
    import yaml

    outline = yaml.safe_load((paths.PROJECT / "_toc.yml").read_text(encoding="utf-8"))
    for part in outline["parts"]:
        part["chapters"] = [chapter for chapter in part["chapters"] if chapter["file"] not in LEFT_OUT]
    folder.mkdir(parents=True, exist_ok=True)
    contents = folder / "_toc.yml"
    contents.write_text(yaml.safe_dump(outline, sort_keys=False), encoding="utf-8")
    command = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", str(source)]
    command += ["--config", str(paths.PROJECT / "_config.yml"), "--toc", str(contents)]
    _run([*command, "--path-output", str(folder), "--builder", "singlehtml", "--quiet"], "Jupyter Book")
    return folder / "_build" / "singlehtml" / f"{outline['root']}.html"


def trim(page: Path) -> None:
    """Leave out scripts and what is folded, and lay the page out for paper."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    for element in soup.select("script, .cell.tag_hide-cell, details.hide, details.sd-dropdown"):
        element.decompose()
    style = soup.new_tag("style")
    style.string = STYLE
    soup.head.append(style)
    said = soup.new_tag("p")
    said.string = NOTE
    first = soup.find("h1")
    first["style"] = "break-before: avoid"
    first.insert_after(said)
    page.write_text(str(soup), encoding="utf-8")


def _run(command: list[str], who: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800)
    if done.returncode:
        raise BookError(f"No PDF: {who} fails.\n" + (done.stdout + done.stderr)[-2000:])
