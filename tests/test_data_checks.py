"""The checks on labels and songs, against values worked out by hand, planted truths and other libraries."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mer_repro.critique.data_chapter import swap
from mer_repro.data import checks, deam, registry


def songs(*rows):
    return pd.DataFrame(rows, columns=["song_id", "artist", "title"])


def labels(valence, arousal):
    return pd.DataFrame({"song_id": range(len(valence)), "valence": valence, "arousal": arousal})


def test_the_same_song_is_found_through_case_accents_guests_and_brackets():
    table = songs(
        (1, "Beyoncé", "Halo"),
        (2, "BEYONCE", "Halo (Live)"),
        (3, "Beyoncé feat. Nobody", "halo!"),
        (4, "Beyoncé", "Hello"),
        (5, "", ""),
        (6, "", ""),
    )
    assert checks.duplicate_songs(table) == [[1, 2, 3]]


def test_overlap_counts_ids_and_names_apart():
    one = songs((1, "A", "x"), (2, "B", "y"), (3, "C", "z"))
    other = songs((2, "D", "w"), (9, "a", "X [remix]"))
    assert checks.overlap(one, other) == {"by_id": 1, "by_name": 1}


def test_label_multiplicity_counts_pairs_not_axes():
    table = labels([0.5, 0.5, 0.5, 0.1, 0.2], [0.5, 0.5, 0.4, 0.1, 0.1])
    assert checks.label_multiplicity(table) == {"items": 5, "distinct": 4, "shared": 2 / 5, "most": 2}
    assert checks.share_seen(table.iloc[:1], table.iloc[1:]) == 1 / 4


def test_rounding_in_the_last_bit_does_not_make_two_labels_of_one():
    assert checks.label_multiplicity(labels([0.1 + 0.2, 0.3], [0.5, 0.5]))["distinct"] == 1


def test_evenly_spread_labels_have_the_share_near_the_middle_that_the_docstring_says():
    axis = (np.arange(400) + 0.5) / 400
    valence, arousal = (grid.ravel() for grid in np.meshgrid(axis, axis))
    holes = checks.label_holes(labels(valence, arousal), (0, 1))
    assert holes["near_middle"] == pytest.approx(1 - 0.9**2)
    assert holes["empty_cells"] == 0


def test_the_ceiling_of_means_is_what_a_perfect_model_scores():
    rng = np.random.default_rng(0)
    truth = rng.normal(0, 1, 20_000)
    ratings = truth[:, None] + rng.normal(0, 1.5, (20_000, 8))
    published = ratings.mean(axis=1)
    scored = 1 - np.sum((published - truth) ** 2) / np.sum((published - published.mean()) ** 2)
    assert checks.ceiling_of_means(published, ratings.std(axis=1, ddof=1), 8) == pytest.approx(scored, abs=0.01)


def test_the_ceiling_of_shares_is_what_a_perfect_model_scores():
    rng = np.random.default_rng(1)
    truth, answers = rng.beta(2, 5, 20_000), rng.integers(12, 60, 20_000)
    published = rng.binomial(answers, truth) / answers
    scored = 1 - np.sum((published - truth) ** 2) / np.sum((published - published.mean()) ** 2)
    assert checks.ceiling_of_shares(published, answers) == pytest.approx(scored, abs=0.01)


def test_split_halves_find_the_ceiling_that_vgmidis_twin_planted():
    twin = registry.load("vgmidi", "twin")
    for target, planted in twin.location.truth()["dynamic"].items():
        found = checks.split_half_ceiling(twin.ratings, target, item=("song_id", "measure"))
        assert found == pytest.approx(planted["noise_ceiling_r2"], abs=0.03), target


def test_published_deviations_give_the_ceilings_planted_in_the_twins():
    pmemo_twin, emomusic_twin = registry.load("pmemo", "twin"), registry.load("emomusic", "twin")
    for target in checks.TARGETS:
        for table, planted, tolerance in (
            (pmemo_twin.dynamic, pmemo_twin.location.truth()["dynamic"], 0.03),
            (emomusic_twin.static, emomusic_twin.location.truth()["static"], 0.08),  # 80 labels in all
        ):
            found = checks.ceiling_of_means(table[target], table[f"{target}_std"], 10)
            assert found == pytest.approx(planted[target]["noise_ceiling_r2"], abs=tolerance)


def test_deviations_too_large_for_the_scale_are_noticed(tmp_path):
    from data_tools import copy_of

    from mer_repro.data import pmemo

    copy = copy_of(registry.locate("pmemo", "twin"), tmp_path / "pmemo")
    path = copy.path(pmemo.DYNAMIC_STD)
    lines = path.read_text().splitlines()
    song, time, _, valence = lines[7].split(",")
    lines[7] = f"{song},{time},0.7071,{valence}"  # more than two ratings on 0-1 allow, unless their mean is 0.5
    path.write_text("\n".join(lines) + "\n")
    found = {f.check: f for f in pmemo.validate(pmemo.load(copy))}["scale of the deviations"]
    assert found.status == "known_defect" and found.numbers["impossible"] == 1


def test_variance_between_songs_is_the_score_of_song_means_planted_in_the_twins():
    for name in ("deam", "pmemo"):
        twin = registry.load(name, "twin")
        for target, planted in twin.location.truth()["dynamic"].items():
            assert checks.between_songs(twin.dynamic, target) == pytest.approx(planted["song_mean_r2"], abs=2e-3)
            assert planted["clean_ceiling_r2"] < planted["song_mean_r2"] < planted["noise_ceiling_r2"]


def test_orientation_tells_straight_from_crossed():
    rng = np.random.default_rng(2)
    table = labels(rng.normal(size=200), rng.normal(size=200))
    crossed = table.rename(columns={"valence": "arousal", "arousal": "valence"})
    assert checks.orientation(table, table)["straight"] == pytest.approx(1)
    assert checks.orientation(crossed, table)["crossed"] == pytest.approx(1)
    assert checks.orientation(crossed, table)["straight"] == pytest.approx(
        np.corrcoef(table.valence, table.arousal)[0, 1]
    )


# ---- DEAM's swapped columns ------------------------------------------------------------------------------------------


def test_deam_is_put_right_unless_asked_otherwise():
    location = registry.locate("deam", "twin")
    right, published = deam.load(location), deam.load(location, as_published=True)
    early = right.static.song_id <= 1000
    assert right.swapped == published.swapped == frozenset(right.static.song_id[early])
    assert (right.static.valence[early] == published.static.arousal[early]).all()
    assert (right.static.arousal_std[early] == published.static.valence_std[early]).all()
    pd.testing.assert_frame_equal(right.static[~early], published.static[~early])
    evidence = deam.swap_evidence(right)
    assert evidence == deam.swap_evidence(published)
    assert evidence["early"]["dynamic_crossed"] > 0.9 > 0.5 > evidence["early"]["dynamic_straight"]
    assert evidence["early"]["loudness_valence"] > evidence["early"]["loudness_arousal"]
    assert evidence["late"]["dynamic_straight"] > 0.9


def test_a_deam_whose_columns_are_right_is_left_alone(tmp_path):
    from data_tools import copy_of

    copy = copy_of(registry.locate("deam", "twin"), tmp_path / "deam")
    path = copy.path(deam.STATIC_EARLY)
    table = pd.read_csv(path, skipinitialspace=True)
    early = table.song_id <= 1000
    for kind in ("mean", "std"):
        pair = [f"valence_{kind}", f"arousal_{kind}"]
        table.loc[early, pair] = table.loc[early, pair[::-1]].to_numpy()
    table.to_csv(path, index=False)
    repaired = deam.load(copy)
    assert repaired.swapped == frozenset()
    pd.testing.assert_frame_equal(repaired.static, deam.load(registry.locate("deam", "twin")).static)
    statuses = {f.check: f.status for f in deam.validate(repaired)}
    assert statuses["orientation, song_id up to 1000"] == "ok"


def test_the_swap_benchmark_scores_each_reading_against_its_own_labels():
    from sklearn.metrics import r2_score

    dataset = registry.load("deam", "twin")
    result = swap.benchmark(dataset, models=("ridge",), resamples=200)
    for row in result.scores.itertuples():
        part = result.predictions.query("model == @row.model and target == @row.target and reading == @row.reading")
        assert row.r2 == pytest.approx(r2_score(part.y_true, part.y_pred))
        assert row.low < row.r2 < row.high
    by = result.scores.set_index(["target", "reading"]).r2
    assert by["arousal", "corrected"] > by["arousal", "as_published"]
    assert by["arousal", "corrected"] <= dataset.location.truth()["dynamic"]["arousal"]["clean_ceiling_r2"] + 0.1
    truth = result.predictions.query("reading == 'corrected' and target == 'valence'").set_index("song_id").y_true
    assert truth.equals(dataset.static.set_index("song_id").valence.loc[truth.index].rename("y_true"))


# ---- real files ------------------------------------------------------------------------------------------------------


def real(name):
    if not registry.available(name):
        pytest.skip(f"no real copy of {name}")
    return registry.load(name, "real")


@pytest.mark.real
def test_real_deam_agrees_with_emomusic_only_after_the_swap_is_undone():
    right, witness = real("deam"), real("emomusic")
    published = deam.load(right.location, as_published=True)
    joint = right.static.merge(witness.static, on="song_id", suffixes=("", "_witness"))
    raw = published.static.merge(witness.static, on="song_id", suffixes=("", "_witness"))
    assert len(joint) == 744 and len(right.swapped) == 744
    assert (joint.valence - joint.valence_witness).abs().median() < 0.15
    assert (raw.valence - raw.valence_witness).abs().median() > 0.5


@pytest.mark.real
def test_real_dynamic_labels_are_the_published_cells():
    dataset = real("deam")
    wide = {t: pd.read_csv(dataset.location.path(table), index_col=0) for t, table in deam.DYNAMIC.items()}
    both = wide["arousal"].stack().dropna().index.intersection(wide["valence"].stack().dropna().index)
    assert len(dataset.dynamic) == len(both) == 129_995
    frame = dataset.dynamic.iloc[-1]
    column = f"sample_{frame.time * 1000:.0f}ms"
    assert frame.valence == wide["valence"].loc[int(frame.song_id), column]
    assert frame.arousal == wide["arousal"].loc[int(frame.song_id), column]
    total = sum(int(table.notna().to_numpy().sum()) for table in wide.values())
    assert dataset.unpaired_frames == total - 2 * len(both)


@pytest.mark.real
def test_real_vgmidi_medians_are_over_the_raters_of_the_raw_file():
    import json

    dataset = real("vgmidi")
    raw = json.loads(dataset.location.path("vgmidi_raw_2.json").read_text())
    series = [entry["arousal"] for key, entry in raw["annotations"].items() if key.startswith("piece42_")]
    expected = [float(np.median([values[k] for values in series])) for k in range(raw["pieces"]["piece42"]["measures"])]
    piece = dataset.dynamic[dataset.dynamic.song_id == "2:piece42"]
    assert piece.arousal.tolist() == expected
    step = raw["pieces"]["piece42"]["duration"] / raw["pieces"]["piece42"]["measures"]
    assert piece.time.tolist() == pytest.approx([k * step for k in range(len(expected))])
    assert (piece.raters == len(series)).all()
