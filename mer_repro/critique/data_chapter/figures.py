"""The pictures, tables and numbers of the data chapter, drawn from a survey (`data_chapter.survey`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mer_repro import plots
from mer_repro.critique.data_chapter import positive_control, survey
from mer_repro.data import errata, registry
from mer_repro.data.songs import SONG_SETS
from mer_repro.results import Score
from mer_repro.tables import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIGNS = {"ok": "✓ ok", "note": "· note", "known_defect": "! known defect", "failed": "✗ failed"}
READINGS = {
    "as_published": "columns as published",
    "corrected": "columns corrected",
    "published_to_right": "trained on published, tested on right",
}
MODELS = {"ridge": "ridge", "gradient_boosting": "gradient boosting"}
TITLES = {name: entry.title.partition(",")[0] for name, entry in SONG_SETS.items()}
#: Bands of `survey.BANDS` in words.
SHARING = ("its own", "shared by 2 or 3", "by 4 to 10", "by more than 10")


def numbers(document: dict) -> dict[str, str]:
    """Every number that the chapter's prose glues, as it is to appear, by name."""
    of = {(row["model"], row["target"], row["reading"]): row for row in document["swap"]["scores"]}
    early = document["swap"]["evidence"]["early"]

    def figure(name: str, check: str, key: str) -> float:
        return survey.finding(document, name, check)["numbers"][key]

    glued = {
        "sets": str(len(document["sets"])),
        "swapped_songs": f"{early['songs']:.0f}",
        "swap_dynamic_straight": f"{early['dynamic_straight']:.2f}",
        "swap_dynamic_crossed": f"{early['dynamic_crossed']:.2f}",
        "swap_emomusic_straight": f"{early['emomusic_straight']:.2f}",
        "swap_emomusic_crossed": f"{early['emomusic_crossed']:.2f}",
        "swap_loudness_valence": f"{early['loudness_valence']:.2f}",
        "swap_loudness_arousal": f"{early['loudness_arousal']:.2f}",
        "merge_seen": f"{100 * figure('merge', 'test labels seen in training, 70-15-15', 'share'):.0f} %",
        "merge_most": f"{figure('merge', 'label multiplicity', 'most'):.0f}",
        "merge_distinct": f"{figure('merge', 'label multiplicity', 'distinct'):,.0f}",
        "merge_items": f"{figure('merge', 'label multiplicity', 'items'):,.0f}",
        "pmemo_between_arousal": f"{100 * figure('pmemo', 'variance between songs', 'arousal'):.0f} %",
        "pmemo_between_valence": f"{100 * figure('pmemo', 'variance between songs', 'valence'):.0f} %",
        "pmemo_ceiling_arousal": f"{figure('pmemo', 'rater ceiling', 'arousal'):.2f}",
        "pmemo_ceiling_valence": f"{figure('pmemo', 'rater ceiling', 'valence'):.2f}",
        "pmemo_own_arousal": f"{figure('pmemo', 'scale of the deviations', 'arousal_on_own_scale'):.2f}",
        "pmemo_own_valence": f"{figure('pmemo', 'scale of the deviations', 'valence_on_own_scale'):.2f}",
        "vgmidi_ceiling_arousal": f"{figure('vgmidi', 'rater ceiling', 'arousal'):.2f}",
        "vgmidi_ceiling_valence": f"{figure('vgmidi', 'rater ceiling', 'valence'):.2f}",
        "emotify_clips": f"{figure('emotify', 'numbering of the clips', 'clips'):.0f}",
        "emotify_by_file": f"{figure('emotify', 'numbering of the clips', 'by_file'):.2f}",
        "emotify_by_id": f"{figure('emotify', 'numbering of the clips', 'by_published_id'):.2f}",
        "deam_unpaired": f"{figure('deam', 'unpaired frames', 'frames'):.0f}",
        "deam_duplicates": f"{figure('deam', 'duplicates', 'surplus'):.0f}",
        "pmemo_duplicates": f"{figure('pmemo', 'duplicates', 'surplus'):.0f}",
    }
    glued |= _control_numbers(document) | _song_numbers(document, figure)
    for model in MODELS:
        for target in ("valence", "arousal"):
            for reading in READINGS:
                glued[f"{model}_{target}_{reading}"] = f"{of[model, target, reading]['r2']:.2f}"
    return glued


