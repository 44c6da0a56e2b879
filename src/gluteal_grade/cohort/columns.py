"""The columns of `studies.csv` and `refusals.csv`, in their order. Those of `cohort.csv` are those of `muscles.csv` (`result.columns`)."""

from __future__ import annotations

from gluteal_grade.vocabulary import Column

WITHDRAWN = "withdrawn"  # a state that only the tables know
BODY = ("height_m", "weight_kg", "lean_kg")
STUDIES = (
    Column("study", "text", "Hash of the study"),
    Column("source", "text", "Where it was found, as given to the batch; may hold names that the user gave folders"),
    Column(
        *("state", "text", "How far the study was graded"),
        levels={
            "graded": "all muscles of both sides",
            "partly_graded": "a side or muscle is missing, not gradable, cut by the field of view, or needs review",
            "refused": "cannot be graded",
            "failed": "disk, memory or a defect",
            WITHDRAWN: "its input is gone; the result that was made of it is kept out of the tables",
        },
    ),
    Column("reason", "text", "Reason code of a refusal or failure, see docs/reference/output.md"),
    Column("patient", "text", "Pseudonym of the patient, the same in all studies of one person in this cohort"),
    Column("days", "whole", "Days since the patient's first study", unit="d"),
    Column("sex", "text", "The patient's sex", levels={"M": "male", "F": "female"}),
    Column("age", "number", "Age at the examination", unit="a"),
    Column("group", "text", "Group of the manifest or of participants.tsv"),
    Column(
        *("operated_side", "text", "Operated side by the manifest"),
        levels={"right": "right", "left": "left", "both": "both", "none": "none"},
    ),
    Column("method", "text", "How fat was measured; several joined by +"),
    Column("automatic", "flag", "A network made the labels"),
    Column("needs_review", "whole", "Muscles whose label failed a check"),
    Column("folder", "text", "Folder of the study's result, below this one"),
    Column("input_hash", "text", "Hash of the study's files, its label map and what was said of it"),
    Column("config_hash", "text", "Hash of the settings"),
    Column("model_hash", "text", "Hash of the networks"),
    Column("version", "text", "Version of gluteal-grade"),
    Column("height_m", "number", "Height of the patient", unit="m"),
    Column("weight_kg", "number", "Weight of the patient", unit="kg"),
    Column("lean_kg", "number", "Lean mass of the patient's body", unit="kg"),
)
REFUSALS = (
    Column("source", "text", "What could not be graded, as given to the batch"),
    Column("study", "text", "Hash of the study, empty where none was found"),
    Column(
        *("state", "text", "Why it has no grades"),
        levels={
            "refused": "it cannot be graded as it is",
            "failed": "disk, memory or a defect; trying again may help",
            WITHDRAWN: "its input is gone; the result that was made of it is kept out of the tables",
        },
    ),
    Column("reason", "text", "Reason code, see docs/reference/output.md"),
    Column("detail", "text", "What exactly was found"),
    Column("advice", "text", "What to do about it"),
    Column("attempts", "whole", "How often it was tried"),
)
