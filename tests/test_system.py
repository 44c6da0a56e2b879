"""The program on systems that lack what Linux has: simulated, see `tests/simulated/sitecustomize.py`."""

from __future__ import annotations

import ast
import csv
import fcntl
import io
import os
import subprocess
import sys
from pathlib import Path

import psutil  # noqa: F401 - asks this system while it tells
import pytest

import gluteal_grade
from gluteal_grade import system
from gluteal_grade.terminal import forgiving
from tests.cohort.studies import write_pair
from tests.program import program
from tests.simulated.sitecustomize import MACOS_OS, WINDOWS_MODULES, WINDOWS_OS, WINDOWS_SIGNAL

ROOT = Path(gluteal_grade.__file__).parent
SIMULATED = Path(__file__).with_name("simulated")
SOURCES = sorted(path for path in ROOT.rglob("*.py") if "_shipped" not in path.parts)
ONLY_UNIX = {"os": {*WINDOWS_OS, *MACOS_OS}, "signal": set(WINDOWS_SIGNAL), "socket": {"AF_UNIX"}, "time": {"tzset", "clock_gettime"}}


def on(name: str, *words: object, **more: str) -> subprocess.CompletedProcess[bytes]:
    """Python on another system."""
    path = os.pathsep.join([str(SIMULATED), *(p for p in sys.path if p)])
    env = {**os.environ, "PYTHONPATH": path, "SIMULATED_SYSTEM": name, "PYTHONIOENCODING": "cp1252", "OMP_NUM_THREADS": "1", **more}
    return subprocess.run([sys.executable, *map(str, words)], env=env, capture_output=True, timeout=500)


def unix_only(tree: ast.AST) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.split(".")[0] in WINDOWS_MODULES]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            module = node.module or ""
            found += [module] if module.split(".")[0] in WINDOWS_MODULES else []
            found += [f"{module}.{alias.name}" for alias in node.names if alias.name in ONLY_UNIX.get(module, ())]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in ONLY_UNIX.get(node.value.id, ()):
            found.append(f"{node.value.id}.{node.attr}")
    return found


def test_only_one_module_uses_what_other_systems_lack() -> None:
    found = {path.relative_to(ROOT).as_posix(): uses for path in SOURCES if (uses := unix_only(ast.parse(path.read_bytes())))}
    assert set(found) == {"system.py"}
    assert unix_only(ast.parse("import os, resource\nfrom os import nice\nos.fork()\n")) == ["resource", "os.nice", "os.fork"]


def text_without_newline(tree: ast.AST) -> list[int]:
    """Lines that open a text file for writing and leave the ends of lines, or the encoding, to the system."""
    lines = []
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        mode = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else ""
        writes = node.func.attr == "write_text" or (node.func.attr == "open" and mode in ("w", "a", "x"))
        if writes and not {"encoding", "newline"} <= {word.arg for word in node.keywords}:
            lines.append(node.lineno)
    return lines


def test_files_are_the_same_bytes_on_every_system() -> None:
    found = {path.relative_to(ROOT).as_posix(): at for path in SOURCES if (at := text_without_newline(ast.parse(path.read_bytes())))}
    assert found == {}
    assert text_without_newline(ast.parse("p.write_text(t)\np.open('w', encoding='utf-8')\n")) == [1, 2]


def test_only_weights_are_large_and_no_package_is_tracked() -> None:
    """A package fetched by hand is not ours to ship, and a large file stays in the history for ever."""
    root = Path(__file__).parents[1]
    if not (root / ".git").exists():
        pytest.skip("no checkout")
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z"], capture_output=True, text=True, check=True).stdout
    paths = [root / name for name in listed.split("\0") if name]
    assert not [path.name for path in paths if path.suffix == ".whl"]
    large = [path.relative_to(root).as_posix() for path in paths if path.is_file() and path.stat().st_size > 3 << 20]
    assert all(name.startswith("models/") for name in large), large


@pytest.mark.long
def test_every_room_and_every_help_without_what_windows_lacks() -> None:
    done = on("windows", "-m", "tests.simulated.rooms")
    assert done.returncode == 0, (done.stdout + done.stderr).decode(errors="replace")


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("studies")
    for n in range(2):
        write_pair(folder, f"Doe^Jane {n}", 0.2 + 0.3 * n, n)
    return folder


NUMBERS = ("--labels", "labels.nii.gz", "-j", "1", "--no-pictures", "--config", Path(__file__).parent / "cohort" / "no_pictures.yaml")