def _control_numbers(document: dict) -> dict[str, str]:
    """The positive control: what was stated, what was found, what the rule says."""
    stated = positive_control.stated()
    glued = {
        "control_stated": stated["macro_f1"],
        "control_songs": stated["songs"],
        "control_protocol": stated["protocol"],
    }
    for protocol in positive_control.PROTOCOLS:
        found = positive_control.scores(document["control"]["protocols"][protocol])
        value, low, high = found["macro_f1"]
        glued[f"control_{protocol}"] = f"{value:.3f} [{low:.3f}, {high:.3f}]"
        if protocol == "song":
            glued["control_verdict"] = positive_control.verdict(low, high)
    return glued


def _song_numbers(document: dict, figure) -> dict[str, str]:
    """Who and what stands on both sides, how long clips are, how many raters agree how well."""
    shared, pairs = "artists across the official split", document["sound"]["pairs"]
    agree = "quadrants against panda_4qaed"
    return {
        "merge_known_artists": f"{figure('merge', shared, 'songs'):.0f}",
        "merge_shared_artists": f"{figure('merge', shared, 'shared'):.0f}",
        "merge_artists": f"{figure('merge', shared, 'artists'):.0f}",
        "merge_test_by_trained": f"{figure('merge', shared, 'test_trained'):.0f}",
        "merge_test_known": f"{figure('merge', shared, 'test'):.0f}",
        "quadrants_agree": f"{figure('merge', agree, 'agree'):.0f}",
        "quadrants_both": f"{figure('merge', agree, 'songs'):.0f}",
        "sound_clips": f"{sum(document['sound']['clips'].values()):,}",
        "sound_pairs": f"{len(pairs)}",
        "sound_next": f"{document['sound']['next']:.2f}",
        "panda_short": f"{figure('panda_4qaed', 'length of the clips', 'short'):.0f}",
        "panda_shortest": f"{figure('panda_4qaed', 'length of the clips', 'shortest'):.0f}",
        "musifeast_raters": f"{figure('musifeast17', 'number of raters', 'total'):.0f}",
        "musifeast_ceiling_valence": f"{figure('musifeast17', 'rater ceiling', 'valence'):.2f}",
        "musifeast_ceiling_arousal": f"{figure('musifeast17', 'rater ceiling', 'arousal'):.2f}",
        "musifeast_group_raters": f"{figure('musifeast17', 'rater ceiling by group', 'raters'):.1f}",
        "pmemo_unlabelled": f"{figure('pmemo', 'songs without labels', 'songs'):.0f}",
        "pmemo_twice_valence": f"{figure('pmemo', 'labels of duplicates', 'valence'):.2f}",
        "pmemo_twice_arousal": f"{figure('pmemo', 'labels of duplicates', 'arousal'):.2f}",
        "pmemo_twice_pairs": f"{figure('pmemo', 'labels of duplicates', 'pairs'):.0f}",
    }


# ---- tables ----------------------------------------------------------------------------------------------------------


def _table(rows: list[list[str]], columns: list[str], caption: str = "", searchable: bool = False) -> Table:
    return Table([dict(zip(columns, row, strict=True)) for row in rows], caption, searchable)


def sets_table(document: dict) -> Table:
    """One row a data set: what it is, which copy was checked, what the checks found, the licence."""

    rows = []
    for name, entry in document["sets"].items():
        counts = {status: sum(f["status"] == status for f in entry["findings"]) for status in SIGNS}
        tally = ", ".join(f"{count} {SIGNS[status]}" for status, count in counts.items() if count)
        licence = registry.dataset_module(name).LICENSE_INFO
        rows.append([name, entry["says"].partition(": ")[2], entry["data"], tally, licence])
    return _table(
        rows,
        ["set", "what it is", "copy checked", "checks", "licence"],
        "The data sets of this study.",
        searchable=True,
    )


