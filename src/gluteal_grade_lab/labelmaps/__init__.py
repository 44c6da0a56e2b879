"""Numberings of label maps that only development uses."""

from pathlib import Path

GLUTEAL_ANATOMY = str(Path(__file__).parent / "gluteal_anatomy.yaml")  # for load_numbering, or --labelmap
