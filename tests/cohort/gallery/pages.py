"""Reading written pages back."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

VOID = {"meta", "img", "br", "link", "hr", "input"}


@dataclass
class Page(HTMLParser):
    """Elements, links, texts by id and table rows of a page; fails on unbalanced tags."""

    path: Path
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[tuple[str, str | None]] = []
        self.feed(self.path.read_text(encoding="utf-8"))
        self.close()
        assert not self._open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in VOID:
            self._open.append((tag, dict(attrs).get("id")))

    def handle_endtag(self, tag):
        assert self._open.pop()[0] == tag

    def handle_data(self, data):
        self.text += data
        inside = [tag for tag, _ in self._open]
        if "td" in inside or "th" in inside:
            self.rows[-1][-1] += data
        for _, name in self._open:
            if name:
                self.ids[name] = self.ids.get(name, "") + data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def number(self, name: str) -> int:
        return int(self.ids[name].replace(",", ""))

    def broken_links(self) -> list[str]:
        """Addresses that lead nowhere, or out of the folder."""
        addresses = [a["href"] for a in self.all("a")] + [i["src"] for i in self.all("img")]
        bad = []
        for address in addresses:
            parts = urlsplit(address)
            if not parts.path:
                found = parts.fragment in [a.get("id") for _, a in self.tags]
            else:
                found = not parts.scheme and not parts.netloc and (self.path.parent / unquote(parts.path)).is_file()
            if not found:
                bad.append(address)
        return bad