def unavailable_table() -> Table:
    """The data that nobody can have, and what stands in for it."""

    rows = [[g.says, g.why, g.since or "never public", ", ".join(g.stands_in)] for g in registry.UNAVAILABLE.values()]
    return _table(rows, ["data", "why it cannot be had", "since", "what stands in"])


def findings_table(document: dict) -> Table:
    """Every finding on every set."""

    rows = [
        [name, finding["check"], SIGNS[finding["status"]], finding["says"]]
        for name, entry in document["sets"].items()
        for finding in entry["findings"]
    ]
    return _table(rows, ["set", "check", "result", "what it says"], searchable=True)


def swap_table(document: dict) -> Table:
    """The swap benchmark: R2 with 95 % intervals over songs."""

    rows = [
        [
            MODELS[row["model"]],
            row["target"],
            READINGS[row["reading"]],
            f"{Score(row['r2'], row['low'], row['high']):.3}",
        ]
        for row in document["swap"]["scores"]
    ]
    return _table(
        rows,
        ["model", "target", "labels", "R² (95 % interval)"],
        f"DEAM's song-level descriptors against its static labels ({document['swap']['data']} data).",
    )


def overlaps_table(document: dict) -> Table:
    """Songs that two sets share, by artist and title; pairs that share none are left out."""

    rows = [[pair["one"], pair["other"], f"{pair['songs']:,}"] for pair in document["overlaps"] if pair["songs"]]
    return _table(rows, ["set", "other set", "songs in both, by artist and title"])


def control_table(document: dict) -> Table:
    """The positive control beside the published score."""

    stated = positive_control.stated()
    published = f"Panda, Malheiro and Paiva, {stated['place']}: {stated['protocol']}"
    rows = [[published, stated["songs"], "", stated["macro_f1"], ""]]
    for protocol, apart in positive_control.PROTOCOLS.items():
        found = positive_control.scores(document["control"]["protocols"][protocol])
        scores = [f"{Score(*found[name]):.3}" for name in ("macro_f1", "accuracy")]
        words = f"ours: {positive_control.FOLDS} folds, {apart}"
        rows.append([words, str(found["songs"]), str(found["artists"]), *scores])
    columns = ["result", "songs", "artists", "macro F1 (95 % interval)", "accuracy (95 % interval)"]
    return _table(rows, columns, "Four quadrants from the authors' 100 features.")


def sound_table(document: dict) -> Table:
    """Clips that are one recording by their sound."""

    rows = [
        [
            *(f"{TITLES[name]} {song_id}" for name, song_id in (pair["one"], pair["other"])),
            f"{pair['correlation']:.2f}",
            f"{pair['lag']:+.1f}",
        ]
        for pair in document["sound"]["pairs"]
    ]
    columns = ["clip", "other clip", "correlation", "begins later by (s)"]
    return _table(rows, columns, "Clips that are one recording.", searchable=True)


def errata_table() -> Table:
    """What is known to be wrong with each set."""

    rows = [[e.dataset, e.what, e.evidence, e.reported_by, e.handled] for e in errata.errata()]
    columns = ["set", "what is wrong", "evidence", "reported by", "what the loader does"]
    return _table(rows, columns, searchable=True)


def comparison_table(committed: dict, here: dict) -> Table:
    """What the checks found on this machine's copies, beside the committed survey."""

    rows = []
    for name, entry in here["sets"].items():
        known = committed["sets"].get(name)
        if entry["data"] == "twin":
            verdict = "generated stand-in"
        elif known is None:
            verdict = "not in the committed survey"
        elif known["fingerprint"] == entry["fingerprint"]:
            verdict = "the same files"
        else:
            verdict = "other files than those surveyed"
        failed = sum(finding["status"] == "failed" for finding in entry["findings"])
        rows.append([name, entry["data"], verdict, f"{len(entry['findings'])} checks, {failed} failed"])
    return _table(rows, ["set", "copy here", "against the survey", "checks"])


