"""Draws the two pictures of the architecture page: `python docs/drawings.py`. The floors come from the contract in pyproject.toml.

A room that the contract gains needs a line in ROOMS; tests/docs/test_architecture.py says so.
"""

from __future__ import annotations

import tomllib
from html import escape
from pathlib import Path

DOCS = Path(__file__).parent
ROOMS = {
    "cli": "commands, options, exit codes",
    "api": "the Python face: import gluteal_grade as gg",
    "pacs": "receive, query, send, nightly",
    "review": "review app, corrections, agreement",
    "cohort": "batch, ledger, tables, pages, statistics",
    "workflow": "a job in, one graded study out and written",
    "report": "pictures, report.html, DICOM results",
    "pipeline": "one study on one screen: plan, label, measure, grade",
    "result": "StudyResult, schema, provenance, rows",
    "measurement": "plan, sides, numbers, intervals",
    "grading": "scales, norms, statements",
    "segmentation": "networks, label maps, regions, checks",
    "fat": "one module a method",
    "metal": "evidence of implants, zones",
    "io": "files to a study of series",
    "imaging": "masks, planes, distances, local noise",
    "statistics": "kappas, bootstrap, intervals",
    "drawing": "palette, plots, saving",
    "files": "whole or not at all; CSV, JSON, hashes",
    "geometry": "Volume, Grid",
    "config": "settings, shipped YAML",
    "vocabulary": "Muscle, Side, Region, Scale, Method, SeriesKind",
    "errors": "refusal or failure, reason codes",
    "terminal": "text from outside, made safe to show",
    "system": "what Windows, macOS and Linux do each in their own way",
}
WIDTH = 900
STYLE = """text{font:14px system-ui,sans-serif;fill:#1d2733}.n{font-weight:600}.d{font-size:12px;fill:#4a5868}
.r{fill:#eef3fa;stroke:#5b7fb0}.k{fill:#fdf3e3;stroke:#c08a33}.g{fill:#eaf5ec;stroke:#4f9a61}.a{stroke:#4a5868;fill:none;stroke-width:1.5}"""


def layers() -> list[list[str]]:
    """Floors of the contract, highest first; rooms of one floor side by side."""
    contracts = tomllib.loads((DOCS.parent / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    floors = next(contract for contract in contracts if contract["name"].startswith("Floors: "))["layers"]
    inside = [[room.strip().removeprefix("gluteal_grade.") for room in floor.split("|")] for floor in floors]
    return [rooms for rooms in inside if rooms != ["gluteal_grade_lab"]]


def floors_svg() -> str:
    """The house: a box a room, a row a floor."""
    rows, parts = layers(), []
    for level, rooms in enumerate(rows):
        width = (WIDTH - 20 - 10 * (len(rooms) - 1)) / len(rooms)
        for place, room in enumerate(rooms):
            parts.append(_box(10 + place * (width + 10), 40 + level * 58, width, 48, room, ROOMS.get(room, ""), "r"))
    height = 40 + len(rows) * 58 + 30
    parts.append(_line(10, 24, "the outside: terminal, notebooks, scripts"))
    rule = "the ground. A room may use the rooms below it, through their faces; never one beside or above it."
    parts.append(_line(10, height - 12, rule))
    return _svg(height, parts, "Floors of gluteal_grade: each room imports only from rooms below it")


def flow_svg() -> str:
    """A study's way from files to files."""
    middle, wide = WIDTH / 2, 420
    steps = [
        ("a job", "study, settings, labels or networks, mask, what to write", "workflow", "k"),
        ("study", "its series, each with a kind: T1, Dixon water, CT, ...", "io", "r"),
        ("plan", "for each side: candidates in order, with reasons", "measurement", "r"),
        ("label map", "muscle and side of every voxel; checks, regions", "segmentation", "r"),
        ("fat maps and zones", "fat fraction of every voxel; what is left out beside metal", "fat, metal", "r"),
        ("measured muscles", "volume, fat fraction, coverage, interval", "measurement", "r"),
        ("grades", "scales, norms, statements", "grading", "r"),
        ("result", "with provenance; status and reason for what is missing", "result", "r"),
    ]
    doors = ["grade", "batch", "watch", "pacs nightly", "review", "Python"]
    each = (WIDTH - 20 - 50) / len(doors)
    parts = []
    for place, door in enumerate(doors):
        x = 10 + place * (each + 10)
        parts += [_box(x, 10, each, 32, door, "", "g"), _arrow(x + each / 2, 42, middle + (place - 2.5) * 40, 78)]
    for level, (name, what, room, style) in enumerate(steps):
        y = 80 + level * 72
        parts.append(_box(middle - wide / 2, y, wide, 48, name, what, style))
        parts.append(_line(middle + wide / 2 + 14, y + 29, room))
        parts.append(_arrow(middle, y + 48, middle, y + 70))
    bottom = 80 + len(steps) * 72
    outputs = [
        ("tables", "muscles.csv, result.json"),
        ("images", "labels, fat fraction, image"),
        ("pictures", "overlays, report.html"),
        ("DICOM", "on request: SEG, SR, SC"),
    ]
    each = (WIDTH - 20 - 30) / len(outputs)
    parts += [_box(10 + i * (each + 10), bottom, each, 48, name, what, "g") for i, (name, what) in enumerate(outputs)]
    refused = middle - wide / 2 - 10
    parts.append(
        f'<path class="a" stroke-dasharray="5 4" d="M{middle - wide / 2} 176 H{refused - 60} V{bottom - 2}" marker-end="url(#t)"/>'
    )
    for row, words in enumerate(("A refusal is a", "result too: reason", "code and advice.")):
        parts.append(_line(20, 330 + 16 * row, words))
    return _svg(
        bottom + 60,
        parts,
        "Data flow: from a job through study, plan, label map, fat maps, measured muscles and grades to a result and its files",
    )


def _box(x: float, y: float, width: float, height: float, name: str, what: str, style: str) -> str:
    middle, line = x + width / 2, y + (21 if what else height / 2 + 5)
    text = f'<text x="{middle:.0f}" y="{line:.0f}" text-anchor="middle" class="n">{escape(name)}</text>'
    if what:
        text += f'<text x="{middle:.0f}" y="{y + 38:.0f}" text-anchor="middle" class="d">{escape(what)}</text>'
    return f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" rx="7" class="{style}"/>{text}'


def _line(x: float, y: float, words: str) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" class="d">{escape(words)}</text>'


def _arrow(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<path class="a" d="M{x1:.0f} {y1:.0f}L{x2:.0f} {y2:.0f}" marker-end="url(#t)"/>'


def _svg(height: float, parts: list[str], title: str) -> str:
    marker = '<marker id="t" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    tip = f'<defs>{marker}<path d="M0 0L8 4L0 8z" fill="#4a5868"/></marker></defs>'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(title)}">'
    ground = f'<rect width="{WIDTH}" height="{height:.0f}" fill="#fff"/>'
    return "\n".join([head, f"<title>{escape(title)}</title><style>{STYLE}</style>", tip, ground, *parts, "</svg>"]) + "\n"


DRAWINGS = {"architecture_floors.svg": floors_svg, "architecture_flow.svg": flow_svg}

if __name__ == "__main__":
    for name, draw in DRAWINGS.items():
        (DOCS / "img" / name).write_text(draw(), encoding="utf-8")
