"""Downloads from a server on this machine that breaks off, moves and lies; archives built to escape."""

from __future__ import annotations

import dataclasses
import hashlib
import http.server
import io
import json
import os
import stat
import tarfile
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mer_repro.data import lastfm1k, mxmh, registry, remote, situnes
from mer_repro.data.base import Remote
from mer_repro.errors import DataError, DataMissing, DownloadError, ParameterError

TABLE = b"a,b\n1,2\n" * 5000


def sha256(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


class Publisher:
    """A web server with one dictionary of files; notes the byte range of each request it answers."""

    def __init__(self):
        self.files: dict[str, bytes] = {}
        self.break_after: list[int] = []  # bytes after which the next answers are broken off
        self.ranges: list[tuple[str, str]] = []
        self.honours_ranges = True
        publisher = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def do_GET(self):
                publisher.answer(self)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def address(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/{name}"

    def answer(self, request):
        name = request.path.lstrip("/")
        wanted = request.headers.get("Range", "")
        self.ranges.append((name, wanted))
        if name not in self.files:
            request.send_error(404)
            return
        body, etag = self.files[name], f'"{hashlib.md5(self.files[name]).hexdigest()}"'
        start = int(wanted.removeprefix("bytes=").rstrip("-") or 0)
        if not self.honours_ranges or request.headers.get("If-Range", etag) != etag:
            start = 0
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        request.send_header("ETag", etag)
        request.send_header("Content-Length", str(len(body) - start))
        request.end_headers()
        end = start + self.break_after.pop(0) if self.break_after else len(body)
        request.wfile.write(body[start:end])
        request.close_connection = True


@pytest.fixture
def publisher(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("MER_REPRO_DATA", raising=False)
    monkeypatch.setattr(remote, "PAUSE_S", 0)
    monkeypatch.setattr(remote, "PIECE_BYTES", 1000)
    publisher = Publisher()
    yield publisher
    publisher.server.shutdown()
    publisher.server.server_close()


@pytest.fixture
def offer(monkeypatch):
    """Replaces the downloads of one data set by those of the test."""
    return lambda **remotes: monkeypatch.setattr(mxmh, "REMOTES", remotes)


def everything_under(folder) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_a_broken_download_continues_where_it_stopped(publisher, offer):
    publisher.files["t.csv"] = TABLE
    publisher.break_after = [10_000, 5_000]
    offer(table=Remote(publisher.address("t.csv"), "t.csv", len(TABLE), sha256(TABLE)))
    folder = remote.fetch("mxmh")
    assert (folder / "t.csv").read_bytes() == TABLE
    assert [r for _, r in publisher.ranges] == ["", "bytes=10000-", "bytes=15000-"]
    remote.fetch("mxmh")
    assert len(publisher.ranges) == 3, "what is here is not asked for again"


def test_a_later_run_continues_what_an_earlier_one_had_to_give_up(publisher, offer):
    publisher.files["t.csv"] = TABLE
    publisher.break_after = [9_000] * remote.ATTEMPTS
    offer(table=Remote(publisher.address("t.csv"), "t.csv"))
    with pytest.raises(DownloadError, match=r"broken off after 27,000 bytes.*run the command again"):
        remote.fetch("mxmh")
    assert (remote.fetch("mxmh") / "t.csv").read_bytes() == TABLE
    assert publisher.ranges[-1][1] == "bytes=27000-"


def test_a_file_replaced_in_the_meantime_is_not_glued_to_the_old_half(publisher, offer):
    publisher.files["t.csv"] = TABLE
    publisher.break_after = [9_000] * remote.ATTEMPTS
    offer(table=Remote(publisher.address("t.csv"), "t.csv"))
    with pytest.raises(DownloadError):
        remote.fetch("mxmh")
    publisher.files["t.csv"] = new = TABLE.replace(b"2", b"7")
    assert (remote.fetch("mxmh") / "t.csv").read_bytes() == new


def test_a_server_that_ignores_ranges_is_read_from_the_start(publisher, offer):
    publisher.files["t.csv"] = TABLE
    publisher.break_after, publisher.honours_ranges = [10_000], False
    offer(table=Remote(publisher.address("t.csv"), "t.csv", len(TABLE)))
    assert (remote.fetch("mxmh") / "t.csv").read_bytes() == TABLE


@pytest.mark.parametrize(
    "wrong",
    [{"size": len(TABLE) + 1}, {"size": 100}, {"checksum": "sha256:" + "0" * 64}, {"checksum": "md5:" + "0" * 32}],
    ids=["longer", "shorter", "sha256", "md5"],
)
def test_another_size_or_checksum_than_published_leaves_nothing(publisher, offer, wrong):
    publisher.files["t.csv"] = TABLE
    offer(table=Remote(publisher.address("t.csv"), "t.csv", **wrong))
    home = remote.cache_home() / "data"
    with pytest.raises(DataError, match="expected"):
        remote.fetch("mxmh")
    assert not (home / "mxmh").exists()
    assert not [name for name in everything_under(home) if name.endswith("t.csv")]


def test_an_unknown_checksum_is_recorded_once_and_checked_ever_after(publisher, offer, tmp_path):
    publisher.files["t.csv"] = TABLE
    offer(table=Remote(publisher.address("t.csv"), "t.csv"))
    remote.fetch("mxmh")
    noted = json.loads(remote.checksum_file().read_text())[publisher.address("t.csv")]
    assert (noted["checksum"], noted["size"]) == (sha256(TABLE), len(TABLE))

    publisher.files["t.csv"] = TABLE[:-1] + b"!"
    with pytest.raises(DataError, match="as on first use"):
        remote.fetch("mxmh", home=tmp_path / "elsewhere")
    assert json.loads(remote.checksum_file().read_text())[publisher.address("t.csv")] == noted


def test_a_missing_file_on_the_server_says_so_at_once(publisher, offer):
    offer(table=Remote(publisher.address("gone.csv"), "gone.csv"))
    with pytest.raises(DownloadError, match="404"):
        remote.fetch("mxmh")
    assert len(publisher.ranges) == 1


def test_what_a_program_cannot_fetch_comes_with_instructions_and_nothing_is_downloaded(publisher, offer):
    publisher.files["t.csv"] = TABLE
    offer(
        table=Remote(publisher.address("t.csv"), "t.csv"),
        by_hand=Remote("", "answers.csv", manual="Sign in at example.org and press 'Download'"),
    )
    with pytest.raises(DataMissing, match=r"1\. Sign in at example\.org.*answers\.csv"):
        remote.fetch("mxmh")
    assert publisher.ranges == []
    place = remote.cache_home() / "data" / "mxmh"
    place.mkdir(parents=True)
    (place / "answers.csv").write_text("x\n")
    remote.fetch("mxmh")
    assert (place / "t.csv").read_bytes() == TABLE
    assert (place / "answers.csv").read_text() == "x\n"


@pytest.mark.parametrize(
    ("where", "filename"),
    [
        ("cache/mer_repro/data/mxmh", "archive.zip"),
        ("home/MXMH", "archive.zip"),
        ("home", "mxmh-survey-results.zip"),
    ],
)
def test_an_archive_that_a_person_has_put_in_place_is_checked_and_unpacked(
    publisher, tmp_path, monkeypatch, where, filename
):
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("MER_REPRO_DATA", str(tmp_path / "home"))
    twin = registry.locate("mxmh", "twin")
    content = twin.path("mxmh_survey_results.csv").read_bytes()
    (tmp_path / where).mkdir(parents=True, exist_ok=True)
    archive = tmp_path / where / filename
    archive.write_bytes(zipped({"other.csv": content}))
    with pytest.raises(DataMissing, match=f"'{filename}', still packed"):
        registry.locate("mxmh")
    with pytest.raises(DataError, match=r"an archive without 'mxmh_survey_results\.csv'"):
        remote.fetch("mxmh")
    archive.write_bytes(zipped({"mxmh_survey_results.csv": content}))
    remote.fetch("mxmh")
    found = registry.locate("mxmh", "real")
    assert found.path("mxmh_survey_results.csv").read_bytes() == content


def test_parts_are_fetched_on_request_only(publisher, offer):
    publisher.files |= {"t.csv": TABLE, "audio.csv": b"sound\n"}
    offer(
        table=Remote(publisher.address("t.csv"), "t.csv"),
        audio=Remote(publisher.address("audio.csv"), "audio.csv", part="audio"),
    )
    assert not (remote.fetch("mxmh") / "audio.csv").exists()
    assert (remote.fetch("mxmh", parts=["audio"]) / "audio.csv").exists()
    with pytest.raises(ParameterError, match="audio"):
        remote.fetch("mxmh", parts=["adio"])


def test_withdrawn_data_says_why_and_what_stands_in():
    with pytest.raises(DataMissing, match=r"2018.*mxmh"):
        remote.fetch("mypersonality")


def test_two_fetches_at_once_download_once(publisher, offer):
    publisher.files["t.csv"] = TABLE
    offer(table=Remote(publisher.address("t.csv"), "t.csv"))
    with ThreadPoolExecutor(2) as both:
        folders = list(both.map(lambda _: remote.fetch("mxmh"), range(2)))
    assert folders[0] == folders[1]
    assert len(publisher.ranges) == 1


# ---- archives ---------------------------------------------------------------------------------------------------


def zipped(members: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in members.items():
            bundle.writestr(name, content)
        for name, target in (links or {}).items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            bundle.writestr(info, target)
    return buffer.getvalue()


def tarred(members: dict[str, bytes], special: tuple[tarfile.TarInfo, ...] = ()) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as bundle:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            bundle.addfile(info, io.BytesIO(content))
        for info in special:
            bundle.addfile(info)
    return buffer.getvalue()


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def declared_small(content: bytes) -> bytes:
    """A zip whose only member's headers claim one byte."""
    archive = bytearray(zipped({"big": content}))
    for signature, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = archive.index(signature) + place
        archive[at : at + 4] = (1).to_bytes(4, "little")
    return bytes(archive)


def encrypted() -> bytes:
    archive = bytearray(zipped({"secret": b"x"}))
    archive[archive.index(b"PK\x01\x02") + 8] |= 1
    return bytes(archive)


HOSTILE = {
    "zip parent": zipped({"ok": b"1", "../evil": b"2"}),
    "zip deep parent": zipped({"a/../../evil": b"2"}),
    "zip absolute": zipped({"/tmp/mer_repro_evil": b"2"}),
    "zip backslash": zipped({"..\\evil": b"2"}),
    "zip drive": zipped({"C:\\evil": b"2"}),
    "zip link": zipped({"ok": b"1"}, links={"out": "/etc/passwd"}),
    "zip link then file": zipped({"ok": b"1"}, links={"d": "/tmp"}),
    "zip file as folder": zipped({"a": b"1", "a/b": b"2"}),
    "zip bomb": zipped({"zeros": bytes(3_000_000)}),
    "zip lying size": declared_small(bytes(3_000_000)),
    "zip encrypted": encrypted(),
    "zip cut": zipped({"a": os.urandom(5000)})[:-700],
    "tar parent": tarred({"ok": b"1", "../evil": b"2"}),
    "tar symlink": tarred({"ok": b"1"}, (special("d", tarfile.SYMTYPE, "/tmp"),)),
    "tar inner symlink": tarred({"ok": b"1"}, (special("d", tarfile.SYMTYPE, "ok"),)),
    "tar hard link": tarred({"ok": b"1"}, (special("d", tarfile.LNKTYPE, "../../etc/passwd"),)),
    "tar device": tarred({"ok": b"1"}, (special("d", tarfile.CHRTYPE),)),
    "tar pipe": tarred({"ok": b"1"}, (special("d", tarfile.FIFOTYPE),)),
    "tar bomb": tarred({"zeros": bytes(3_000_000)}),
    "tar cut": tarred({"a": os.urandom(50_000)})[:20_000],
    "a web page": b"<html>Sign in</html>",
    "nothing": b"",
}


def test_a_path_that_begins_at_the_root_is_unpacked_below_the_folder(tmp_path):
    (tmp_path / "a.tar").write_bytes(tarred({"/tmp/mer_repro_evil": b"2"}))
    remote.unpack(tmp_path / "a.tar", tmp_path / "out")
    assert everything_under(tmp_path / "out") == {"tmp/mer_repro_evil"}
    assert not os.path.lexists("/tmp/mer_repro_evil")


@pytest.mark.parametrize("archive", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_or_damaged_archive_leaves_nothing_anywhere(tmp_path, archive):
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "a.zip").write_bytes(archive)
    with pytest.raises(DataError) as caught:
        remote.unpack(inner / "a.zip", inner / "out", limit=2_000_000)
    assert "a.zip" in str(caught.value)
    assert sorted(os.listdir(inner)) == ["a.zip"]
    assert sorted(os.listdir(tmp_path)) == ["inner"]
    assert not os.path.lexists("/tmp/mer_repro_evil")


GOOD = {"set/a.csv": b"a\n1\n", "set/deep/b.csv": b"b\n" * 1000}


@pytest.mark.parametrize("build", [zipped, tarred])
def test_a_good_archive_is_unpacked_whole(tmp_path, build):
    (tmp_path / "a").write_bytes(build(GOOD | {"__MACOSX/._a.csv": b"fork"}))
    remote.unpack(tmp_path / "a", tmp_path / "out")
    assert {name: (tmp_path / "out" / name).read_bytes() for name in everything_under(tmp_path / "out")} == GOOD


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(build=st.sampled_from([zipped, tarred]), at=st.floats(0, 1), flip=st.integers(1, 255))
def test_a_flipped_byte_gives_an_error_or_plain_files_inside(tmp_path_factory, build, at, flip):
    place = tmp_path_factory.mktemp("flip")
    content = bytearray(build(GOOD))
    content[int(at * (len(content) - 1))] ^= flip
    (place / "a").write_bytes(content)
    try:
        remote.unpack(place / "a", place / "out")
    except DataError:
        assert os.listdir(place) == ["a"]
    else:
        assert sorted(os.listdir(place)) == ["a", "out"]
        assert all(p.is_dir() or (p.is_file() and not p.is_symlink()) for p in (place / "out").rglob("*"))


def test_an_archive_set_appears_only_when_every_file_of_it_is_right(publisher, offer):
    publisher.files |= {"one.zip": zipped(GOOD), "two.tgz": tarred({"c.csv": b"c\n"})}
    offer(
        one=Remote(publisher.address("one.zip"), "one.zip", unpack_to=".", contents={"set/a.csv": sha256(b"a\n1\n")}),
        two=Remote(publisher.address("two.tgz"), "two.tgz", unpack_to="more", contents={"c.csv": sha256(b"other")}),
    )
    home = remote.cache_home() / "data"
    with pytest.raises(DataError, match=r"c\.csv"):
        remote.fetch("mxmh")
    assert not (home / "mxmh").exists()
    assert not list(home.glob(".mxmh.installing-*"))

    publisher.files["two.tgz"] = tarred({"c.csv": b"other"})
    folder = remote.fetch("mxmh")
    assert everything_under(folder) == {*GOOD, "more/c.csv", ".fetched-mxmh.json"}
    assert not (home / ".downloads" / "mxmh").exists(), "archives are not kept"


def test_what_a_killed_run_left_is_cleared(publisher, offer):
    publisher.files["t.csv"] = TABLE
    offer(table=Remote(publisher.address("t.csv"), "t.csv"))
    leftover = remote.cache_home() / "data" / ".mxmh.installing-dead"
    leftover.mkdir(parents=True)
    (leftover / "half").write_text("x")
    remote.fetch("mxmh")
    assert not leftover.exists()


# ---- from the publisher to the table -----------------------------------------------------------------------------


def at_this_server(publisher, module, monkeypatch, **replaced):
    """The module's own downloads, moved to the server of the test."""
    remotes = {
        key: dataclasses.replace(r, address=publisher.address(r.filename), size=None, checksum=None, **replaced)
        for key, r in module.REMOTES.items()
    }
    monkeypatch.setattr(module, "REMOTES", remotes)


def test_a_fetched_archive_is_found_under_its_wrapping_folder(publisher, monkeypatch):
    twin = registry.locate("lastfm1k", "twin")
    content = {f"lastfm-dataset-1K/{name}": twin.path(name).read_bytes() for name in twin.files}
    publisher.files["lastfm-dataset-1K.tar.gz"] = tarred(content)
    at_this_server(publisher, lastfm1k, monkeypatch, contents={name: sha256(content[name]) for name in content})
    remote.fetch("lastfm1k")
    found = registry.load("lastfm1k", "real")
    assert found.location.folder.name == "lastfm-dataset-1K"
    assert len(found.profiles) == len(registry.load("lastfm1k", "twin").profiles)


def test_fetched_files_lie_as_the_loader_reads_them(publisher, monkeypatch):
    twin = registry.locate("situnes", "twin")
    publisher.files |= {name: twin.path(name).read_bytes() for name in twin.files}
    at_this_server(publisher, situnes, monkeypatch)
    remote.fetch("situnes")
    location = registry.locate("situnes", "real")
    assert location.fingerprint == twin.fingerprint
