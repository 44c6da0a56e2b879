"""`gluteal-grade model`: the networks that label."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gluteal_grade.cli.exit_codes import GRADED, REFUSED, tell
from gluteal_grade.errors import RefusedInput

if TYPE_CHECKING:
    from gluteal_grade.segmentation import Card

app = typer.Typer(help="The networks that label the muscles.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """The networks that label the muscles."""


@app.command()
def info(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="A folder of bundles, or one bundle; else the shipped ones.")
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """What each network is: version, hash, what it reads, what it was trained on, licences, measured figures."""
    from gluteal_grade.segmentation import read_card

    try:
        cards = [as_json(read_card(root)) for root in _bundles(folder)]
    except RefusedInput as error:
        return tell(error)
    if json_output:
        typer.echo(json.dumps({"models": cards}, indent=2))
    else:
        _print(cards)
    return GRADED if all(card["sha256"] for card in cards) else REFUSED


def _bundles(folder: Path | None) -> list[Path]:
    from gluteal_grade.config import shipped
    from gluteal_grade.errors import Reason

    try:
        root = folder or shipped("models")
    except FileNotFoundError:
        raise RefusedInput(Reason.NO_SEGMENTER, "there is no folder of models") from None
    if (root / "configs").is_dir():
        return [root]
    found = sorted(path for path in root.glob("*") if (path / "configs").is_dir())
    if not found:
        raise RefusedInput(Reason.BUNDLE_UNREADABLE, "no bundle there: a bundle is a folder with configs/")
    return found


def as_json(card: Card) -> dict[str, Any]:
    """What there is to tell about a bundle, as plain JSON values; null or empty where its metadata does not say."""
    about = card.metadata
    return {
        "name": card.name,
        "version": card.version,
        "sha256": card.sha256,
        "bytes": card.bytes,
        "task": about.get("task"),
        "network": card.inference.get("network_def"),
        "reads": about.get("image_classes"),
        "spacing_mm": about.get("spacing_mm"),
        "classes": {str(channel): name for channel, name in card.channels.items()},
        "license": about.get("license"),
        "data": about.get("data_source"),
        "training_data": about.get("training_data", []),
        "intended_use": about.get("intended_use"),
        "measured": about.get("eval_metrics", {}),
    }


def _print(cards: list[dict[str, Any]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    for card in cards:
        table = Table(
            title=f"{card['name']} {card['version']}", title_justify="left", box=box.SIMPLE_HEAD, show_header=False, pad_edge=False
        )
        table.add_column(style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        for heading, text in _rows(card):
            table.add_row(heading, escape(text))
        console.print(table)


def _rows(card: dict[str, Any]) -> list[tuple[str, str]]:
    size = f"{card['sha256']} ({card['bytes'] / 1e6:.1f} MB)" if card["sha256"] else "missing: this network cannot be used"
    rows = [
        ("task", card["task"] or ""),
        ("weights, sha256", size),
        ("reads", card["reads"] or ""),
        ("tells apart", ", ".join(card["classes"].values())),
        ("trained on", card["data"] or ""),
    ]
    rows += [
        ("", f"{d.get('name', '')}: {d.get('licence', '')}, {d.get('credit', '')}") for d in card["training_data"] if isinstance(d, dict)
    ]
    rows += [("licence of the weights", card["license"] or ""), ("meant for", card["intended_use"] or "")]
    return rows + [("measured", f"{name}: {value}") for name, value in card["measured"].items()]
