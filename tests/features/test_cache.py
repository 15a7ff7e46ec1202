"""The feature cache: what was stored comes back, whoever else writes and whenever a writer is killed."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

from mer_repro.errors import DataError
from mer_repro.features.cache import Cache, entry_key, file_digest
from mer_repro.features.files import compute_files

KEY = entry_key("test", content="0" * 64, parameters={"n": 1}, source="1")


def test_entry_is_a_plain_npy_file(tmp_path):
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    cache = Cache(tmp_path)
    cache.put(KEY, array)
    np.testing.assert_array_equal(cache.get(KEY), array)
    np.testing.assert_array_equal(np.load(cache.path(KEY)), array)
    assert list(cache.keys("test")) == [KEY]
    (size,) = cache.sizes()
    assert (size.feature, size.entries, size.bytes) == ("test", 1, cache.path(KEY).stat().st_size)


def test_key_depends_on_content_parameters_and_source():
    def key(content="a", parameters=None, source="1"):
        return entry_key("test", content=content, parameters=parameters or {"x": 1, "y": 2}, source=source)

    assert key() == key(parameters={"y": 2, "x": 1})
    assert len({key(), key(content="b"), key(parameters={"x": 2, "y": 2}), key(source="2")}) == 4


@pytest.mark.parametrize("damage", ["flipped bit", "cut short", "empty"])
def test_corrupt_entry_is_absent_and_can_be_written_again(tmp_path, damage):
    cache = Cache(tmp_path)
    cache.put(KEY, np.arange(1000))
    content = bytearray(cache.path(KEY).read_bytes())
    content[500] ^= 1
    damaged = {"flipped bit": bytes(content), "cut short": bytes(content[:-100]), "empty": b""}[damage]
    cache.path(KEY).write_bytes(damaged)
    with pytest.warns(UserWarning, match="Corrupt cache entry"):
        assert cache.get(KEY) is None
    assert not cache.path(KEY).exists()
    cache.put(KEY, np.arange(1000))
    np.testing.assert_array_equal(cache.get(KEY), np.arange(1000))


WRITE_FOREVER = """
import sys, numpy as np
from mer_repro.features.cache import Cache
cache = Cache(sys.argv[1])
print("ready", flush=True)
while True:
    cache.put(sys.argv[2], np.full(200_000, int(sys.argv[3]), dtype=np.int64))
"""


def start_writer(folder, value):
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITE_FOREVER, str(folder), KEY, str(value)], stdout=subprocess.PIPE
    )
    assert writer.stdout.readline() == b"ready\n"
    return writer


def test_two_writers_and_a_reader_never_see_half_an_entry(tmp_path):
    cache = Cache(tmp_path)
    writers = [start_writer(tmp_path, value) for value in (1, 2)]
    seen = set()
    deadline = time.monotonic() + 10
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a corrupt entry would warn
            while (len(seen) < 2 or time.monotonic() < deadline - 9) and time.monotonic() < deadline:
                array = cache.get(KEY)
                if array is not None:
                    values = np.unique(array)
                    assert len(values) == 1 and len(array) == 200_000
                    seen.add(int(values[0]))
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()
    assert seen == {1, 2}


HANG_BEFORE_RENAME = """
import os, sys, time, numpy as np
from mer_repro.features.cache import Cache
def replace(source, target):
    print("written", flush=True)
    time.sleep(60)