# ---- pictures --------------------------------------------------------------------------------------------------------


def planes_figure(document: dict) -> plots.DescribedFigure:
    """Where the labels of every set lie on the valence-arousal plane, side by side."""
    import matplotlib.pyplot as plt

    plots.use_style()
    planes = [entry["plane"] for entry in document["sets"].values() if "plane" in entry]
    columns = 4
    rows = -(-len(planes) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(9.6, 2.75 * rows), squeeze=False)
    for axis, plane in zip(axes.flat, planes, strict=False):
        _draw_counts(axis, plane["counts"], plane["scale"], plane["scale"])
        middle = sum(plane["scale"]) / 2
        axis.axhline(middle, color=plots.MUTED, linewidth=0.6)
        axis.axvline(middle, color=plots.MUTED, linewidth=0.6)
        axis.set_title(f"{plane['title']}\n{plane['items']:,} items", fontsize=9)
    for axis in list(axes.flat)[len(planes) :]:
        axis.set_visible(False)
    for axis in axes[:, 0]:
        axis.set_ylabel("arousal", fontsize=9)
    for axis in axes[-1]:
        axis.set_xlabel("valence", fontsize=9)
    listed = "; ".join(f"{p['title']}: {_filled(p):.0%} of the cells hold a song" for p in planes)
    return plots.described(
        figure,
        alt="Density of song labels on the valence-arousal plane, one panel a data set, each on its own scale, cut into"
        f" 20 by 20 cells. {listed}.",
        title="MERGE leaves out a strip at neutral valence; most sets do not",
        note="Darker cells hold more songs; white ones none. Lines mark the middle of the scale.",
    )


def _filled(plane: dict) -> float:
    cells = [count for column in plane["counts"] for count in column]
    return sum(count > 0 for count in cells) / len(cells)


def _draw_counts(axis: Axes, counts: list[list[int]], across: list[float], up: list[float]) -> None:
    """Counts [across][up] as a heat map; the root keeps single songs visible beside full cells."""
    import numpy as np

    values = np.sqrt(np.array(counts, dtype=float)).T
    values[values == 0] = np.nan
    axis.imshow(
        values, origin="lower", extent=(*across, *up), aspect="auto", cmap="Blues", vmin=-0.3 * np.nanmax(values)
    )
    axis.grid(False)
    axis.tick_params(labelsize=8)


def swap_figure(document: dict) -> plots.DescribedFigure:
    """Left: the published valence column of the songs up to 1000 follows dynamic arousal. Right: the price."""
    import matplotlib.pyplot as plt

    from mer_repro.data import deam

    plots.use_style()
    found = document["swap"]
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(9.6, 3.6), width_ratios=(1, 1, 1.5))
    for axis, witness in ((left, "valence"), (middle, "arousal")):
        _draw_counts(axis, found["planes"][witness], survey.SWAP_DYNAMIC_RANGE, deam.STATIC_SCALE)
        axis.set_xlabel(f"dynamic {witness}, song mean", fontsize=9)
    left.set_ylabel("static column called valence", fontsize=9)
    left.set_title("songs up to 1000", fontsize=10)
    _draw_scores(right, found["scores"])
    evidence = found["evidence"]["early"]
    boosted = {
        (row["target"], row["reading"]): row["r2"] for row in found["scores"] if row["model"] == "gradient_boosting"
    }
    price = " ".join(
        f"R² of {target} is {boosted[target, 'as_published']:.2f} on the columns as published and"
        f" {boosted[target, 'corrected']:.2f} on the right ones."
        for target in ("valence", "arousal")
        if boosted
    )
    return plots.described(
        figure,
        alt="Two heat maps and a dot plot. For the songs up to id 1000 the published static valence scatters widely"
        " against the songs' mean dynamic valence and follows their mean dynamic arousal closely (mean correlation of"
        f" the columns {evidence['dynamic_straight']:.2f} straight, {evidence['dynamic_crossed']:.2f} crosswise)."
        f" With gradient boosting, {price}",
        title="In DEAM's static table valence and arousal change places up to song 1000",
        note=f"DEAM ({found['data']} data): the swap, and what it does to a benchmark. Bars: 95 % over songs.",
    )


