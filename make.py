"""`python make.py demo` and `python make.py test`: the README's two commands where there is no `make` (Windows), by Python alone.

Both make the same virtual environment from the same pinned versions as the Makefile, and run the same programs.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
_NEEDS = ("pyproject.toml", "constraints.txt")
_TESTS = ["-m", "pytest", "-q", "-n", "4", "--dist", "loadfile", "--no-loadscope-reorder", "--turn"]
_CHECKS = (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"], ["lint-imports"])
_REPORTED = (0, 3)  # of a batch: all graded, or some


def program(folder: Path, name: str) -> str:
    """A program of the environment."""
    windows = os.name == "nt"
    return str(folder / ("Scripts" if windows else "bin") / (f"{name}.exe" if windows else name))


def stale(stamp: Path) -> bool:
    """Whether the environment is older than what it is made from."""
    return not stamp.exists() or any((ROOT / name).stat().st_mtime > stamp.stat().st_mtime for name in _NEEDS)


def installed(folder: Path, extra: str, stamp: Path) -> None:
    """The program with an extra, from pinned versions, unless that was done before."""
    if not Path(program(folder, "python")).exists():
        venv.create(folder, with_pip=True)
    if not stale(stamp):
        return
    pip = [program(folder, "python"), "-m", "pip", "--disable-pip-version-check", "install", "-qq", "-e", f".[{extra}]"]
    subprocess.run(pip, cwd=ROOT, env={**os.environ, "PIP_CONSTRAINT": str(ROOT / "constraints.txt")}, check=True)
    stamp.touch()


def demo(folder: Path, out: Path) -> int:
    """Grade the three sample studies and say which files to open."""
    installed(folder, "review", folder / ".run")
    done = subprocess.run([program(folder, "python"), "-m", "gluteal_grade", "batch", "data/sample", "-o", str(out)], cwd=ROOT)
    if done.returncode not in _REPORTED:
        return done.returncode
    print("\nOpen these:")
    for pattern in ("index.html", "contact_sheet_001.png", "cohort.csv", "*/overlay_summary.png", "*/report.html"):
        for path in sorted((ROOT / out).glob(pattern)):
            print(path)
    print(f"\nRead them in the browser: {program(folder, 'gluteal-grade')} review {out} --reader me")
    return 0


def test(folder: Path, turn: str) -> int:
    """Style, types, floors, tests; 1 if one of them fails. `turn`: of the long tests, as in `tests/turns.py`."""
    installed(folder, "review", folder / ".run")
    installed(folder, "dev", folder / ".dev")
    checks = [[program(folder, name), *words] for name, *words in _CHECKS]
    codes = [subprocess.run(command, cwd=ROOT).returncode for command in checks]
    tests = [program(folder, "python"), *_TESTS, turn]
    codes.append(subprocess.run(tests, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}).returncode)
    return int(any(codes))


def main(arguments: list[str] | None = None) -> int:
    """One of both commands."""
    parser = argparse.ArgumentParser(prog="python make.py", description=__doc__.partition("\n")[0])
    parser.add_argument("what", choices=("demo", "test"))
    parser.add_argument("--venv", type=Path, default=Path(".venv"), help="the virtual environment; made if it is not there")
    parser.add_argument("--out", type=Path, default=Path("demo-output"), help="where the demo's results go")
    parser.add_argument("--turn", default="commit", help="long tests: those of this commit's turn, or all")
    given = parser.parse_args(arguments)
    folder = (ROOT / given.venv).absolute()
    return demo(folder, given.out) if given.what == "demo" else test(folder, given.turn)


if __name__ == "__main__":
    sys.exit(main())
