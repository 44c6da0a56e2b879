"""Which commit the program is: of the checkout it runs from, or the one its wheel was built from."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
_SHIPPED = _PACKAGE / "_shipped" / "commit.txt"  # written by hatch_build.py; a checkout has none


@cache
def program_commit() -> str | None:
    """The commit; None where neither checkout nor wheel tells. A wheel built from changed files says `-dirty` behind it."""
    if _SHIPPED.is_file():
        return _SHIPPED.read_text(encoding="utf-8").strip() or None
    return checkout_commit(_PACKAGE.parents[1])


def checkout_commit(root: Path) -> str | None:
    """Commit of a checkout or worktree, read from its files: no git needed.

    Args:
        root: the folder that holds `.git`.
    """
    try:
        git = root / ".git"
        if git.is_file():  # a worktree: "gitdir: PATH"
            git = root / git.read_text().strip().removeprefix("gitdir: ")
        head = (git / "HEAD").read_text().strip()
        if not head.startswith("ref: "):
            return head
        name = head.removeprefix("ref: ")
        shared = git / "commondir"
        common = git / shared.read_text().strip() if shared.is_file() else git
        if (common / name).is_file():
            return (common / name).read_text().strip()
        lines = (common / "packed-refs").read_text().splitlines()
        return next((line.split()[0] for line in lines if line.endswith(f" {name}")), None)
    except OSError:
        return None
