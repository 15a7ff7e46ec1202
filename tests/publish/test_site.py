"""The built book: a sixth paper from `mer-repro new` in it, its links, and how it fares in a real browser.

The book is built once, in a copy of the project, from the committed notebooks and the new paper's smoke run.
"""

import csv
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from filelock import FileLock

from mer_repro.audit import ledger
from mer_repro.publish import quantities

ROOT = Path(__file__).resolve().parents[2]
SIXTH = "smith2027"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_browser = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed; on Debian: apt-get install chromium"),
]


def in_copy(project, *arguments):
    """Run Python with the copied package; returns what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("MER_REPRO_DATA", None)
    # A pytest of its own, not a worker's child.
    environment = {name: value for name, value in environment.items() if not name.startswith("PYTEST_")}
    done = subprocess.run([sys.executable, *arguments], cwd=project, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def mer_repro(project, *words):
    return in_copy(project, "-c", "from mer_repro.cli import main; main()", *words)


def told_by_the_page():
    """The commands of book/add_a_paper.md, word for word, but for the last block: the full profile's real runs."""
    page = (ROOT / "book" / "add_a_paper.md").read_text(encoding="utf-8")
    *blocks, _ = re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    return [shlex.split(line, comments=True) for block in blocks for line in block.splitlines()]


def follow(project, command):
    """One command of the page, in the copy."""
    program, *words = command
    assert program in (".venv/bin/mer-repro", ".venv/bin/python"), command
    return mer_repro(project, *words) if program.endswith("mer-repro") else in_copy(project, *words)


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    """A copy of the project in which the page was followed up to its tests; shared by all workers of pytest-xdist."""
    base = tmp_path_factory.getbasetemp()
    copy = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "site-project"
    finished = copy.with_suffix(".finished")
    with FileLock(copy.with_suffix(".lock")):
        if not finished.exists():
            shutil.rmtree(copy, ignore_errors=True)
            left_out = shutil.ignore_patterns(
                ".venv", "_build", ".git", "predictions", "weights", "__pycache__", ".*_cache"
            )
            shutil.copytree(ROOT, copy, ignore=left_out)
            for command in told_by_the_page():
                if "pytest" not in command:
                    follow(copy, command)
            finished.touch()
    return copy


@pytest.fixture(scope="session")
def site(project):
    """The folder of the built book."""
    return project / "_build" / "html"


def pages(site):
    """Every page but index.html, which only leads on to the first one."""
    found = {path.relative_to(site).as_posix() for path in site.rglob("*.html") if "_static" not in path.parts}
    return sorted(found - {"index.html"})


# A sixth paper ----------------------------------------------------------------------------------------------------


def test_a_new_paper_is_run_audited_and_in_the_book(project, site):
    records = json.loads(mer_repro(project, "records", SIXTH, "--profile", "smoke", "--json"))
    assert {record["variant"]: record["state"] for record in records} == {
        "global_mean": "recorded",
        "network": "recorded",
    }
    assert all(record["data"] == "twin" and record["metrics"]["rmse"] > 0 for record in records)
    (check,) = json.loads(mer_repro(project, "audit", SIXTH, "--json"))
    assert check["verdict"] == "consistent"
    assert "Deep Moods" in (site / f"papers/{SIXTH}.html").read_text()
    evidence = (site / f"evidence/{SIXTH}.html").read_text()
    assert re.search(r"<p>deam \(twin\)</p></td>\s*<td><p>\w+</p></td>\s*<td><p>network</p>", evidence)
    assert f"papers/{SIXTH}.html" in (site / "intro.html").read_text()


def test_the_generic_tests_know_a_new_paper_at_once(project):
    (command,) = [command for command in told_by_the_page() if "pytest" in command]
    said = follow(project, [*command, "-q", "-p", "no:cacheprovider", "-rA"])
    assert len(re.findall(rf"^PASSED .*{SIXTH}", said, re.MULTILINE)) >= 5, said
    assert "::test_every_paper_of_the_study_has_a_sound_ledger" in said