def rows_of(out: Path) -> list[dict[str, str]]:
    with (out / "cohort.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def graded_here(studies: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """Rows of the cohort on this system."""
    out = tmp_path_factory.mktemp("here")
    assert program("batch", studies, "-o", out, *NUMBERS).returncode == 0
    return rows_of(out)


@pytest.mark.long
@pytest.mark.parametrize("name", ["windows", "macos"])
def test_a_cohort_is_graded_alike_on_every_system(name: str, studies: Path, graded_here: list[dict[str, str]], tmp_path: Path) -> None:
    """On Windows workers are spawned and the console knows 250 characters."""
    done = on(name, "-m", "gluteal_grade", "batch", studies, "-o", tmp_path, "-v", *NUMBERS)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    assert graded_here == rows_of(tmp_path)
    assert len(graded_here) > 6


@pytest.mark.long
def test_a_study_is_graded_and_told_on_a_windows_console(studies: Path, tmp_path: Path) -> None:
    study = sorted(path for path in studies.iterdir() if path.is_dir())[0]
    done = on("windows", "-m", "gluteal_grade", "grade", study, "-o", tmp_path, "--labels", study / "labels.nii.gz", "-v")
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    told = done.stdout.decode("cp1252")
    assert "maximus" in told
    assert "Wrote" in told
    assert list(tmp_path.glob("*/overlay_summary.png"))


def test_characters_that_a_console_lacks_are_written_out() -> None:
    told = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    forgiving(told)
    told.write("fat \u2265 30 \u2013 50 %, S\u00f8ren")
    told.flush()
    assert told.buffer.getvalue() == b"fat \\u2265 30 \x96 50 %, S\xf8ren"


@pytest.mark.long
def test_a_lock_of_another_process_is_seen_on_windows(studies: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with (tmp_path / "out" / ".batch.lock").open("wb") as held:
        fcntl.lockf(held, fcntl.LOCK_EX, 1)
        done = on("windows", "-m", "gluteal_grade", "batch", studies, "-o", tmp_path / "out", "--labels", "labels.nii.gz", "-j", "1")
    assert done.returncode == 1
    assert b"output_in_use" in done.stderr


def test_a_lock_is_held_once(tmp_path: Path) -> None:
    first, second = (system.open_for_locking(tmp_path / "lock") for _ in range(2))
    try:
        assert system.lock(first)
        assert not system.lock(second)
        system.unlock(first)
        assert system.lock(second)
    finally:
        os.close(first)
        os.close(second)


@pytest.mark.parametrize("lacking", [(), ("writev",)])
def test_what_is_written_is_there_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lacking: tuple[str, ...]) -> None:
    for name in lacking:
        monkeypatch.delattr(os, name)
    parts = (b"", b"head\n", memoryview(bytes(range(256)) * 40_000), b"\r\n")
    system.write_through(tmp_path / "image", parts)
    assert (tmp_path / "image").read_bytes() == b"".join(map(bytes, parts))
    assert (tmp_path / "image").stat().st_mode & 0o777 == 0o600


def test_without_mode_bits_nothing_is_said_of_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "secret"
    file.touch()
    file.chmod(0o644)
    assert system.read_by_others(file)
    file.chmod(0o600)
    assert not system.read_by_others(file)
    file.chmod(0o644)
    monkeypatch.setattr(system, "fcntl", None)
    assert not system.read_by_others(file)


def test_cores_and_memory_where_the_system_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    here = system.memory_mb()
    for name in ("sched_getaffinity", "sysconf", "nice", "posix_fadvise"):
        monkeypatch.delattr(os, name)
    assert system.cores() == os.cpu_count()
    assert system.memory_mb() == pytest.approx(here, rel=0.01)  # by psutil
    monkeypatch.setattr(system, "resource", None)
    assert system.peak_mb() > 20
    system.limit_growth(1.0)  # no bound, no error
    system.step_back(5)
    system.wanted_soon(Path(__file__))


def test_macos_counts_its_peak_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    kilobytes = system.peak_mb()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert system.peak_mb() == pytest.approx(kilobytes / 1024, rel=0.05)


def test_where_links_cannot_be_made_the_file_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"image")
    system.linked(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").is_symlink()

    def no_right(*_: object, **__: object) -> None:
        raise OSError(22, "A required privilege is not held by the client")

    monkeypatch.setattr(os, "symlink", no_right)
    system.linked(tmp_path / "a", tmp_path / "c")
    assert not (tmp_path / "c").is_symlink()
    assert (tmp_path / "c").read_bytes() == b"image"