def _draw_scores(axis: Axes, scores: list[dict]) -> None:
    styles = {"as_published": (plots.STATED, "o"), "corrected": (plots.MEASURED, "s")}
    groups = [(model, target) for model in MODELS for target in ("valence", "arousal")]
    groups = [group for group in groups if any((row["model"], row["target"]) == group for row in scores)]
    for row in scores:
        if row["reading"] in styles:
            colour, marker = styles[row["reading"]]
            height = len(groups) - groups.index((row["model"], row["target"]))
            height += 0.13 if row["reading"] == "as_published" else -0.13
            axis.plot([row["low"], row["high"]], [height] * 2, color=colour, linewidth=2)
            label = READINGS[row["reading"]] if (row["model"], row["target"]) == groups[0] else None
            axis.plot(row["r2"], height, marker, color=colour, markersize=7, label=label)
    ticks = range(len(groups), 0, -1)
    axis.set_yticks(ticks, [f"{target}\n{MODELS[model]}" for model, target in groups], fontsize=9)
    axis.set_ylim(0.4, len(groups) + 0.9)
    axis.set_xlabel("R², whole songs held out", fontsize=9)
    axis.tick_params(axis="x", labelsize=8)
    axis.legend(fontsize=8, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2)


def sharing_figure(document: dict) -> plots.DescribedFigure:
    """How many items have a label to themselves, by set."""
    import matplotlib.pyplot as plt

    plots.use_style()
    sets = [(e["plane"]["title"], e["sharing"]) for e in document["sets"].values() if "sharing" in e]
    figure, axis = plt.subplots(figsize=(8.6, 0.9 + 0.42 * len(sets)))
    shades = ("#DCE9F5", "#9CC4E4", "#4A90C2", "#0B4F8A")
    for height, (_, shares) in enumerate(reversed(sets)):
        start = 0.0
        for share, shade, words in zip(shares, shades, SHARING, strict=True):
            axis.barh(height, share, left=start, color=shade, label=words if height == 0 else None, edgecolor="white")
            start += share
    axis.set_yticks(range(len(sets)), [title for title, _ in reversed(sets)], fontsize=9)
    axis.set_xlim(0, 1)
    axis.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    axis.set_xlabel("share of the items", fontsize=9)
    axis.legend(
        title="The item's label is", ncols=4, fontsize=8, title_fontsize=8, loc="lower left", bbox_to_anchor=(0, 1.0)
    )
    axis.grid(False)
    listed = "; ".join(f"{title}: {shares[0]:.0%} have it to themselves" for title, shares in sets)
    return plots.described(
        figure,
        alt=f"Stacked bars: how many items of a set carry the same pair of valence and arousal. {listed}.",
        title=f"Labels are shared most in {min(sets, key=lambda one: one[1][0])[0]}",
        note="A model that has seen a test item's exact label in training may score by memory.",
    )


