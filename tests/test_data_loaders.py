"""What every loader promises, on its twin and, where they are present, on the real files."""

from __future__ import annotations

import re
import subprocess
import sys
import warnings

import pytest
from data_tools import assert_same, copy_of, load, same
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mer_repro.data import registry
from mer_repro.data.base import Finding, Remote
from mer_repro.errors import DataError, DataMissing, DataWarning, MerReproError, ParameterError

NAMES = sorted(registry.DATASETS)
TEXT = (".csv", ".tsv", ".txt", ".dat", ".cls")
#: Sets whose files bear witness to each other, so that a lost row cannot pass.
SELF_CHECKING = ("deam", "emomusic", "emotify", "merge", "pmemo", "vgmidi")


def text_tables(location) -> list[str]:
    return [name for name in location.files if name.endswith(TEXT) and not name.startswith("features/")]


# ---- vocabulary, twins, registry ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_loader_says_whom_to_cite_what_is_allowed_and_where_the_data_is(name):
    module = registry.dataset_module(name)
    assert re.match(r"@\w+\{\w+,", module.BIBTEX)
    assert module.LICENSE_INFO.strip()
    assert module.REMOTES
    for remote in module.REMOTES.values():
        assert isinstance(remote, Remote)
        assert bool(remote.address) != bool(remote.manual), "an address, or the steps to take by hand"
        assert remote.checksum is None or re.fullmatch(r"sha256:[0-9a-f]{64}|md5:[0-9a-f]{32}", remote.checksum)
        assert remote.size is None or remote.size > 0


@pytest.mark.parametrize("name", NAMES)
def test_a_twin_loads_validates_and_knows_its_truth(name):
    location = registry.locate(name, "twin")
    findings = registry.dataset_module(name).validate(load(location))
    assert findings and all(isinstance(finding, Finding) for finding in findings)
    assert [f"{f.check}: {f.says}" for f in findings if f.status == "failed"] == []
    assert location.kind == "twin"
    assert len(location.truth()) > 2


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_and_nothing_else_decides_a_twin(name, tmp_path):
    module, location = registry.dataset_module(name), registry.locate(name, "twin")
    registry.generate_twin(module, tmp_path / "again", seed=registry.TWIN_SEED)
    for path in location.files:
        assert (tmp_path / "again" / path).read_bytes() == (location.folder / path).read_bytes(), path
    assert registry.fingerprint(name, "twin", seed=1) != location.fingerprint


@pytest.mark.real
@pytest.mark.parametrize("name", NAMES)
def test_real_files_load_and_nothing_about_them_is_unexpected(name):
    if not registry.available(name):
        pytest.skip(f"no real copy of {name}")
    location = registry.locate(name, "real")
    findings = registry.dataset_module(name).validate(load(location))
    assert [f"{f.check}: {f.says}" for f in findings if f.status == "failed"] == []


def test_planning_imports_nothing_heavy():
    program = (
        "import sys; from mer_repro.data import registry\n"
        "registry.fingerprint('deam', 'twin'); registry.available('pmemo')\n"
        "print(sorted({'pandas', 'numpy', 'torch', 'sklearn', 'scipy'} & set(sys.modules)))"
    )
    registry.locate("deam", "twin")
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "[]"


def test_two_processes_may_generate_a_twin_at_once(tmp_path, monkeypatch):
    program = "from mer_repro.data import registry; print(registry.locate('emomusic', 'twin').fingerprint)"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    both = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    printed = {process.communicate()[0] for process in both}
    assert [process.returncode for process in both] == [0, 0]
    assert len(printed) == 1
    assert [path.name for path in (tmp_path / "mer_repro/twins").glob(".*")] == [], "nothing half-built stays"


def test_a_twin_stays_a_twin_wherever_it_lies(tmp_path, monkeypatch):
    copy_of(registry.locate("emomusic", "twin"), tmp_path / "emomusic")
    monkeypatch.setenv("MER_REPRO_DATA", str(tmp_path))
    assert registry.locate("emomusic").kind == "twin"
    assert registry.locate("emomusic").folder == tmp_path / "emomusic"
    assert not registry.available("emomusic")
    with pytest.raises(DataMissing, match="no real copy of emomusic"):
        registry.locate("emomusic", "real")


def test_the_fingerprint_follows_content_not_place(tmp_path):
    location = registry.locate("emomusic", "twin")
    copy = copy_of(location, tmp_path / "emomusic")
    assert copy.fingerprint == location.fingerprint
    path = copy.path("static_annotations.csv")
    path.write_text(path.read_text().replace("\n2,", "\n3,", 1))
    assert registry.locate("emomusic", home=tmp_path).fingerprint != location.fingerprint


def test_the_registry_refuses_what_it_does_not_know(tmp_path, monkeypatch):
    with pytest.raises(ParameterError, match="Did you mean 'deam'"):
        registry.locate("daem")
    with pytest.raises(ParameterError, match="Unknown source 'reel'"):
        registry.locate("deam", "reel")
    with pytest.raises(DataMissing, match=r"withdrew it.*Stand-ins: mxmh"):
        registry.load("mypersonality")
    monkeypatch.setenv("MER_REPRO_DATA", str(tmp_path / "typo"))
    with pytest.raises(ParameterError, match="not a folder"):
        registry.locate("deam")


def test_half_a_copy_is_an_error_and_not_a_twin(tmp_path):
    copy = copy_of(registry.locate("pmemo", "twin"), tmp_path / "pmemo")
    copy.path("annotations/static_annotations.csv").unlink()
    with pytest.raises(DataMissing, match=r"incomplete: it has no 'annotations/static_annotations.csv'"):
        registry.locate("pmemo", home=tmp_path)
    assert registry.locate("pmemo", "twin", home=tmp_path).kind == "twin"


