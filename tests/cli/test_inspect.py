import json
from pathlib import Path

import pytest

from gluteal_grade.cli import run
from tests import dicom_factory as make


@pytest.fixture
def study(tmp_path: Path) -> Path:
    folder = tmp_path / "Doe^Jane"
    make.write_stack(folder, make.voxels(), prefix="a", SeriesNumber=1, ProtocolName="WARP", PatientName="Doe^Jane", **make.SPIN_ECHO_T1)
    make.write_stack(folder, make.voxels(6), prefix="b", SeriesNumber=2)[2].unlink()
    (folder / "bad.dcm").write_bytes(b"garbage")
    (folder / "notes.txt").write_bytes(b"hello")
    return folder


def test_table(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect", str(study)]) == 0
    out = capsys.readouterr().out
    for text in ("s1", "t1 (MARS)", "axial", "5x6x4", "0.7 0.8 3", "t1_spin_echo_times", "uneven_slices", "gap 6.00 mm", "bad.dcm"):
        assert text in out
    assert "unreadable_dicom" in out
    assert "1 other files ignored" in out


def test_json(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect", str(study), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["ignored"] == 1
    assert [(p["where"], p["reason"]) for p in result["problems"]] == [("bad.dcm", "unreadable_dicom")]
    first, second = result["studies"][0]["series"]
    assert (first["id"], first["kind"], first["mars"], first["status"], first["reason"]) == ("s1", "t1", True, "ok", None)
    assert (first["shape"], first["spacing_mm"], first["image_count"]) == ([5, 6, 4], [0.7, 0.8, 3.0], 4)
    assert first["acquisition"]["te_ms"] == 12.0
    assert (second["status"], second["reason"], second["shape"]) == ("refused", "uneven_slices", None)


def test_kind(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect", str(study), "--json", "--kind", "s1=t2"]) == 0
    assert json.loads(capsys.readouterr().out)["studies"][0]["series"][0]["kind"] == "t2"


def test_narrow_terminals_lose_no_id(study: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["inspect", str(study)]) == 0
    assert "…" not in capsys.readouterr().out


def test_only_refused_series_exit_2(tmp_path: Path) -> None:
    make.write_stack(tmp_path, make.voxels(6))[2].unlink()
    assert run(["inspect", str(tmp_path)]) == 2


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_refused_input_exits_2(tmp_path: Path, options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect", str(tmp_path), *options]) == 2
    captured = capsys.readouterr()
    if options:
        assert json.loads(captured.out)["problems"][0]["reason"] == "no_images"
    else:
        assert "no_images" in captured.err


def test_wrong_kind_exits_64(tmp_path: Path) -> None:
    assert run(["inspect", str(tmp_path), "--kind", "nonsense"]) == 64


def test_no_value_of_a_header_reaches_stderr(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """pydicom warns of values that break their VR by quoting them."""
    make.write_stack(tmp_path, make.voxels(), StudyInstanceUID=make.uid("x"))
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes().replace(make.uid("x").encode(), b"Doe^Jane" + make.uid("x").encode()[8:]))
    assert run(["inspect", str(tmp_path), "--json"]) == 0
    assert capfd.readouterr().err == ""


def test_nothing_of_headers_or_file_names_acts_on_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make.write_stack(tmp_path, make.voxels(), SeriesDescription="Dixon W \x1b[31mred\x07")
    (tmp_path / "\x1b[31mbad.dcm").write_bytes(b"junk")
    assert run(["inspect", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\\x1b[31m" in out.replace("\n", "").replace(" ", "")


def test_a_refusal_cannot_fake_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make.write_stack(tmp_path, make.voxels())
    assert run(["inspect", str(tmp_path), "--kind", "a\x1b[2K\rok=t1"]) == 2
    assert "\x1b" not in capsys.readouterr().err


def test_check_prints_evidence_and_its_exit_code_tells(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The second series misses a slice, and the images are noise: something speaks against it."""
    assert run(["inspect", str(study), "--check"]) in (2, 3)
    out = capsys.readouterr().out
    assert "against" in out
    assert "geometry s2" in out
    assert "uneven_slices" in out
    assert "Doe" not in out
    assert run(["inspect", str(study), "--check", "--json"]) in (2, 3)
    evidence = json.loads(capsys.readouterr().out)["studies"][0]["evidence"]
    assert {"geometry", "side"} <= {one["topic"] for one in evidence}
    assert any(one["against"] for one in evidence)
