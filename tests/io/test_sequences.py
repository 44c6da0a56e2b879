from typing import Any

import pytest

from gluteal_grade.io.sequences import SeriesFacts, classify, contrast_agent, mars_hint, shipped_rules
from gluteal_grade.vocabulary import SeriesKind as K


def facts(*texts: str, **known: Any) -> SeriesFacts:
    return SeriesFacts(**{"modality": "MR", "texts": texts, **known})


SE = {"scanning_sequence": ("SE",)}
GR = {"scanning_sequence": ("GR",), "sequence_variant": ("SP",)}
T1_TIMES = {**SE, "te_ms": 11.0, "tr_ms": 580.0}
T2_TIMES = {**SE, "te_ms": 90.0, "tr_ms": 4200.0}
PD_TIMES = {**SE, "te_ms": 32.0, "tr_ms": 3000.0}
STIR_TIMES = {"scanning_sequence": ("SE", "IR"), "te_ms": 45.0, "tr_ms": 4500.0, "ti_ms": 160.0}


@pytest.mark.parametrize(
    ("description", "known", "kind"),
    [
        # spin echo by its times, whatever its name
        ("", T1_TIMES, K.T1),
        ("", T2_TIMES, K.T2),
        ("", PD_TIMES, K.PD),
        ("", STIR_TIMES, K.STIR),
        ("t1_tse_tra", T2_TIMES, K.T2),
        ("Ax T1 FSE", {**SE, "te_ms": 9.0, "tr_ms": 1250.0}, K.T1),
        ("T2 FLAIR", {"scanning_sequence": ("SE", "IR"), "te_ms": 120.0, "tr_ms": 9000.0, "ti_ms": 2500.0}, K.T2),
        # words alone
        ("T1W_TSE", {}, K.T1),
        ("t2_tse_cor", {}, K.T2),
        ("PDW_aTSE", {}, K.PD),
        ("Ax DP", {}, K.PD),
        ("t1_t2_something", {}, K.OTHER),
        # fat suppression: codes, words in four languages
        ("t1_tse", {**T1_TIMES, "scan_options": ("PFP", "FS")}, K.STIR),
        ("t1_tse_fs_tra", T1_TIMES, K.STIR),
        ("AX T1 FAT SAT", T1_TIMES, K.STIR),
        ("Ax T2 FatSat", T2_TIMES, K.STIR),
        ("T2W_SPAIR", T2_TIMES, K.STIR),
        ("T1 tra fettgesättigt", T1_TIMES, K.STIR),
        ("T1 Fettsättigung", T1_TIMES, K.STIR),
        ("T1 avec suppression de la graisse", T1_TIMES, K.STIR),
        ("DP SAT GRAISSE", PD_TIMES, K.STIR),
        ("T1 supresión grasa", T1_TIMES, K.STIR),
        ("AX DP SAT GRASA", PD_TIMES, K.STIR),
        ("t2_tirm_cor", {}, K.STIR),
        ("STIR_longTE", {}, K.STIR),
        ("3D FFE water excitation", GR, K.STIR),
        ("T1 non FS", T1_TIMES, K.T1),
        ("T1 w/o fat sat", T1_TIMES, K.T1),
        ("T1 ohne Fettsättigung", T1_TIMES, K.T1),
        ("T1 without fat saturation", T1_TIMES, K.T1),
        ("T1 non fat saturated", T1_TIMES, K.T1),
        ("T1 non fat suppressed", T1_TIMES, K.T1),
        ("T1 ohne Fettunterdrückung", T1_TIMES, K.T1),
        ("T1 ohne Fettsuppression", T1_TIMES, K.T1),
        ("T1 sans saturation de graisse", T1_TIMES, K.T1),
        ("T1 sans suppression de la graisse", T1_TIMES, K.T1),
        ("T1 sin saturación de grasa", T1_TIMES, K.T1),
        ("T1 sin supresión grasa", T1_TIMES, K.T1),
        ("T1 sans contraste sat graisse", T1_TIMES, K.STIR),
        ("T1 ohne KM Fettsättigung", T1_TIMES, K.STIR),
        ("Planungssequenz", T2_TIMES, K.LOCALIZER),
        ("vigía de localización", T2_TIMES, K.LOCALIZER),
        ("offset T1", T1_TIMES, K.T1),
        ("T1 com supressão de gordura", T1_TIMES, K.STIR),
        ("T1 sat gordura", T1_TIMES, K.STIR),
        ("T1 sem saturação de gordura", T1_TIMES, K.T1),
        ("T1 soppressione del grasso", T1_TIMES, K.STIR),
        ("T1 senza soppressione grasso", T1_TIMES, K.T1),
        ("T1 vetsuppressie", T1_TIMES, K.STIR),
        ("T1 zonder vetsat", T1_TIMES, K.T1),
        ("T1強調 脂肪抑制", T1_TIMES, K.STIR),
        ("脂肪抑制T1", T1_TIMES, K.STIR),
        ("T1強調 脂肪抑制なし", T1_TIMES, K.T1),
        ("T1強調像", T1_TIMES, K.T1),
        # Dixon by code
        ("", {**GR, "image_type": ("DERIVED", "PRIMARY", "DIXON", "WATER")}, K.DIXON_WATER),
        ("", {**GR, "image_type": ("DERIVED", "PRIMARY", "W", "W", "DERIVED")}, K.DIXON_WATER),
        ("", {**GR, "image_type": ("ORIGINAL", "PRIMARY", "F", "F", "DERIVED")}, K.DIXON_FAT),
        ("", {**GR, "image_type": ("ORIGINAL", "PRIMARY", "M", "ND", "IN_PHASE")}, K.DIXON_IN_PHASE),
        ("", {**GR, "image_type": ("ORIGINAL", "PRIMARY", "M", "ND", "OPP_PHASE")}, K.DIXON_OPPOSED_PHASE),
        ("", {**GR, "image_type": ("DERIVED", "PRIMARY", "DIXON", "FAT_FRACTION")}, K.FAT_FRACTION),
        ("", {**GR, "image_type": ("DERIVED", "PRIMARY", "R2_STAR")}, K.OTHER),
        ("t1_tse_fs", {**T1_TIMES, "image_type": ("DERIVED", "PRIMARY", "DIXON", "FAT")}, K.DIXON_FAT),
        # Dixon by words
        ("WATER: Ax LAVA-Flex", GR, K.DIXON_WATER),
        ("FAT: Ax LAVA-Flex", GR, K.DIXON_FAT),
        ("InPhase: Ax LAVA-Flex", GR, K.DIXON_IN_PHASE),
        ("OutPhase: Ax LAVA-Flex", GR, K.DIXON_OPPOSED_PHASE),
        ("t1_vibe_dixon_tra_W", GR, K.DIXON_WATER),
        ("t1_vibe_dixon_tra_F", GR, K.DIXON_FAT),
        ("t1_vibe_dixon_tra_in", GR, K.DIXON_IN_PHASE),
        ("t1_vibe_dixon_tra_opp", GR, K.DIXON_OPPOSED_PHASE),
        ("mDIXON Fett", GR, K.DIXON_FAT),
        ("Dixon Wasser", GR, K.DIXON_WATER),
        ("Dixon graisse", GR, K.DIXON_FAT),
        ("Dixon eau", GR, K.DIXON_WATER),
        ("Dixon agua", GR, K.DIXON_WATER),
        ("Dixon grasa", GR, K.DIXON_FAT),
        ("Dixon água", GR, K.DIXON_WATER),
        ("Dixon gordura", GR, K.DIXON_FAT),
        ("Dixon acqua", GR, K.DIXON_WATER),
        ("Dixon grasso", GR, K.DIXON_FAT),
        ("Dixon vet", GR, K.DIXON_FAT),
        ("fração de gordura", GR, K.FAT_FRACTION),
        ("frazione di grasso", GR, K.FAT_FRACTION),
        ("vetfractie", GR, K.FAT_FRACTION),
        ("fuera de fase", GR, K.DIXON_OPPOSED_PHASE),
        ("en opposition de phase", GR, K.DIXON_OPPOSED_PHASE),
        ("gegenphase", GR, K.DIXON_OPPOSED_PHASE),
        ("FatFrac: IDEAL IQ", GR, K.FAT_FRACTION),
        ("PDFF map", GR, K.FAT_FRACTION),
        ("R2*: IDEAL IQ", GR, K.OTHER),
        ("water sat", T1_TIMES, K.OTHER),
        # gradient echo: only where fat and water add up
        ("t1_vibe", {**GR, "te_ms": 1.23, "field_strength_t": 3.0}, K.OTHER),
        ("t1_fl2d", {**GR, "te_ms": 2.3, "field_strength_t": 3.0}, K.T1),
        ("t1_fl2d", {**GR, "te_ms": 4.76, "field_strength_t": 1.5}, K.T1),
        ("t1_fl2d", {**GR, "te_ms": 2.38, "field_strength_t": 1.5}, K.OTHER),
        ("t1_fl2d", GR, K.OTHER),
        ("BRAVO", {**GR, "ti_ms": 450.0}, K.OTHER),
        # localizers and what else lies in a study
        ("localizer", T2_TIMES, K.LOCALIZER),
        ("3-Plane Loc SSFSE", {}, K.LOCALIZER),
        ("Survey_BodyCoil", {}, K.LOCALIZER),
        ("Übersicht", {}, K.LOCALIZER),
        ("repérage", {}, K.LOCALIZER),
        ("localizador", {}, K.LOCALIZER),
        ("ep2d_diff_b50_400", {}, K.OTHER),
        ("", {"image_type": ("DERIVED", "PRIMARY", "DIFFUSION", "ADC")}, K.OTHER),
        ("SUB T1", T1_TIMES, K.OTHER),
        ("", {**T1_TIMES, "component": "P"}, K.OTHER),
        ("", {}, K.OTHER),
        # CT
        ("T1", {"modality": "CT"}, K.CT),
        ("", {"modality": "CT", "image_type": ("ORIGINAL", "PRIMARY", "LOCALIZER")}, K.LOCALIZER),
    ],
)
def test_kinds(description: str, known: dict[str, Any], kind: K) -> None:
    found, reason = classify(facts(description, **known))
    assert found is kind, reason
    assert reason


