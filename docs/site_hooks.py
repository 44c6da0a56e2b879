"""Hooks of mkdocs: files outside docs/ that pages link to become pages of the site, so that it needs no other server.

Links in docs/ stay what they are in the repository (`../../configs/grading.yaml`); here they are turned to pages under `files/`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"(\]\()([^)#\s]+)(#[^)\s]*)?\)")
LISTED = {".md", ".yaml", ".service", ".timer"}
FENCES = {".yaml": "yaml", ".json": "json", ".py": "python", ".service": "ini", ".cff": "yaml"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for every file outside docs/ that a page links to, and for what those link to in turn."""
    waiting = [file.src_uri for file in files.documentation_pages()]
    while waiting:
        uri = waiting.pop()
        file = files.get_file_from_path(uri)
        assert file is not None
        for outside in _outside(file.content_string, _home(uri)):
            if files.get_file_from_path(_page(outside)) is None:
                files.append(File.generated(config, _page(outside), content=_content(outside)))
                waiting.append(_page(outside))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Turn links that leave docs/ to the pages made above, and links of those pages to where they lie."""
    home = _home(page.file.src_uri)

    def turned(match: re.Match[str]) -> str:
        if re.match(r"[a-z]+:", match[2]):
            return match[0]
        target = os.path.normpath(home.parent / match[2])
        uri = os.path.relpath(target, "docs") if target.startswith("docs/") else _page(target)
        here = os.path.relpath(uri, PurePosixPath(page.file.src_uri).parent)
        return f"{match[1]}{here}{match[3] or ''})" if files.get_file_from_path(uri) else match[0]

    return LINK.sub(turned, markdown)


def _home(uri: str) -> PurePosixPath:
    """Where a page's text lies in the repository."""
    return (
        PurePosixPath("docs", uri) if not uri.startswith("files/") else PurePosixPath(uri.removeprefix("files/").removesuffix(".page.md"))
    )


def _page(path: str) -> str:
    return f"files/{path}.page.md"


def _outside(markdown: str, home: PurePosixPath) -> set[str]:
    paths = {os.path.normpath(home.parent / m[2]) for m in LINK.finditer(markdown) if not re.match(r"[a-z]+:", m[2])}
    return {path for path in paths if not path.startswith(("docs/", "..")) and path != "docs" and (ROOT / path).exists()}


def _content(path: str) -> str:
    source = ROOT / path
    if source.is_dir():
        files = sorted(p for p in source.rglob("*") if p.suffix in LISTED)
        names = [p.relative_to(source).as_posix() for p in files]
        return f"# {path}\n\n" + "\n".join(f"- [{name}]({PurePosixPath(path).name}/{name})" for name in names) + "\n"
    text = source.read_text(encoding="utf-8")
    if source.suffix == ".md":
        return text
    return f"# {path}\n\n````{FENCES.get(source.suffix, 'text')}\n{text}\n````\n"
