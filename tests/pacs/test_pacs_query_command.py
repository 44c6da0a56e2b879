import contextlib
import io
import json
from pathlib import Path

import pytest
import yaml

from gluteal_grade import cli
from gluteal_grade.cli.exit_codes import FAILED, GRADED, REFUSED, USAGE
from gluteal_grade_lab.orthanc import AVAILABLE, free_port
from tests.pacs.archive import archive, make

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="Orthanc is not installed")


def run(*words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.run(["pacs", *words])
    return code, out.getvalue(), err.getvalue()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return written(tmp_path)


def written(folder: Path, **more: object) -> Path:
    orthanc = archive().orthanc
    settings = {
        "pacs": {"ae_title": "ORTHANC", "host": "127.0.0.1", "port": orthanc.dicom_port},
        "web": {"url": orthanc.dicomweb_url},
        "query": {"descriptions": ["*pelvis*", "*hüfte*"]},
        "retry": {"attempts": 1},
        "out": "out",
        **more,
    }
    (folder / "pacs.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return folder / "pacs.yaml"


def test_query_names_no_patient_unless_asked(config: Path) -> None:
    code, out, err = run("query", "--config", str(config), "--since", "2024-05-10", "--until", "2024-05-11")
    assert (code, err) == (GRADED, "")
    lines = [line.split("  ") for line in out.splitlines()]
    assert [(date, modalities, images) for _, date, modalities, images in lines if modalities == "CT"] == [("2024-05-10", "CT", "4 images")]
    assert [line[1] for line in lines] == ["2024-05-10", "2024-05-10", "2024-05-11"]
    assert "elvis" not in out
    _, out, _ = run("query", "--config", str(config), "--since", "2024-05-10", "--until", "2024-05-11", "--show-descriptions")
    assert "CT Hüfte, rechts" in out


def test_query_in_json(config: Path) -> None:
    code, out, _ = run("query", "-c", str(config), "--until", "2024-05-12", "--days", "2", "--json")
    assert code == GRADED
    told = [json.loads(line) for line in out.splitlines()]
    assert [set(one) for one in told] == [{"study", "date", "modalities", "images"}] * len(told)
    assert [(one["date"], one["images"]) for one in told[-2:]] == [("2024-05-11", 2), ("2024-05-12", 2)]


def test_query_that_finds_nothing(config: Path) -> None:
    code, out, err = run("query", "-c", str(config), "--since", "2001-01-01", "--until", "2001-12-31")
    assert (code, out, err) == (REFUSED, "", "no study from 2001-01-01 to 2001-12-31 fits\n")


def test_query_tells_what_it_leaves_out(tmp_path: Path) -> None:
    config = written(tmp_path, query={"max_studies": 1, "descriptions": ["*pelvis*"]})
    code, out, err = run("query", "-c", str(config), "--since", "2024-05-01", "--until", "2024-05-31")
    assert (code, len(out.splitlines())) == (GRADED, 1)
    assert err == "2 more fit and are left out (query.max_studies)\n"


@pytest.mark.parametrize(
    "words",
    [["--since", "yesterday"], ["--since", "2024-01-02", "--until", "2024-01-01"], ["--since", "2024-01-01", "--days", "3"]],
)
def test_wrong_usage(config: Path, words: list[str]) -> None:
    assert run("query", "-c", str(config), *words)[0] == USAGE


def test_settings_that_are_wrong(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("out: x\nnonsense: 1\n")
    (tmp_path / "empty.yaml").write_text("out: x\n")
    for name in ("bad.yaml", "missing.yaml", "empty.yaml"):
        for command in (["query"], ["echo"], ["send", __file__]):
            if (name, command[0]) != ("empty.yaml", "send"):
                assert run(*command, "-c", str(tmp_path / name))[0] == USAGE


def test_a_peer_that_is_away(tmp_path: Path) -> None:
    config = written(tmp_path, pacs={"ae_title": "ORTHANC", "host": "127.0.0.1", "port": free_port()})
    code, _, err = run("query", "-c", str(config))
    assert code == FAILED
    assert err.startswith("failure: peer_unreachable: no connection\n  Check host")
    code, out, _ = run("echo", "-c", str(config))
    assert code == FAILED
    assert out.splitlines()[0] == "C-ECHO: peer_unreachable: no connection"
    assert out.splitlines()[-1] == "DICOMweb: works"


def test_echo(config: Path) -> None:
    code, out, err = run("echo", "-c", str(config))
    assert (code, out, err) == (GRADED, "C-ECHO: works\nC-FIND: works\nC-GET: works\nDICOMweb: works\n", "")


def test_send(config: Path, tmp_path: Path) -> None:
    made = make(tmp_path / "images", "command", 2, PatientID="C", StudyDate="20010101")
    files = [str(path) for path in made.files.values()]
    assert run("send", *files, "-c", str(config)) == (GRADED, "2 sent, 0 there already\n", "")
    assert run("send", *files, "-c", str(config)) == (GRADED, "0 sent, 2 there already\n", "")
    code, out, err = run("send", str(config), "-c", str(config))
    assert (code, out) == (REFUSED, "")
    assert err.startswith("refused: unreadable_dicom")
