"""What to know about a comparison that stands, and what every comparison takes for granted."""

from __future__ import annotations

from enum import StrEnum


class Caution(StrEnum):
    """A reservation about one row or about all. Codes are part of the output: added, never renamed."""

    OUT_OF_VIEW = "out_of_view"
    PRIOR_NEEDS_REVIEW = "prior_needs_review"
    CURRENT_NEEDS_REVIEW = "current_needs_review"
    DIFFERENT_PROTOCOL = "different_protocol"
    DIFFERENT_SETTINGS = "different_settings"
    DIFFERENT_PROGRAM = "different_program"
    DIFFERENT_MODEL = "different_model"
    DIFFERENT_LABEL_SOURCE = "different_label_source"
    NO_STATED_INTERVAL = "no_stated_interval"


MEANING: dict[Caution, str] = {
    Caution.OUT_OF_VIEW: "the field of view cuts the muscle in one of the scans: the parts in view may differ",
    Caution.PRIOR_NEEDS_REVIEW: "the prior label failed a check: look at its outline",
    Caution.CURRENT_NEEDS_REVIEW: "the current label failed a check: look at its outline",
    Caution.DIFFERENT_PROTOCOL: "the scans were acquired differently: biases of the method need not cancel",
    Caution.DIFFERENT_SETTINGS: "the studies were graded with different settings: grade one of them again",
    Caution.DIFFERENT_PROGRAM: "the studies were graded by different versions of the program: grade one of them again",
    Caution.DIFFERENT_MODEL: "the labels were made by different networks: grade one of the studies again",
    Caution.DIFFERENT_LABEL_SOURCE: "the labels come from different sources: outlines may differ by convention",
    Caution.NO_STATED_INTERVAL: "a result states no interval for this number",
}

ASSUMPTIONS = (
    "The two scans show the same patient; the program cannot check it.",
    "Errors of the two scans are taken as independent. Biases that both share (same method, protocol, reader) cancel in truth, "
    "so intervals and SDC are rather too wide on this account.",
    "SDC is a lower bound: 1.96 x sqrt(variance of prior + variance of current) of the stated uncertainty only. Repositioning, "
    "another scanner and physiological variation are not in it, as no scan-rescan data exist.",
    "Every row has its own 5 %: of six unchanged muscles, were they independent, one or more would go beyond in 26 % of comparisons.",
    "Volumes have no stated interval: no SDC is given for them.",
    "Chances that a grade rose or fell take the two grades as independent.",
)
