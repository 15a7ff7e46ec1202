"""The README's findings are the ones that ledgers, audit, records and survey give now."""

import re
from html import unescape
from pathlib import Path

from mer_repro import report
from mer_repro.publish import findings

ROOT = Path(__file__).resolve().parents[2]


def test_findings_of_the_readme_are_the_computed_ones():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for number, sentence in enumerate(findings.sentences(), 1):
        assert f"{number}. {sentence}\n" in readme, "renew with: python tools/readme.py"
    assert f"![{findings.description()}](book/_static/findings.svg)" in readme, "renew with: python tools/readme.py"


def test_the_picture_shows_the_computed_numbers():
    picture = (ROOT / "book" / "_static" / "findings.svg").read_text(encoding="utf-8")
    told = re.search(r"<dc:description>(.*?)</dc:description>", picture, re.DOTALL).group(1)
    assert unescape(told) == findings.description(), "renew with: python tools/readme.py"


def test_the_first_finding_is_the_mean_over_the_records_seeds():
    runs = [
        record.metrics["r2"]
        for record in report.records("qiu2025")
        if record.id.startswith("qiu2025.pmemo.real.within_song_random.song_mean.arousal.seed")
    ]
    shown = f"{sum(runs) / len(runs):.3f}"
    assert f"scores {shown} and" in str(findings.sentences()[0])
    assert f"arousal: {shown} with frames" in findings.description()