def test_the_reason_names_rule_and_values() -> None:
    _, reason = classify(facts("Doe^Jane t1_tse", **T1_TIMES))
    assert reason == "t1_spin_echo_times: ScanningSequence SE, TE 11 ms, TR 580 ms"


def test_no_reason_holds_a_whole_description() -> None:
    for text in ("Doe^Jane t1 fs", "Doe^Jane water", "Doe^Jane localizer", "Doe^Jane WARP"):
        assert "doe" not in classify(facts(text))[1].lower()
        assert "doe" not in mars_hint(facts(text))[1].lower()


@pytest.mark.parametrize(
    "text",
    [
        "t1_tse_cor_WARP", "T1 VAT", "cor_semac_t1", "MAVRIC SL", "Cor MAVRIC-SL T1", "MAVRICSL", "MSI PD", "O-MAR", "OMAR", "MARS T1 cor",
        "T1 METAL", "T1 Metallartefakt", "METALLARTEFAKTREDUKTION", "metal artefact",
        "HiMAR", "MSVAT-SPACE", "t1_tse_advWARP", "Hüfte iMAR",
    ],
)  # fmt: skip
def test_metal_artifact_reduction_is_seen(text: str) -> None:
    found, reason = mars_hint(facts(text))
    assert found
    assert "in the description" in reason