os.replace = replace
Cache(sys.argv[1]).put(sys.argv[2], np.arange(1000))
"""


def test_killed_writer_leaves_no_entry_and_its_rest_is_swept_up(tmp_path):
    writer = subprocess.Popen([sys.executable, "-c", HANG_BEFORE_RENAME, str(tmp_path), KEY], stdout=subprocess.PIPE)
    assert writer.stdout.readline() == b"written\n"
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    (rest,) = (tmp_path / "tmp").iterdir()
    cache = Cache(tmp_path)
    assert cache.get(KEY) is None
    assert rest.exists()  # young enough to belong to a writer at work
    two_days_ago = time.time() - 2 * 24 * 3600
    os.utime(rest, (two_days_ago, two_days_ago))
    Cache(tmp_path)
    assert not rest.exists()


def first_byte(path):
    """What `compute_files` runs below, in other processes: fails on an empty file."""
    content = path.read_bytes()
    if not content:
        raise DataError(path, found="no bytes", expected="bytes", todo="Write some.")
    return np.frombuffer(content[:1], dtype=np.uint8)


def test_files_in_processes_keep_order_share_equal_content_and_survive_a_bad_one(tmp_path):
    paths = [tmp_path / f"{i}.bin" for i in range(6)]
    for path, content in zip(paths, [b"a", b"b", b"", b"a", b"c", b""], strict=True):
        path.write_bytes(content)
    cache = Cache(tmp_path / "cache")

    def run(chosen):
        keys = [entry_key("byte", content=file_digest(p), parameters={}, source="1") for p in chosen]
        return compute_files(chosen, keys, first_byte, cache=cache, workers=2, label="bytes")

    with pytest.raises(DataError, match=r"found no bytes; expected bytes. Write some.") as caught:
        run(paths)
    assert caught.value.path in (paths[2], paths[5])
    assert len(list(cache.keys("byte"))) == 3  # a, b, c: the good ones are kept
    good = [path for path in paths if path.stat().st_size]
    assert [chr(value[0]) for value in run(good)] == ["a", "b", "a", "c"]


def test_data_error_survives_the_way_back_from_a_process():
    error = DataError("x.csv", line=3, found="a", expected="b", todo="c")
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.line, copy.path) == (str(error), 3, error.path)


@pytest.fixture
def spare(tmp_path, monkeypatch):
    """The folder for temporary files, in this test's own place."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_a_cache_that_cannot_be_made_costs_time_only(tmp_path, spare):
    (tmp_path / "file").touch()
    with pytest.warns(UserWarning, match="cannot be written"):
        Cache(tmp_path / "file").put(KEY, np.arange(3))
    again = Cache(tmp_path / "file")
    assert again.get(entry_key("test", content="1" * 64, parameters={}, source="1")) is None
    np.testing.assert_array_equal(again.get(KEY), np.arange(3))
    assert list(again.keys("test")) == [KEY] and again.sizes()[0].entries == 1
    with again.lock("test"):
        pass
    assert (tmp_path / "file").read_bytes() == b"" and list(spare.rglob("*.npy"))


SHARE = """
import os, sys, tempfile, warnings
import numpy as np
from pathlib import Path
from mer_repro.features.cache import Cache
with tempfile.TemporaryDirectory() as warm:  # what numpy imports late must be imported before the files are closed
    Cache(warm).put("warm/up", np.arange(1)), Cache(warm).get("warm/up")
    with Cache(warm).lock("warm"):
        pass
tempfile.tempdir = sys.argv[4]
if int(sys.argv[1]):
    os.setgid(int(sys.argv[1])), os.setuid(int(sys.argv[1]))
warnings.simplefilter("ignore")
cache = Cache(sys.argv[2])
for key in sys.argv[3].split(","):
    found = cache.get(key)
    print("found" if found is not None else "made", end=" ")
    if found is None:
        with cache.lock(key.split("/")[0]):
            cache.put(key, np.arange(5))
        assert list(cache.get(key)) == [0, 1, 2, 3, 4]
"""


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="becoming another user needs root")
@pytest.mark.parametrize("mode", [0o777, 0o755])
def test_two_users_share_one_cache(mode):
    """What one user made serves another one; what the other may not write there, lies among temporary files."""
    other = 12345
    with tempfile.TemporaryDirectory(dir="/tmp") as place:
        Path(place).chmod(0o755)
        shared, temporary = Path(place, "cache"), Path(place, "temporary")
        for folder, open_to in ((shared, mode), (temporary, 0o1777)):
            folder.mkdir()
            folder.chmod(open_to)

        def use(user, *keys):
            call = [sys.executable, "-c", SHARE, str(user), str(shared), ",".join(keys), str(temporary)]
            environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
            done = subprocess.run(call, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            return done.stdout.split()

        assert use(0, "test/aa1") == ["made"]
        assert use(other, "test/aa1", "test/bb2") == ["found", "made"]
        assert use(other, "test/aa1", "test/bb2") == ["found", "found"]


def test_missing_file_is_a_clear_error(tmp_path):
    with pytest.raises(DataError, match="no file that can be read"):
        file_digest(tmp_path / "nothing.wav")
