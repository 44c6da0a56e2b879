"""Every relative link of every Markdown page leads to a file, and every #anchor to a heading of that file."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


def markdown_files() -> list[Path]:
    """The pages that git tracks; from an unpacked archive, those outside build folders."""
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = listed.stdout.split() if listed.returncode == 0 else []
    return [ROOT / name for name in names] or [p for p in ROOT.rglob("*.md") if not {".venv", "build"} & set(p.parts)]


def anchors(page: Path) -> set[str]:
    """Ids of a page's headings, as both GitHub and the site make them."""
    headings = re.findall(r"^#+ +(.+?) *$", CODE.sub(_text_of_inline_code, page.read_text(encoding="utf-8")), re.MULTILINE)
    named = set(re.findall(r"""(?:id|name)=["']([^"']+)["']""", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings} | named


def _text_of_inline_code(match: re.Match[str]) -> str:
    return "" if match[0].startswith("```") else match[0].strip("`")


def links(page: Path) -> list[str]:
    """Relative links of a page, those in code left out."""
    found = LINK.findall(CODE.sub("", page.read_text(encoding="utf-8")))
    return [link for link in found if not re.match(r"[a-z]+:", link)]


@pytest.mark.parametrize("page", markdown_files(), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_relative_links_resolve(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{link}: no such file"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{link}: no such heading"


def test_pages_named_in_code_exist() -> None:
    """Comments, messages, settings and results name pages by their path from the root."""
    sources = [p for folder in ("src", "configs") for p in (ROOT / folder).rglob("*") if p.suffix in {".py", ".yaml"}]
    for source in sources:
        for name in re.findall(r"\bdocs/[\w/]+\.md\b", source.read_text(encoding="utf-8")):
            assert (ROOT / name).is_file(), f"{source.relative_to(ROOT)} names {name}"
