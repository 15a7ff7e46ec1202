"""The audit in a reader's browser: from a folder, without a request to anybody."""

import shutil
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PAGE = Path(__file__).resolve().parents[3] / "book" / "audit_here.md"
#: a machine that is busy with sweeps takes its time
PATIENCE_MS = 400_000


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The page alone, built with the extension; skipped where the runtime cannot be had."""
    from sphinx.application import Sphinx

    folder = tmp_path_factory.mktemp("page")
    shutil.copy(PAGE, folder / "audit_here.md")
    settings = {"extensions": ["myst_parser", "mer_repro.audit.tables.browser"], "root_doc": "audit_here"}
    Sphinx(folder, None, folder / "html", folder / "trees", "html", settings, status=None).build()
    if not (folder / "html/_static/audit_runtime.js").exists():
        pytest.skip("the runtime cannot be downloaded here")
    return folder / "html" / "audit_here.html"


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed; on Debian: apt-get install chromium")
def test_a_pasted_table_is_audited_from_a_folder_without_a_request(built, browser):
    page = browser.new_page()
    page.set_default_timeout(PATIENCE_MS)
    asked, complaints = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(built.as_uri())
    assert not any("audit_runtime" in url for url in asked), "the runtime is loaded on a click only"
    page.fill("textarea", "Model\tPrecision\tRecall\tF1\nA\t0.72\t0.66\t0.74\nB\t0.70\t0.64\t0.67\n")
    page.click("#audit-here button")
    page.wait_for_function("document.querySelector('#audit-here pre').textContent || 0")
    shown = page.inner_text("#audit-here pre")
    page.close()
    assert "inconsistent: f1_from_precision_recall: 1 of 2 rows: F1 0.74" in shown
    assert complaints == [] and all(url.startswith(("file:", "blob:", "data:")) for url in asked)