@pytest.mark.slow
def test_all_tests_pass_with_a_sixth_paper(project, tmp_path):
    """`make test` in the copy, but for the tests that make such copies themselves, and for the style check's set-up."""
    again = tmp_path / "project"
    shutil.copytree(project, again)
    # Whoever adds a paper works in a clone, where there is a commit to come back to.
    someone = ("-c", "user.name=Someone", "-c", "user.email=someone@example.org")
    for words in (("init", "-q"), ("add", "-A"), (*someone, "commit", "-q", "-m", "a sixth paper")):
        subprocess.run(["git", *words], cwd=again, check=True)
    in_copy(again, "-m", "ruff", "check", "--quiet", ".")
    left_out = ["--ignore=tests/publish/test_site.py", "-p", "no:cacheprovider", "-q", "-n", "2"]
    in_copy(again, "-m", "pytest", *left_out)
    in_copy(again, "-m", "pytest", *left_out, "--nbval-lax", "--nbval-current-env", f"book/papers/{SIXTH}.ipynb")


# One quantity, one value -------------------------------------------------------------------------------------------

#: What a new ledger adds to on the front page at once, and in the critique and the audit when they are executed again.
GROWS = ("checks of the papers' numbers", "checks that find numbers", "numbers in all ledgers")


def test_no_two_places_print_different_values_of_one_thing(project, site):
    shown = json.loads((project / "_build" / "links.json").read_text())
    differ = [line for line in quantities.several(shown, site) if not any(f"fact {name}" in line for name in GROWS)]
    assert not differ, "\n".join(differ)


# Links ------------------------------------------------------------------------------------------------------------


