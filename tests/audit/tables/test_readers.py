"""The same table in every format is read alike; damaged files are refused with a reason."""

import json

import pytest

from mer_repro.audit.tables import readers
from mer_repro.errors import MerReproError

HEADER = ["Model", "Precision", "Recall", "F1"]
ROWS = [["Early", "0.50", "0.25", "0.33"], ["Late", "0.80", "0.80", "0.80"]]
PLAIN = [HEADER, *ROWS]
CAPTION = "Table 3: Scores of two models"


def as_text(kind: str) -> str:
    lines = {
        "csv": [",".join(row) for row in PLAIN],
        "tsv": ["\t".join(row) for row in PLAIN],
        "md": [
            CAPTION,
            "",
            "|" + "|".join(HEADER) + "|",
            "|---|--:|--:|--:|",
            *("|" + "|".join(r) + "|" for r in ROWS),
        ],
        "txt": [CAPTION, *("   ".join(f"{cell:<10}" for cell in row) for row in PLAIN)],
        "html": [
            f"<p>x</p><table><caption>{CAPTION}</caption>",
            *("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in PLAIN),
            "</table>",
        ],
        "tex": [
            r"\begin{table}\caption{Scores of \emph{two} models}\begin{tabular}{lrrr}\toprule",
            *(" & ".join(row) + r" \\ \midrule" for row in PLAIN),
            r"\end{tabular}\end{table}",
        ],
        "json": [json.dumps({"caption": CAPTION, "columns": HEADER, "rows": ROWS})],
    }
    return "\n".join(lines[kind])


@pytest.mark.parametrize("kind", ["csv", "tsv", "md", "txt", "html", "tex", "json"])
@pytest.mark.parametrize("told", [True, False], ids=["by its ending", "guessed"])
def test_every_format_gives_the_same_cells(kind, told):
    document = readers.read_text(as_text(kind), kind if told else "")
    assert [grid.texts() for grid in document.grids] == [PLAIN]


def test_excel_cells_are_read_as_shown(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(HEADER)
    sheet.append(["Early", 0.5, 0.254, 0.33])
    for cell, shown in zip(sheet[2][1:], ("0.00", "0.0%", "General"), strict=True):
        cell.number_format = shown
    sheet.append(["Late", 0.8, 0.8, 0.8])
    book.save(tmp_path / "scores.xlsx")
    [grid] = readers.read(tmp_path / "scores.xlsx").grids
    assert grid.texts()[1] == ["Early", "0.50", "25.4%", "0.33"]


def test_bold_is_kept_and_its_marks_are_not():
    [grid] = readers.read_text("|Model|F1|\n|---|---|\n|A|**0.91**|\n|B|0.90*|\n").grids
    assert [(row[1].text, row[1].bold) for row in grid.rows] == [("F1", False), ("0.91", True), ("0.90", False)]


def test_spanning_cells_of_html_and_latex_are_repeated():
    html = (
        "<table><tr><th rowspan=2>Model</th><th colspan=2>DEAM</th></tr><tr><th>MAE</th><th>RMSE</th></tr>"
        "<tr><td>A</td><td>0.1</td><td>0.2</td></tr></table>"
    )
    tex = r"""\begin{tabular}{lrr} \multirow{2}{*}{Model} & \multicolumn{2}{c}{DEAM} \\ & MAE & RMSE \\ \hline
        A & 0.1 & 0.2 \\ \end{tabular}"""
    expected = [["Model", "DEAM", "DEAM"], ["Model", "MAE", "RMSE"], ["A", "0.1", "0.2"]]
    assert readers.read_text(html).grids[0].texts() == expected
    assert readers.read_text(tex).grids[0].texts() == expected


def test_several_tables_and_the_prose_between_them():
    rows = "Model\tF1\nA\t0.5\nB\t0.6\n\n"
    text = f"Ours wins.\n\nTable 1 First\n{rows}In Table 2 it loses.\n\nTable 2 Second\n{rows}"
    document = readers.read_text(text)
    assert [(grid.name, grid.caption) for grid in document.grids] == [("1", "Table 1 First"), ("2", "Table 2 Second")]
    assert document.paragraphs == ["Ours wins.", "In Table 2 it loses."]


def test_a_classification_report_of_text_keeps_its_columns():
    text = """
              precision    recall  f1-score   support

       happy       0.84      0.93      0.88        40
         sad       0.93      0.98      0.95        43

    accuracy                           0.92        83
   macro avg       0.89      0.95      0.92        83
"""
    [grid] = readers.read_text(text).grids
    assert grid.texts()[0] == ["", "precision", "recall", "f1-score", "support"]
    assert grid.texts()[3] == ["accuracy", "", "", "0.92", "83"]


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ("only words here", "", "no table was found"),
        ('{"a": [1, ', "json", "line 1: not valid JSON"),
        ("", "csv", "no table"),
    ],
)
def test_what_is_no_table_is_refused(text, kind, says):
    with pytest.raises(MerReproError, match=says):
        readers.read_text(text, kind)


def test_unreadable_files_are_refused_with_their_name(tmp_path):
    (tmp_path / "scores.xlsx").write_text("not a workbook")
    (tmp_path / "scores.csv").write_bytes(b"\xff\xfe\x00bad")
    for name in ("scores.xlsx", "scores.csv", "absent.csv"):
        with pytest.raises(MerReproError, match=name):
            readers.read(tmp_path / name)


def test_text_copied_from_a_pdf_with_single_blanks():
    text = """Table 2. Results on DEAM
Fusion Model Accuracy (%) Macro F1 Mean Absolute Error
Audio-Only (CNN/CRNN) 72.4 71.9 0.12
Late Fusion (Audio + Text) 79.1 78.7 0.11 ± 0.02
Ours - 84.0 0.10

The model of 2019 has 12 layers and 3.
"""
    document = readers.read_text(text)
    assert [grid.texts() for grid in document.grids] == [
        [
            ["Fusion Model", "Accuracy (%)", "Macro F1", "Mean Absolute Error"],
            ["Audio-Only (CNN/CRNN)", "72.4", "71.9", "0.12"],
            ["Late Fusion (Audio + Text)", "79.1", "78.7", "0.11 ± 0.02"],
            ["Ours", "-", "84.0", "0.10"],
        ]
    ]
    assert document.grids[0].caption == "Table 2. Results on DEAM"


def test_a_header_that_cannot_be_cut_leaves_no_table():
    with pytest.raises(MerReproError, match="no table"):
        readers.read_text("Model one two three four\nA 0.5 0.6\nB 0.6 0.7\n")
