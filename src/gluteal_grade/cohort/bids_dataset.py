"""What makes an output of `--layout bids` a BIDS dataset: the files at its top, checked with the BIDS validator (tests/cli)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gluteal_grade import __version__
from gluteal_grade.files import write_text
from gluteal_grade.vocabulary import COLOURS, LABEL_VALUES, Region, StudyFile

_DESCRIPTION = "dataset_description.json"
_LOOKUP = StudyFile.LABELS.bids.removesuffix(".nii.gz")  # at the top its .json and .tsv are of all label maps below (inheritance)
# names as the validator matches them: a folder's without a slash, or it takes the folder itself for a file that BIDS does not know
_ASIDE = (
    *("*.csv", "*.parquet", "*.xlsx", "*.sqlite*", "*.html", "*.png"),
    *("figures", "trends", "stats", "sites", "repeatability", "norms", "methods", "dicom", "site.yaml"),
    *("cohort.json", "studies.json", "refusals.json", "changes.json", "manifest-sha256.txt", "ro-crate-metadata.json"),
    *("*_morph.tsv", "*_slices.tsv", "*_result.json", "*_fhir.json", "*_map.nii.gz", "*_image.nii.gz", "*_identity.txt"),
)
_README = """Derivatives made by gluteal_grade: volume, fat fraction and grades of the gluteal muscles.

In sub-<label>[/ses-<label>]/anat:
*_desc-glutei_dseg.nii.gz      labels of muscles, sides and regions; what each value is: desc-glutei_dseg.tsv
*_desc-reference_image.nii.gz  the image on whose grid they lie
*_desc-fatfraction_map.nii.gz  fat fraction, 0 to 1
*_desc-glutei_morph.tsv        numbers and grades, one row a muscle or region and side
*_desc-glutei_result.json      everything, with what it was made with
Pictures and reports are in figures/. At the top: tables of all studies (cohort.csv, studies.csv, refusals.csv) and index.html.
BIDS has no names for some of these files; .bidsignore lists them. Research use. Not a medical device.
"""


def describe_dataset(out: Path) -> None:
    """Write `dataset_description.json`, `.bidsignore`, `README` and the lookup table of the label maps into `out`.

    What a user added to the description (authors, licence) stays, as does a README of theirs.

    Raises:
        OSError: the folder cannot be written.
    """
    told = {
        "Name": "gluteal_grade: fat fraction, volume and grades of the gluteal muscles",
        "BIDSVersion": "1.10.0",
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "gluteal-grade", "Version": __version__}],
    }
    write_text(out / _DESCRIPTION, json.dumps(_present(out / _DESCRIPTION) | told, indent=2, ensure_ascii=False) + "\n")
    write_text(out / ".bidsignore", "\n".join(_ASIDE) + "\n")
    if not any(out.glob("README*")):
        write_text(out / "README", _README)
    sidecar = {"Description": "Gluteal muscles and their regions; see desc-glutei_dseg.tsv", "SpatialReference": "orig"}
    write_text(out / f"{_LOOKUP}.json", json.dumps(sidecar, indent=2) + "\n")
    lines = [f"{value}\t{part}\t{_colour(value)}" for value, part in LABEL_VALUES.items()]
    write_text(out / f"{_LOOKUP}.tsv", "\n".join(["index\tname\tcolor", *lines]) + "\n")


def _colour(value: int) -> str:
    part = LABEL_VALUES[value]
    return COLOURS.get((part.muscle, part.region)) or COLOURS[part.muscle, Region.WHOLE]


def _present(path: Path) -> dict[str, Any]:
    """What is there already; nothing where that is no JSON object."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
