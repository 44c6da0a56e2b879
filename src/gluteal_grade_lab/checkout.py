"""Where the checkout lies; the lab is used from one, never from a wheel."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
