"""The error rate on real tables: what is committed is complete and is what the data give again."""

import os
from pathlib import Path

import pytest

from mer_repro.audit.tables import published

CLASSES = {"contradiction", "transcription", "misreading"}


def test_every_accusation_is_judged_with_a_reason():
    content = published.judged()
    accused = sum(verdicts.get("inconsistent", 0) for verdicts in content["run"]["applications"].values())
    assert len(content["flags"]) == accused
    assert {flag["judged"] for flag in content["flags"]} <= CLASSES
    assert all(len(entry["because"]) > 10 for entry in [*content["flags"], *content["former"]])
    assert content["run"]["read"] >= 500


def test_precision_has_wilsons_interval():
    table = published.precision()
    right, all_ = table["right"].iloc[-1], table["accusations"].iloc[-1]
    share, z = right / all_, 1.959964
    centre = (share + z * z / (2 * all_)) / (1 + z * z / all_)
    half = z / (1 + z * z / all_) * (share * (1 - share) / all_ + z * z / (4 * all_ * all_)) ** 0.5
    assert table["low"].iloc[-1] == pytest.approx(centre - half, abs=1e-6)
    assert table["accusations"].iloc[0] == all_ + len(published.judged()["former"])


@pytest.mark.real
@pytest.mark.slow
def test_the_data_give_the_committed_numbers_again():
    folder = Path(os.environ.get("MER_REPRO_DATA", "")) / "published_tables"
    if not (folder / "scigen").is_dir():
        pytest.skip("published_tables is not under MER_REPRO_DATA")
    again, content = published.renewed(folder), published.judged()
    assert again["run"] == content["run"]
    keys = ("source", "table", "check")
    assert [[f[k] for k in keys] for f in again["flags"]] == [[f[k] for k in keys] for f in content["flags"]]