@pytest.mark.parametrize("text", ["PRIVATE T1", "t1_tse_tra", "Marseille", "msimilar", "metallic2"])
def test_other_words_are_no_sign_of_metal(text: str) -> None:
    assert mars_hint(facts(text)) == (False, "")


def test_bandwidth_supports_but_is_no_proof() -> None:
    assert mars_hint(facts("t1_tse", bandwidth_hz_per_pixel=610.0)) == (False, "no word for it; bandwidth 610 Hz/pixel is wide")
    assert mars_hint(facts("t1 WARP", bandwidth_hz_per_pixel=610.0)) == (True, '"warp" in the description, bandwidth 610 Hz/pixel')


@pytest.mark.parametrize(
    ("texts", "bolus", "expected"),
    [
        (("t1_tse_fs_tra +KM",), "", True),
        (("T1 tra KM",), "", True),
        (("T1 nach KM",), "", True),
        (("T1 ohne KM",), "", False),
        (("T1 nativ",), "Gadovist", False),
        (("T1 Gd",), "", True),
        (("t1 post contrast",), "", True),
        (("T1+C",), "", True),
        (("T1 con contraste",), "", True),
        (("T1 sin contraste",), "", False),
        (("T1 après gadolinium",), "", True),
        (("T1 sans injection",), "", False),
        (("T1 tra",), "Dotarem", True),
        (("T1 tra",), "NONE", False),
        (("T1 tra", "hip w/wo contrast"), "", False),
        (("T1 tra", "hip w/wo contrast"), "Dotarem", True),
        (("t1_tse_tra",), "", False),
        (("T1 após contraste",), "", True),
        (("T1 sem contraste",), "Dotarem", False),
        (("T1 dopo mdc",), "", True),
        (("T1 senza mdc",), "Dotarem", False),
        (("T1 met contrast",), "", True),
        (("T1 zonder contrast",), "Dotarem", False),
        (("造影T1",), "", True),
        (("T1強調 造影前",), "Dotarem", False),
    ],
)
def test_contrast_agent(texts: tuple[str, ...], bolus: str, expected: bool) -> None:
    assert contrast_agent(facts(*texts, contrast_bolus=bolus)) is expected


