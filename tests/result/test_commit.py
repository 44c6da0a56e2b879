"""Which commit the program is: checkout, packed references, worktree, wheel."""

import shutil
import subprocess
from pathlib import Path

import pytest

from gluteal_grade.result import commit
from gluteal_grade.result.commit import checkout_commit, program_commit

GIT = shutil.which("git")
pytestmark = pytest.mark.skipif(GIT is None, reason="git is not installed")


def git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=T", "-c", "user.email=t@example.org", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "commit", "-q", "--allow-empty", "-m", "one")
    return folder


def test_branch_packed_and_detached(checkout: Path) -> None:
    head = git(checkout, "rev-parse", "HEAD")
    assert checkout_commit(checkout) == head
    git(checkout, "pack-refs", "--all")
    assert not (checkout / ".git/refs/heads/main").exists()
    assert checkout_commit(checkout) == head
    git(checkout, "checkout", "-q", "--detach")
    assert checkout_commit(checkout) == head


def test_worktree(checkout: Path, tmp_path: Path) -> None:
    git(checkout, "worktree", "add", "-q", "-b", "other", str(tmp_path / "tree"))
    git(tmp_path / "tree", "commit", "-q", "--allow-empty", "-m", "two")
    assert checkout_commit(tmp_path / "tree") == git(tmp_path / "tree", "rev-parse", "HEAD") != checkout_commit(checkout)


def test_no_checkout(tmp_path: Path) -> None:
    assert checkout_commit(tmp_path) is None
    assert checkout_commit(tmp_path / "absent") is None


def test_a_wheel_tells_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "commit.txt").write_text("abc-dirty\n")
    monkeypatch.setattr(commit, "_SHIPPED", tmp_path / "commit.txt")
    program_commit.cache_clear()
    assert program_commit() == "abc-dirty"
    program_commit.cache_clear()