def ceilings_figure(document: dict) -> plots.DescribedFigure:
    """Rater ceilings of every set, and what knowing a frame's song mean gives."""
    import matplotlib.pyplot as plt

    plots.use_style()
    points, means = _ceiling_points(document)
    figure, axis = plt.subplots(figsize=(8.6, 0.8 + 0.27 * len(points)))
    for height, (label, value) in enumerate(reversed(points)):
        axis.plot([0, value], [height] * 2, color="#D0D0D0", linewidth=1, zorder=1)
        axis.plot(
            value, height, "o", color=plots.MEASURED, markersize=7, label="rater ceiling" if height == 0 else None
        )
        if label in means:
            first = label == next(reversed(means))
            axis.plot(
                means[label],
                height,
                "D",
                color=plots.PALETTE[1],
                markersize=6,
                fillstyle="none",
                label="a frame's song mean" if first else None,
            )
    axis.set_yticks(range(len(points)), [label for label, _ in reversed(points)], fontsize=9)
    axis.set_xlim(0, 1.02)
    axis.set_xlabel("R²", fontsize=9)
    axis.legend(fontsize=9, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2)
    listed = ", ".join(f"{label} {value:.2f}" for label, value in points)
    known = ", ".join(f"{label} {value:.2f}" for label, value in means.items())
    return plots.described(
        figure,
        alt=f"Dot plot of the highest R² that raters' disagreement allows on songs nobody has seen: {listed}. The song"
        f" mean of a frame alone gives: {known}.",
        title=f"Raters agree least on {min(points, key=lambda one: one[1])[0]}, most on"
        f" {max(points, key=lambda one: one[1])[0]}",
        note="Dot: what the raters' disagreement leaves to any model on unseen songs (DEAM and emoMusic, static"
        " labels, and PMEmo: from published deviations, if ten raters; VGMIDI and Emotify: from the raters themselves)."
        " Diamond: what a split within songs gives away, over the frames.",
    )


def groups_figure(document: dict) -> plots.DescribedFigure:
    """Ceilings of the means of each of MUSIFEAST-17's groups of raters, beside those of all raters together."""
    import matplotlib.pyplot as plt

    from mer_repro.data import musifeast17

    plots.use_style()
    by_group = survey.finding(document, "musifeast17", "rater ceiling by group")["numbers"]
    together = survey.finding(document, "musifeast17", "rater ceiling")["numbers"]
    groups = musifeast17.GROUPS[1:]
    figure, axis = plt.subplots(figsize=(8.6, 3.4))
    styles = {"valence": (plots.PALETTE[1], "o"), "arousal": (plots.MEASURED, "s")}
    for target, (colour, marker) in styles.items():
        axis.plot([by_group[f"{group}_{target}"] for group in groups], marker, color=colour, label=target, markersize=7)
        axis.axhline(together[target], color=colour, linestyle="--", linewidth=1)
    words = [f"{group[:2]}\n{group[2:].replace('to', ' to ')}" for group in groups]
    axis.set_xticks(range(len(groups)), words, fontsize=9)
    axis.set_ylim(0, 1)
    axis.set_ylabel("R² ceiling", fontsize=9)
    axis.legend(fontsize=9, ncols=2, loc="lower left", bbox_to_anchor=(0, 1.0))
    listed = "; ".join(
        f"{group}: valence {by_group[f'{group}_valence']:.2f}, arousal {by_group[f'{group}_arousal']:.2f}"
        for group in groups
    )
    return plots.described(
        figure,
        alt=f"Dot plot of the highest R² that raters' disagreement allows, by country and age of the raters. {listed}."
        f" All raters together: valence {together['valence']:.2f}, arousal {together['arousal']:.2f}.",
        title="The mean of a few raters allows less than that of all of them",
        note="MUSIFEAST-17: ceilings of the means of each group of raters (about"
        f" {by_group['raters']:.0f} per clip); dashed: of all raters together.",
    )


def _ceiling_points(document: dict) -> tuple[list[tuple[str, float]], dict[str, float]]:
    """(set and target, ceiling) in the order of the sets, and {set and target: R2 of the song mean}."""
    points, means = [], {}
    for name, entry in document["sets"].items():
        for finding in entry["findings"]:
            for target, value in finding["numbers"].items():
                label = f"{TITLES.get(name, name)}, {target.replace('_', ' ')}"
                if finding["check"] == "rater ceiling":
                    points.append((label, value))
                if finding["check"] == "variance between songs":
                    means[label] = value
    labels = {label for label, _ in points}
    return points, {label: value for label, value in means.items() if label in labels}