def test_every_vocabulary_is_a_valid_expression_and_every_rule_has_a_name_of_its_own() -> None:
    rules = shipped_rules()
    names = [rule.name for rule in rules.rules]
    assert len(names) == len(set(names))
    used = {w for r in rules.rules for c in (r.when, r.unless) if c for ws in (c.words, c.words_too) if ws for w in ws}
    assert used <= set(rules.vocabularies)
    assert set(rules.vocabularies) <= used | {"contrast_agent", "no_contrast_agent"}


@pytest.mark.parametrize(
    ("image_type", "unit", "kind"),
    [
        (("ORIGINAL", "PRIMARY", "AXIAL"), "HU", K.CT),
        (("ORIGINAL", "PRIMARY", "AXIAL"), "", K.CT),
        (("DERIVED", "SECONDARY", "AXIAL", "IODINE"), "MGML", K.OTHER),
        (("DERIVED", "SECONDARY", "AXIAL", "EFF_ATOMIC_NUM"), "Z", K.OTHER),
        (("DERIVED", "SECONDARY", "AXIAL", "IODINE"), "", K.OTHER),
        (("DERIVED", "SECONDARY", "AXIAL", "VNC"), "HU", K.CT),  # virtual, but in HU
        (("DERIVED", "SECONDARY", "AXIAL", "MONO_E", "40KEV"), "HU", K.CT),
    ],
)
def test_ct_in_other_units_than_hu_is_no_ct_to_grade(image_type: tuple[str, ...], unit: str, kind: K) -> None:
    assert classify(facts("Pelvis", modality="CT", image_type=image_type, value_type=unit))[0] is kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        # what quantitative Dixon sequences give beside water and fat, by name alone
        ("t1_vibe_q-dixon_tra_W", K.DIXON_WATER),
        ("t1_vibe_q-dixon_tra_F", K.DIXON_FAT),
        ("t1_vibe_q-dixon_tra_FF", K.FAT_FRACTION),
        ("t1_vibe_q-dixon_tra_FP", K.FAT_FRACTION),
        ("t1_vibe_q-dixon_tra_WF", K.OTHER),
        ("t1_vibe_q-dixon_tra_T2s", K.OTHER),
        ("t1_vibe_q-dixon_tra_R2s", K.OTHER),
        ("t1_vibe_q-dixon_tra_HISTO", K.OTHER),
        ("t1_vibe_q-dixon_tra_Report", K.OTHER),
        ("t1_vibe_q-dixon_tra_e1", K.OTHER),
        ("t1_vibe_dixon_tra_in_e2", K.DIXON_IN_PHASE),
        ("T2* map", K.OTHER),
        ("R2* MAP", K.OTHER),
        ("water percentage", K.OTHER),
        ("Water %", K.OTHER),
        ("Fat %", K.FAT_FRACTION),
        ("FatFrac: Ax IDEAL IQ", K.FAT_FRACTION),
        ("R2_Star: Ax IDEAL IQ", K.OTHER),
        ("WATER: Ax IDEAL IQ", K.DIXON_WATER),
        # corrected for T2* decay is no map of it
        ("I_Dixon_t2star_corr_tra_224_F", K.DIXON_FAT),
        ("I_Dixon_t2star_corr_tra_224_W", K.DIXON_WATER),
        ("I_Dixon_t2star_corr_tra_224_in", K.DIXON_IN_PHASE),
        ("I_Dixon_t2star_corr_tra_224_opp", K.DIXON_OPPOSED_PHASE),
        ("dixon R2* corrected water", K.DIXON_WATER),
        ("dixon_r2s_corr_F", K.DIXON_FAT),
    ],
)
def test_maps_beside_dixon_by_name(name: str, kind: K) -> None:
    assert classify(facts(name))[0] is kind


def test_a_rule_for_one_vendor_alone() -> None:
    shipped = shipped_rules()
    when = {"manufacturer": ["CANON", "TOSHIBA"], "words": ["wfs"], "words_too": ["water_letter"]}
    rule = {"name": "canon_water", "kind": "dixon_water", "when": when}
    told = shipped.model_dump(by_alias=True)
    rules = type(shipped).model_validate(told | {"vocabularies": {**told["vocabularies"], "wfs": ["wfs"]}, "rules": [rule, *told["rules"]]})
    for maker in ("CANON_MEC", "Canon Medical Systems", "TOSHIBA_MEC"):
        assert classify(facts("t1 wfs tra w", manufacturer=maker), rules)[0] is K.DIXON_WATER
    for maker in ("SIEMENS", "", "GE CANON"):
        assert classify(facts("t1 wfs tra w", manufacturer=maker), rules)[0] is K.T1