# ---- official files as they are ----------------------------------------------------------------------------------


def with_spaces_in_header(content: bytes) -> bytes:
    if not content.endswith(b"\n"):
        return content  # with another header, nobody could tell whether its last line is cut
    head, line_end, body = content.partition(b"\n")
    return head.replace(b",", b", ") + line_end + body


VARIANTS = {
    "byte-order mark": lambda content: b"\xef\xbb\xbf" + content,
    "CRLF": lambda content: content.replace(b"\n", b"\r\n"),
    "blank last lines": lambda content: content + b"\n\n" * content.endswith(b"\n"),
    "no last line end": lambda content: content.rstrip(b"\n"),
    "spaces in the header": with_spaces_in_header,
}


def check_variant(location, folder, variant):
    expected = load(location)
    copy = copy_of(location, folder)
    for name in text_tables(copy):
        content = (copy.folder / name).read_bytes().replace(b"\r\n", b"\n").removeprefix(b"\xef\xbb\xbf")
        (copy.folder / name).write_bytes(VARIANTS[variant](content))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_same(load(copy), expected)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", NAMES)
def test_variants_of_official_files_load_to_the_same_tables(name, variant, tmp_path):
    check_variant(registry.locate(name, "twin"), tmp_path / name, variant)


@pytest.mark.real
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", ["deam", "emomusic", "emotify", "merge"])
def test_variants_of_the_real_files_load_to_the_same_tables(name, variant, tmp_path):
    if not registry.available(name):
        pytest.skip(f"no real copy of {name}")
    check_variant(registry.locate(name, "real"), tmp_path / name, variant)


# ---- damaged files -----------------------------------------------------------------------------------------------

JUNK = ("", "abc", "nan", "inf", "1_000", "--1", "1.2.3", "0x1A", "1e", "#REF!", "\x00", "12,", '"', "１")


@st.composite
def damage(draw, *, lines_too: bool):
    """A function from a file's text to a damaged text. Values are never changed into other plausible values: no
    loader can notice that."""
    kind = draw(st.sampled_from(["truncate", "truncate late", "junk", "repeat", "column", *["lose"] * lines_too]))
    where, which = draw(st.floats(0, 1)), draw(st.integers(0, 10**6))
    junk = draw(st.sampled_from(JUNK))

    def cell(lines: list[str], delimiter: str) -> list[str]:
        numbers = [k for k, line in enumerate(lines) if k and re.search(r"\d", line) and '"' not in line]
        if not numbers:
            return lines
        row = numbers[which % len(numbers)]
        spans = [
            m.span() for m in re.finditer(rf"(?<=[{delimiter}\s\[:])-?\d+(\.\d+)?(?=[{delimiter}\s\]]|$)", lines[row])
        ]
        if spans:
            start, end = spans[int(where * (len(spans) - 1))]
            lines[row] = lines[row][:start] + junk + lines[row][end:]
        return lines

    def apply(text: str, delimiter: str) -> str:
        lines = text.split("\n")
        position = min(int(where * len(lines)), len(lines) - 2)
        if kind == "truncate":
            return text[: int(where * len(text))]
        if kind == "truncate late":
            return text[: len(text) - 1 - which % 40]
        if kind == "junk":
            return "\n".join(cell(lines, delimiter))
        if kind == "repeat":
            return "\n".join(lines[: position + 1] + lines[position:])
        if kind == "lose":
            return "\n".join(lines[:position] + lines[position + 1 :])
        return "\n".join([lines[0].partition(delimiter)[2], *lines[1:]])

    return kind, apply


@pytest.fixture(scope="module")
def workbench(tmp_path_factory):
    """name -> (a copy to damage, what it loads to); made when first asked for."""
    made = {}

    def get(name, source):
        if (name, source) not in made:
            location = registry.locate(name, source)
            made[name, source] = copy_of(location, tmp_path_factory.mktemp("bench") / name), load(location)
        return made[name, source]

    return get


def check_damage(bench, data, *, lines_too):
    copy, expected = bench
    names = [name for name in copy.files if name.endswith((*TEXT, ".json")) and not name.startswith("features/")]
    path = copy.path(data.draw(st.sampled_from(names)))
    kind, apply = data.draw(damage(lines_too=lines_too))
    content = path.read_bytes()
    text = content.decode("utf-8")
    broken = apply(text, "\t" if "\t" in text.partition("\n")[0] else ",")
    if broken == text:
        return
    path.write_bytes(broken.encode("utf-8"))
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", DataWarning)
            loaded = load(copy)
    except MerReproError as error:
        assert not isinstance(error, DataError) or str(error.path).startswith(str(copy.folder))
        return
    finally:
        path.write_bytes(content)
    assert said or same(loaded, expected), f"{path.name}: '{kind}' passed in silence, with another table"


@pytest.mark.real
@pytest.mark.parametrize("name", ["emomusic", "emotify", "merge", "pmemo"])
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_damaged_real_file_is_an_error_or_loads_to_the_right_table(name, workbench, data):
    if not registry.available(name):
        pytest.skip(f"no real copy of {name}")
    check_damage(workbench(name, "real"), data, lines_too=name in ("emomusic", "emotify"))


@pytest.mark.parametrize("name", SELF_CHECKING)
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_damaged_file_is_an_error_or_loads_to_the_right_table(name, workbench, data):
    check_damage(workbench(name, "twin"), data, lines_too=True)
