"""Discovery and reading: folders, zips and files in, `Study` and `Volume` out."""

from gluteal_grade.io.discovery import Discovery, Problem, discover

__all__ = ["Discovery", "Problem", "discover"]
