"""`python make.py demo`, `python make.py test`: the Makefile's targets where there is no `make` (Windows), by Python alone.

Each makes the same virtual environment from the same pinned versions as the Makefile, and runs the same programs.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent
AUDIT, WHEEL, SBOM = Path("build/audit"), Path("build/wheel"), Path("dist/sbom.json")
_NEEDS = ("pyproject.toml", "constraints.txt")
_PURELIB = 'import sysconfig; print(sysconfig.get_path("purelib"))'
_TESTS = ("-m", "pytest", "-q", "-n", "4", "--dist", "loadfile", "--no-loadscope-reorder", "--turn")
_REPORTED = (0, 3)  # of a batch: all graded, or some


@dataclass(frozen=True)
class Given:
    """What the command line says.

    Attributes:
        folder: the virtual environment.
        out: where the demo's results go.
        turn: of the long tests, as in `tests/turns.py`.
    """

    folder: Path
    out: Path
    turn: str


def program(folder: Path, name: str) -> str:
    """A program of an environment."""
    windows = os.name == "nt"
    return str(folder / ("Scripts" if windows else "bin") / (f"{name}.exe" if windows else name))


def stale(stamp: Path) -> bool:
    """Whether the environment is older than what it is made from."""
    return not stamp.exists() or any((ROOT / name).stat().st_mtime > stamp.stat().st_mtime for name in _NEEDS)


def pip(folder: Path, *words: str, pinned: bool = True) -> None:
    """Run pip of an environment; what it installs is pinned unless said otherwise."""
    environment = {**os.environ, **({"PIP_CONSTRAINT": str(ROOT / "constraints.txt")} if pinned else {})}
    command = [program(folder, "python"), "-m", "pip", "--disable-pip-version-check", *words]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


def installed(given: Given, *extras: str) -> None:
    """The program with extras, from pinned versions, unless that was done before."""
    if not Path(program(given.folder, "python")).exists():
        venv.create(given.folder, with_pip=True)
    for extra, name in (("review", "run"), *((extra, extra) for extra in extras)):
        stamp = given.folder / f".{name}"
        if stale(stamp):
            pip(given.folder, "install", "-qq", "-e", f".[{extra}]")
            stamp.touch()


def audit_tools() -> Path:
    """The environment of the tools that look at the libraries; they are not pinned."""
    folder, stamp = ROOT / AUDIT, ROOT / AUDIT / ".done"
    if not stamp.exists():
        venv.create(folder, with_pip=True)
        pip(folder, "install", "-qq", "cyclonedx-bom", "pip-audit", pinned=False)
        stamp.touch()
    return folder


def run(*commands: list[str], **more: str) -> int:
    """All of these, one after the other; 1 if one of them fails. `more`: variables of the environment."""
    codes = [subprocess.run(command, cwd=ROOT, env={**os.environ, **more}).returncode for command in commands]
    return int(any(codes))


def demo(given: Given) -> int:
    """Grade the three sample studies and say which files to open."""
    installed(given)
    command = [program(given.folder, "python"), "-m", "gluteal_grade", "batch", "data/sample", "-o", str(given.out)]
    done = subprocess.run(command, cwd=ROOT)
    if done.returncode not in _REPORTED:
        return done.returncode
    print("\nOpen these:")
    for pattern in ("index.html", "contact_sheet_001.png", "cohort.csv", "*/overlay_summary.png", "*/report.html"):
        for path in sorted((ROOT / given.out).glob(pattern)):
            print(path)
    print(f"\nRead them in the browser: {program(given.folder, 'gluteal-grade')} review {given.out} --reader me")
    return 0


def test(given: Given) -> int:
    """Style, types, floors, tests."""
    failed = lint(given)
    python = program(given.folder, "python")
    run([python, "-m", "compileall", "-q", "src", "tests", "scripts"], [python, "-m", "tests.rewritten"])  # both only save time
    return int(any([failed, run([python, *_TESTS, given.turn], OMP_NUM_THREADS="1")]))


def lint(given: Given) -> int:
    """Style, types and floors."""
    return int(any([style(given), types(given)]))


def style(given: Given) -> int:
    """Style alone."""
    installed(given, "dev")
    ruff = program(given.folder, "ruff")
    return run([ruff, "check", "."], [ruff, "format", "--check", "."])


def types(given: Given) -> int:
    """Types and floors."""
    installed(given, "dev")
    return run([program(given.folder, "mypy")], [program(given.folder, "lint-imports")])


def bench(given: Given) -> int:
    """How fast it is on this machine."""
    installed(given, "dev")
    scripts = (["scripts/bench.py"], ["scripts/bench_segmenter.py"], ["-m", "scripts.bench_cohort"], ["-m", "scripts.bench_receive"])
    return run(*([program(given.folder, "python"), *words] for words in scripts))


def sample(given: Given) -> int:
    """The sample studies anew."""
    installed(given, "dev")
    return run([program(given.folder, "python"), "scripts/make_sample_data.py"])


def docs(given: Given) -> int:
    """The site of the pages."""
    installed(given, "docs")
    failed = run([program(given.folder, "mkdocs"), "build", "--quiet", "--strict"], NO_MKDOCS_2_WARNING="1")
    if not failed:
        print("Open build/site/index.html")
    return failed


def sbom(given: Given) -> int:
    """A bill of materials of the libraries in the environment."""
    installed(given)
    (ROOT / SBOM).parent.mkdir(exist_ok=True)
    what = ["environment", program(given.folder, "python"), "--pyproject", "pyproject.toml"]
    return run([program(audit_tools(), "cyclonedx-py"), *what, "--output-reproducible", "--of", "JSON", "-o", SBOM.as_posix()])


def audit(_: Given) -> int:
    """What is known of the weaknesses of the pinned libraries."""
    command = [program(audit_tools(), "pip-audit"), "--strict", "-r", "constraints.txt", "--no-deps", "--disable-pip"]
    said = ROOT / AUDIT / "said.log"
    with said.open("w", encoding="utf-8", newline="\n") as file:
        code = subprocess.run(command, cwd=ROOT, stderr=file).returncode
    return audited(code, said)


def audited(code: int, said: Path) -> int:
    """Exit code of the audit: 0 nothing known, 1 weaknesses, 2 not looked up, which is said in words.

    Args:
        code: of pip-audit.
        said: a file with what it wrote beside its table.
    """
    lines = [line.strip() for line in said.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    if code == 0 or any("known vulnerabilit" in line for line in lines):
        print(*lines, sep="\n")
        return code
    print(
        "NOT AUDITED: the libraries could not be looked up, so nothing is known of their weaknesses.",
        f"  pip-audit: {(lines or ['nothing'])[-1][:300]}",
        "  Where it says 'not found' of a published library, the package index of this network serves no vulnerability data;",
        "  else the service was not reached. Run this where the index itself can be reached.",
        f"  All that it said: {said}",
        sep="\n",
    )
    return 2


def test_wheel(given: Given) -> int:
    """The wheel as users get it, in an environment of its own; the libraries are those of the usual one, found by a path file."""
    installed(given, "dev")
    shutil.rmtree(ROOT / WHEEL, ignore_errors=True)
    pip(given.folder, "wheel", "-q", "--no-deps", "-w", WHEEL.as_posix(), ".")
    python, own = program(given.folder, "python"), program(ROOT / WHEEL / "venv", "python")
    subprocess.run([python, "-m", "venv", "--without-pip", f"{WHEEL.as_posix()}/venv"], cwd=ROOT, check=True)
    wheels = [path.relative_to(ROOT).as_posix() for path in (ROOT / WHEEL).glob("*.whl")]
    pip(given.folder, "--python", own, "install", "-q", "--no-deps", "--no-index", *wheels)
    here, there = (
        subprocess.run([one, "-c", _PURELIB], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip() for one in (python, own)
    )
    (Path(there) / "libraries.pth").write_text(f"{here}\n", encoding="utf-8", newline="\n")
    bare = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run([own, "-m", "pytest", "-q", "tests/wheel"], cwd=ROOT, env={**bare, "OMP_NUM_THREADS": "1"}).returncode


def clean(given: Given) -> int:
    """Delete the environment, the demo's results and everything that was built."""
    for folder in (given.folder, given.out, Path("build"), Path("dist")):
        shutil.rmtree(ROOT / folder, ignore_errors=True)
    return 0


_ALL = (demo, test, test_wheel, lint, style, types, bench, sample, docs, sbom, audit, clean)
TARGETS: dict[str, Callable[[Given], int]] = {target.__name__.replace("_", "-"): target for target in _ALL}


def main(arguments: list[str] | None = None) -> int:
    """One target."""
    told = "\n".join(f"  {name:<12}{(target.__doc__ or '').splitlines()[0]}" for name, target in TARGETS.items())
    parser = argparse.ArgumentParser(
        prog="python make.py", description=__doc__.partition("\n")[0], epilog=told, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=TARGETS, metavar="target")
    parser.add_argument("--venv", type=Path, default=Path(".venv"), help="the virtual environment; made if it is not there")
    parser.add_argument("--out", type=Path, default=Path("demo-output"), help="where the demo's results go")
    parser.add_argument("--turn", default="commit", help="long tests: those of this commit's turn, or all")
    given = parser.parse_args(arguments)
    return TARGETS[given.what](Given((ROOT / given.venv).absolute(), given.out, given.turn))


if __name__ == "__main__":
    sys.exit(main())