class Anatomy(HTMLParser):
    """Ids, links and loaded files of a page."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.loads, self.images = set(), [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.ids |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag in ("img", "script", "iframe", "source") and given.get("src"):
            self.loads.append(given["src"])
        if (
            tag == "link"
            and given.get("href")
            and given.get("rel") in ("stylesheet", "preload", "icon", "shortcut icon")
        ):
            self.loads.append(given["href"])
        if tag == "img":
            self.images.append(given)


@cache
def anatomy(path):
    return Anatomy(path.read_text(encoding="utf-8"))


def test_no_link_is_broken_and_nothing_is_loaded_from_elsewhere(site):
    broken = []
    for page in pages(site):
        parts = anatomy(site / page)
        for address in [*parts.links, *parts.loads]:
            split = urlsplit(address)
            if split.scheme in ("data", "mailto") or (split.scheme in ("http", "https") and address in parts.links):
                continue
            target = (site / page).parent / unquote(split.path) if split.path else site / page
            if split.scheme or not target.exists():
                broken.append(f"{page}: {address}")
            elif split.fragment and target.suffix == ".html" and unquote(split.fragment) not in anatomy(target).ids:
                broken.append(f"{page}: {address} (no such place)")
    assert not broken, "\n".join(sorted(set(broken))[:40])


def test_every_picture_has_a_description(site):
    for page in pages(site):
        for image in anatomy(site / page).images:
            assert image.get("alt", "").strip() or ("alt" in image and "logo" in image.get("class", "")), (page, image)


# In the browser ---------------------------------------------------------------------------------------------------


#: A machine that is busy with sweeps takes its time.
PATIENCE_MS = 120_000


class Visit:
    """A page in a window of its own; remembers what it logs and asks for."""

    def __init__(self, browser, address, width=1280, scheme="light"):
        self.complaints, self.requests = [], []
        self.context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(address, wait_until="load")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.context.close()

    def unfold(self):
        """Open every folded table and figure, as a reader does one by one."""
        self.page.evaluate("document.querySelectorAll('details.hide').forEach(fold => fold.open = true)")


#: One page of every kind; axe takes seconds for each.
EXAMINED = {
    *("intro.html", "how_to_read.html", "glossary.html", "reproduce.html", "references.html", "search.html"),
    *(f"papers/{SIXTH}.html", "papers/gujar2026.html", "audit.html", "audit_here.html", "records/gujar2026.html"),
}
LOOKS = {"laptop": (1366, "light"), "wide": (1920, "light"), "dark phone": (390, "dark")}
#: Sites that pages may lead to.
ELSEWHERE = {
    *("doi.org", "github.com", "semver.org", "pyodide.org"),
    # Where data sets are published.
    *("cvml.unige.ch", "data.mendeley.com", "files.grouplens.org", "millionsongdataset.com", "mir.dei.uc.pt"),
    *("raw.githubusercontent.com", "www.kaggle.com", "www.tagtraum.com", "www2.projects.science.uu.nl", "zenodo.org"),
}
#: Tables that are cut off and do not say so, and words in tables that are broken in the middle.
LAID_OUT = """() => {
  const seen = [...document.querySelectorAll('article table')].filter(t => t.checkVisibility());
  const cut = seen.filter(t => {
    const box = t.closest('.pst-scrollable-table-container, .mer-scroll, .dt-container') || t.parentElement;
    return t.scrollWidth > box.clientWidth + 1 && !t.closest('.mer-goes-on');
  }).map(t => `cut-off table: ${t.textContent.trim().slice(0, 60)}`);
  const broken = new Set();
  for (const table of seen.filter(t => !t.matches('.searchable, .mer-records'))) {
    const walker = document.createTreeWalker(table, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.parentElement.closest('thead, caption, code')) continue;
      for (const word of node.data.matchAll(/\\p{L}{4,}/gu)) {
        const range = document.createRange();
        range.setStart(node, word.index);
        range.setEnd(node, word.index + word[0].length);
        const tops = new Set([...range.getClientRects()].map(r => Math.round(r.top)));
        if (tops.size > 1) broken.add(word[0]);
      }
    }
  }
  return [...cut, ...[...broken].map(word => `broken word: ${word}`)];
}"""


@pytest.mark.parametrize("look", LOOKS)
class TestEveryPage:
    pytestmark = needs_browser

    def test_is_quiet_self_contained_as_wide_as_the_window_and_accessible(self, site, browser, look):
        from axe_playwright_python.sync_playwright import Axe

        axe, faults = Axe(), []
        for name in pages(site):
            with Visit(browser, (site / name).as_uri(), *LOOKS[look]) as visit:
                faults += [f"{name} logs: {text}" for text in visit.complaints]
                outside = [url for url in visit.requests if not url.startswith(("file:", "data:", "blob:"))]
                faults += [f"{name} asks for {url}" for url in outside]
                wide = visit.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
                faults += [f"{name} is {wide} pixels too wide"] if wide > 0 else []
                faults += [f"{name}, {fault}" for fault in visit.page.evaluate(LAID_OUT)]
                found = visit.page.eval_on_selector_all("article a[href]", "links => links.map(link => link.href)")
                hosts = {urlsplit(link).netloc for link in found if link.startswith("http")}
                faults += [f"{name} leads to {host}, which is not on the list" for host in sorted(hosts - ELSEWHERE)]
                if name not in EXAMINED:
                    continue
                found = axe.run(visit.page, options={"resultTypes": ["violations"]}).response["violations"]
                faults += [
                    f"{name} {fault['id']}: {fault['help']} ({node['html'][:160]})"
                    for fault in found
                    if fault["impact"] in ("serious", "critical")
                    for node in fault["nodes"][:2]
                ]
        assert not faults, "\n".join(faults)


class TestReading:
    pytestmark = needs_browser

    def test_search_finds_a_claim_by_its_id(self, site, browser):
        with Visit(browser, (site / "search.html").as_uri() + "?q=t1.ours.testing.r2") as visit:
            # Results are listed one after the other.
            for page in ("ledgers.html", "evidence/qiu2025.html"):
                visit.page.wait_for_selector(f"#search-results li a[href*='{page}']", state="attached")

    def test_tables_filter(self, site, browser):
        with Visit(browser, (site / "evidence/qiu2025.html").as_uri()) as visit:
            visit.unfold()
            table = visit.page.locator(".dt-container", has_text="numbers and")
            assert table.locator("tbody tr").count() == 10
            table.locator("input[type=search]").fill("t3.no_cnn.rmse")
            visit.page.wait_for_function("document.querySelectorAll('.dt-container tbody')[0].rows.length === 1")
            (printed,) = [claim.value for claim in ledger.load("qiu2025").claims if claim.id == "t3.no_cnn.rmse"]
            assert printed in table.locator("tbody tr").inner_text()

    def test_a_number_leads_to_the_records_whose_mean_it_is(self, site, browser):
        with Visit(browser, (site / "evidence/qiu2025.html").as_uri()) as visit:
            visit.unfold()
            row = visit.page.locator("tr", has_text=re.compile("mean of the song.s training labels")).filter(
                has_text="leaks; public code"
            )
            number = row.first.locator("a.mer-source").first
            shown = number.inner_text()
            number.click()
            visit.page.wait_for_selector(".mer-asked")
            rows = visit.page.locator("table.mer-records tbody tr")
            files = rows.locator("a", has_text="JSON").evaluate_all("links => links.map(link => link.href)")
            assert 1 < len(files) == rows.count() < 20
            visit.page.get_by_role("button", name="Show all").click()
            assert rows.count() == 10
        records = [json.loads(Path(unquote(urlsplit(file).path)).read_text()) for file in files]
        assert len({record["variant"] for record in records}) == 1
        mean = sum(record["metrics"]["r2"] for record in records) / len(records)
        assert shown.startswith(f"{mean:.3f} [")

    def test_a_number_in_the_text_leads_to_the_records_whose_mean_it_is(self, site, browser):
        with Visit(browser, (site / "papers/gujar2026.html").as_uri()) as visit:
            text = visit.page.locator("p", has_text="audio alone reaches").first
            number = text.locator("a.mer-source", has_text=re.compile(r"^\d\d\.\d$")).nth(1)
            shown = float(number.inner_text())
            number.click()
            visit.page.wait_for_selector(".mer-asked")
            leads = visit.page.locator("table.mer-records tbody tr a", has_text="JSON")
            files = leads.evaluate_all("links => links.map(link => link.href)")
        records = [json.loads(Path(unquote(urlsplit(file).path)).read_text()) for file in files]
        assert {(record["dataset"], record["variant"]) for record in records} == {("tcc_ceds", "text_only")}
        # Every initialisation has tested every song once: the mean of their shares is the share of all answers.
        confusions = np.array([record["notes"]["confusion"] for record in records])
        right, songs = np.trace(confusions.sum(axis=0)), confusions.sum()
        assert shown == round(100 * right / songs, 1)

    @pytest.mark.parametrize(
        ("page", "screens", "words"),
        [(f"papers/{key}", 8, 1300) for key in ("abadeh2024", "bai2026", "bath2025", "gujar2026", "qiu2025")]
        + [("critique", 9, 1300), ("intro", 3, 450)],
    )
    def test_a_chapter_takes_ten_minutes(self, site, browser, page, screens, words):
        length = """(() => {
            const article = document.querySelector('article');
            const apart = node => node.closest('table, details');
            const said = [...article.querySelectorAll('p, li')].filter(p => !apart(p) && !p.querySelector('p'));
            return {screens: (article.getBoundingClientRect().bottom + scrollY) / 900,
                    tables: [...article.querySelectorAll('table')].filter(t => !t.closest('details')).length,
                    words: said.map(p => p.textContent.trim().split(/\\s+/).length).reduce((a, b) => a + b, 0)};
        })()"""
        with Visit(browser, (site / f"{page}.html").as_uri(), width=1366) as visit:
            found = visit.page.evaluate(length)
        # A card, the verdicts, and two tables that decide them.
        assert found["screens"] <= screens and found["words"] <= words and found["tables"] <= 5, found

    @pytest.mark.parametrize("key", ["abadeh2024", "bai2026", "bath2025", "gujar2026", "qiu2025"])
    def test_the_evidence_page_names_its_folds(self, site, browser, key):
        with Visit(browser, (site / f"papers/{key}.html").as_uri(), width=1366) as visit:
            with visit.page.expect_navigation():
                visit.page.get_by_role("link", name="The evidence page").click()
            titles = visit.page.locator("details.hide:has(table, figure) .collapsed").all_inner_texts()
            assert len(titles) > 5 and all(title.startswith("Show: ") for title in titles), titles

    def test_a_reader_chooses_what_the_ladder_shows_and_a_point_leads_to_its_runs(self, site, browser):
        with Visit(browser, (site / "evidence/qiu2025.html").as_uri()) as visit:
            figure = visit.page.locator("figure.mer-explorer")
            shown = figure.locator(".mer-choice:visible")
            before = shown.first.locator("title").evaluate("node => node.textContent")
            figure.get_by_role("combobox").select_option("DEAM, valence")
            assert shown.first.locator("title").evaluate("node => node.textContent") != before
            point = figure.locator(".mer-choice[data-choice='3'] a").first
            place = point.evaluate("node => node.href.baseVal || node.getAttribute('xlink:href')")
            visit.page.goto(
                (site / "evidence" / place.partition("?")[0]).resolve().as_uri() + "?" + place.partition("?")[2]
            )
            visit.page.wait_for_selector(".mer-asked")
            assert "valence" in visit.page.locator("table.mer-records tbody tr").first.inner_text()

    def test_less_is_needed_where_errors_are_alike(self, site, browser):
        ends = "nodes => nodes.map(node => node.getBoundingClientRect().right)"
        with Visit(browser, (site / "critique.html").as_uri()) as visit:
            figure = visit.page.locator("figure.mer-explorer")
            bars = figure.locator(".mer-choice:not([style*='none'])")
            before = bars.evaluate_all(ends)
            figure.get_by_role("slider").fill("5")
            after = bars.evaluate_all(ends)
            assert figure.locator("output").inner_text() == "0.5"
            assert len(before) == len(after) > 10 and all(b < a for a, b in zip(before, after, strict=True))

    def test_a_table_and_a_figure_can_be_kept(self, site, browser):
        with Visit(browser, (site / "papers/qiu2025.html").as_uri()) as visit:
            with visit.page.expect_download() as download:
                visit.page.locator("table.mer-verdicts").get_by_role("button", name="CSV").click()
            rows = list(csv.reader(Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()))
            assert rows[0][:3] == ["claim", "verdict", "because"] and len({len(row) for row in rows}) == 1
            assert len(rows) == 1 + visit.page.locator("table.mer-verdicts tbody tr").count()
            with visit.page.expect_download() as download:
                visit.page.get_by_role("button", name="SVG").first.click()
            assert Path(download.value.path()).read_text(encoding="utf-8").lstrip().startswith(("<svg", "<?xml"))

    def test_on_a_phone_the_verdict_comes_first(self, site, browser):
        for page in ("intro.html", "papers/gujar2026.html"):
            with Visit(browser, (site / page).as_uri(), width=390) as visit:
                cells = visit.page.locator("table.mer-stack tbody tr").first.locator("td")
                tops = {cell.get_attribute("data-label"): cell.bounding_box()["y"] for cell in cells.all()}
                assert min(tops, key=tops.get) == "verdict", tops

    def test_heads_of_tables_stay_in_sight(self, site, browser):
        with Visit(browser, (site / "papers/gujar2026.html").as_uri(), width=1366) as visit:
            visit.page.locator("table.mer-verdicts tbody tr").nth(8).evaluate("row => row.scrollIntoView()")
            box = visit.page.locator("table.mer-verdicts thead th").first.bounding_box()
            assert -1 <= box["y"] < 5

    def test_verdicts_are_there_for_machines_and_long_reasons_open(self, site, browser):
        with Visit(browser, (site / "papers/bath2025.html").as_uri()) as visit:
            reviews = json.loads(visit.page.locator('script[type="application/ld+json"]').inner_text())
            rows = visit.page.locator("table.mer-verdicts tbody tr")
            assert len(reviews) == rows.count() > 10
            assert visit.page.locator('meta[name="description"]').get_attribute("content")
            assert "mer_repro 0." in visit.page.locator(".mer-foot p").inner_text()
            button = visit.page.locator("table.mer-verdicts .mer-more").first
            box = button.locator("xpath=preceding-sibling::div")
            before = box.bounding_box()["height"]
            button.click()
            assert button.get_attribute("aria-expanded") == "true" and box.bounding_box()["height"] > before + 10

    def test_a_fold_opens_for_whoever_follows_a_link_into_it_or_prints(self, site, browser):
        with Visit(browser, (site / "evidence/qiu2025.html").as_uri()) as visit:
            fold = visit.page.locator("details.hide").last
            assert fold.get_attribute("open") is None
            visit.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
            assert fold.get_attribute("open") is not None
            visit.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
            assert fold.get_attribute("open") is None
            anchor = fold.locator("[id]").first.get_attribute("id")
            visit.page.evaluate("anchor => window.location.hash = anchor", anchor)
            visit.page.wait_for_function("[...document.querySelectorAll('details.hide')].at(-1).open")

    def test_a_papers_number_leads_to_its_place(self, site, browser):
        with Visit(browser, (site / "evidence/qiu2025.html").as_uri()) as visit:
            visit.unfold()
            row = visit.page.locator("tr", has_text=re.compile("the paper.s network, test row")).first
            row.locator("a.mer-source", has_text="0.845").click()
            visit.page.wait_for_selector(".mer-asked")
            ids = visit.page.locator("table.mer-table tbody tr:visible td:first-child a[id^='qiu2025']")
            assert "t1.ours.testing.r2" in ids.all_inner_texts()
