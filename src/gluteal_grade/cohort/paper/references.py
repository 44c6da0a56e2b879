"""References of a methods section as BibTeX: what the cohort's numbers rest on. Publications stand in `references.bib` beside this file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files

from gluteal_grade import __version__

_OF_ANALYSIS = {
    "stats": ("laird1982", "holm1979"),
    "sites": ("holm1979",),
    "combat": ("johnson2007", "fortin2018"),
    "norms": ("cole1992",),
    "repeatability": ("bland1999",),
}
_PROGRAM = """@misc{{gluteal_grade,
  author = {{{{The gluteal\\_grade developers}}}},
  title = {{gluteal\\_grade: fat fraction, volume and grades of the gluteal muscles on {{MRI}} and {{CT}}}},
  note = {{Version {version}, Apache License 2.0}},
}}
"""
_LIBRARY = """@misc{{{name},
  title = {{{{{name}}}}},
  note = {{Python package, version {version}}},
  howpublished = {{Python Package Index}},
}}
"""


@dataclass(frozen=True)
class Reference:
    """One entry and its text."""

    key: str
    bibtex: str


def references(analyses: Iterable[str], norms: Iterable[str], *, automatic: bool) -> tuple[Reference, ...]:
    """What to cite.

    Args:
        analyses: names of those that lie in the output.
        norms: keys of sets that scores are of.
        automatic: networks drew the labels.
    """
    known = _publications()
    wanted = ["goutallier1994", *(["billot2023"] if automatic else []), *(name for name in norms if name in known)]
    wanted += [key for name in analyses for key in _OF_ANALYSIS.get(name, ())]
    libraries = ("numpy", "scipy", "pandas", "pydicom", "nibabel", *(("monai", "torch") if automatic else ()), "statsmodels")
    return (
        Reference("gluteal_grade", _PROGRAM.format(version=__version__)),
        *(Reference(key, known[key]) for key in dict.fromkeys(wanted)),
        *(Reference(name, _LIBRARY.format(name=name, version=version(name))) for name in libraries),
    )


def _publications() -> dict[str, str]:
    text = (files("gluteal_grade.cohort.paper") / "references.bib").read_text(encoding="utf-8")
    return {found[1]: found[0] for found in re.finditer(r"@\w+\{(\w+),\n.*?\n\}\n", text, re.S)}
