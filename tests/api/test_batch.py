"""`gg.batch`: the cohort of the command line, from Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import gluteal_grade as gg
from tests.cohort.studies import write_pair

SCRIPT = """
import gluteal_grade as gg
how = {{"jobs": 2, "pictures": False, "progress": False, "settings": {{"report.pictures": "none"}}}}
cohort = gg.batch({inputs!r}, {out!r}, labels="labels.nii.gz", **how)
print(dict(cohort.states), len(cohort.to_frame()), cohort.again)
"""


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("studies")
    for n in range(2):
        write_pair(folder, f"s{n}", 0.3, n)
    (folder / "bad").mkdir()
    (folder / "bad" / "scan.nii.gz").write_bytes(b"broken")
    return folder


@pytest.mark.long
def test_a_script_without_a_main_guard(studies: Path, tmp_path: Path) -> None:
    """Workers are processes of their own, and none of them runs the script again."""
    script = tmp_path / "mine.py"
    script.write_text(SCRIPT.format(inputs=str(studies), out=str(tmp_path / "out")))
    for _ in range(2):
        done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines() == ["{'graded': 2, 'refused': 1} 40 ()"]
        assert done.stderr == ""


@pytest.mark.long
def test_its_tables_are_frames(studies: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    how = {"labels": "labels.nii.gz", "jobs": 1, "pictures": False, "settings": {"report.pictures": "none"}}
    cohort = gg.batch([studies / "s0", studies / "bad"], tmp_path, **how)
    assert cohort.states == {"graded": 1, "refused": 1}
    assert str(cohort.to_frame()["goutallier"].dtype) == "Int64"
    assert list(cohort.studies()["state"]) == ["graded"]
    assert cohort.refusals()["reason"].notna().all()
    assert "2 entries" in capsys.readouterr().err
    again = gg.batch([studies / "s0", studies / "bad"], tmp_path, force=True, progress=False, **how)
    assert again.again == ("2 graded again: --force",)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"layout": "tree"}, "tree"),
        ({"labelmap": "muscle_map"}, "labelmap"),
        ({"settings": {"x": 1}}, "x: no such key"),
        ({"kind": "t7"}, "t7"),
    ],
)
def test_mistakes_in_the_call_are_named(studies: Path, tmp_path: Path, given: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        gg.batch(studies, tmp_path / "out", **given)
    assert not (tmp_path / "out").exists()
