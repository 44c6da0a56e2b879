"""Every code block of docs/howto/python.md, and every cell of the notebook, run as a reader would run them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import matplotlib as mpl
import pytest

REPOSITORY = Path(__file__).parents[1]
PAGE = REPOSITORY / "docs" / "howto" / "python.md"
NOTEBOOK = REPOSITORY / "docs" / "tutorial" / "python_notebook.ipynb"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the sample data where a checkout has it, so that what the blocks write lands nowhere else."""
    (tmp_path / "data").symlink_to(REPOSITORY / "data")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.long
@pytest.mark.timeout(900)  # eight studies; the whole of a slow machine
def test_every_block_of_the_page_runs(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text.count("```") == 2 * len(BLOCK.findall(text)), "a block that is not python runs nowhere"
    names: dict[str, object] = {}
    for block in BLOCK.finditer(text):
        line = text[: block.start()].count("\n") + 1
        exec(compile("\n" * line + block[1], str(PAGE), "exec"), names)
    printed = capsys.readouterr().out
    assert "no such key (did you mean fat.t1.lean_reference_ff?)" in printed
    assert "input_not_found - Check the path." in printed
    assert "{'graded': 1}" in printed
    assert {path.name for path in checkout.iterdir()} == {"data", "results", "cohort"}


@pytest.mark.long
def test_the_notebook_runs(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert (told["nbformat"], told["nbformat_minor"]) == (4, 5)
    mpl.use("Agg")
    names: dict[str, object] = {}
    for cell in told["cells"]:
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None), "saved with outputs"
            exec(compile("".join(cell["source"]), cell["id"], "exec"), names)
    assert len(mpl.pyplot.get_fignums()) == 2  # type: ignore[attr-defined]
    mpl.pyplot.close("all")  # type: ignore[attr-defined]
    assert "<img" in names["graded"]._repr_html_()  # type: ignore[attr-defined]
