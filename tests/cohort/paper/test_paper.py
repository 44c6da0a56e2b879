"""What a paper needs: the text says what the tables say, every reason is counted, every file has its hash."""

import hashlib
import json
import re
from pathlib import Path
from urllib.parse import unquote

import matplotlib.image as mpimg
import pandas as pd
import pytest

from gluteal_grade.cohort.columns import REFUSALS
from gluteal_grade.cohort.paper.flow import flow_of
from gluteal_grade.cohort.paper.references import references
from gluteal_grade.cohort.paper.text import FAT_ACCURACY, facts_of, methods_section
from gluteal_grade.config import load_settings
from gluteal_grade.segmentation import model_hash
from gluteal_grade.vocabulary import names
from tests.cohort.norms.healthy_factory import healthy
from tests.program import program


def cohort(folder: Path, **facts) -> Path:
    """60 women of whom three studies gave nothing, and one input without a study."""
    out = healthy(folder, 60, 0, state=lambda n: "refused" if n < 2 else "failed" if n == 2 else "graded", **facts)
    table = pd.read_csv(out / "cohort.csv", keep_default_na=False, dtype=str)
    lost = set(pd.read_csv(out / "studies.csv").query("state != 'graded'")["study"])
    table = table[~table["study"].isin(lost)].reset_index(drop=True)
    table["norm"] = "volume_ml:belzunce2022;fat_fraction:belzunce2022"
    table.loc[0, ["status", "reason"]] = ["needs_review", "volume_implausible"]
    table.to_csv(out / "cohort.csv", index=False)
    rows = [
        {
            "source": f"s{n}",
            "study": study,
            "state": "failed" if n == 2 else "refused",
            "reason": "out_of_memory" if n == 2 else "no_gradable_series",
        }
        for n, study in enumerate(sorted(lost))
    ]
    rows.append({"source": "junk", "study": "", "state": "refused", "reason": "no_images"})
    pd.DataFrame(rows, columns=names(REFUSALS)).to_csv(out / "refusals.csv", index=False)
    return out


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    """With norms made of it, and a study's folder of results."""
    folder = cohort(tmp_path_factory.mktemp("paper"), model_hash=model_hash(load_settings()))
    study = folder / "abc & d"
    study.mkdir()
    (study / "result.json").write_text("{}")
    (folder / "ledger.sqlite").write_bytes(b"secret")
    assert program("cohort", "norms", folder, "--name", "W", "-q").returncode == 0
    run = program("cohort", "methods", folder, "--title", "Hips", "--licence", "https://spdx.org/licenses/CC-BY-4.0")
    assert run.returncode == 0, run.stderr
    assert "61 inputs, 57 studies graded, 4 left out" in run.stdout
    return folder


@pytest.mark.long
def test_the_flow_adds_up_and_names_every_reason(out: Path) -> None:
    flow = pd.read_csv(out / "methods/flow.csv", keep_default_na=False)
    flow["count"] = pd.to_numeric(flow["count"])
    counts = {row["step"]: row["count"] for row in flow.to_dict("records") if row["what"] != "left out before"}
    assert (counts["inputs"], counts["studies"], counts["muscles"]) == (61, 57, 57 * 6 - 1)
    lost = flow[(flow["step"] == "studies") & (flow["what"] == "left out before")]
    assert dict(zip(lost["reason"], lost["count"], strict=True)) == {"no_gradable_series": 2, "out_of_memory": 1, "no_images": 1}
    assert counts["inputs"] - lost["count"].sum() == counts["studies"]
    muscle = flow[(flow["step"] == "muscles") & (flow["reason"] != "")]
    assert muscle[["state", "reason", "count"]].to_numpy().tolist() == [["needs_review", "volume_implausible", 1]]
    assert mpimg.imread(out / "methods/flow.png").shape[1] > 500


def test_the_section_tells_data_exclusions_settings_accuracy_and_statistics(out: Path) -> None:
    text = (out / "methods/methods.md").read_text()
    for words in (
        "57 studies of 57 patients were graded: 57 of women, median age",
        "Of 61 inputs, 4 gave no grades",
        "2 refused (`no_gradable_series`)",
        "- `no_images`: Give a folder, zip or file",
        "Settings (hash over every value",
        "0.89 against the anatomy",
        "Scores among healthy people are of: belzunce2022.",
        "Agreement with readers: real CT, right hip, Dice (maximus)",
        "Statistics: norms",
        "Cole & Green 1992",
        "not a medical device",
    ):
        assert words in text, words
    cited = set(re.findall(r"@([a-z0-9_]+)", text))
    bib = (out / "methods/references.bib").read_text()
    keys = re.findall(r"^@\w+\{([^,]+),$", bib, re.M)
    assert len(keys) == len(set(keys))
    assert cited == set(keys)
    assert {"gluteal_grade", "cole1992", "belzunce2022", "goutallier1994", "numpy"} <= cited
    assert bib.count("{") == bib.count("}")


def test_networks_of_another_version_are_not_given_this_versions_accuracy(tmp_path: Path) -> None:
    folder = cohort(tmp_path, model_hash="0" * 12)
    assert program("cohort", "methods", folder, "-q").returncode == 0
    text = (folder / "methods/methods.md").read_text()
    assert "networks 000000000000 is not known to this installation" in text
    assert "Dice" not in text


def test_the_numbers_of_accuracy_are_those_of_the_page() -> None:
    page = Path("docs/explanation/validation.md").read_text().replace("**", "")
    assert "0.13 against the fat in the labelled voxels; 0.89 against the anatomy" in page
    assert "1.62 against the anatomy, 1.70 on the labels" in page
    told = " ".join(FAT_ACCURACY.values())
    assert re.findall(r"\d\.\d+", told) == ["0.13", "0.89", "1.62", "1.70"]


def test_every_file_has_its_hash(out: Path) -> None:
    listed = dict(line.split("  ", 1)[::-1] for line in (out / "manifest-sha256.txt").read_text().splitlines())
    own = {"manifest-sha256.txt", "ro-crate-metadata.json"}
    there = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()} - own
    assert set(listed) == there
    assert all(hashlib.sha256((out / name).read_bytes()).hexdigest() == digest for name, digest in listed.items())


def test_the_crate_is_as_the_specification_asks(out: Path) -> None:
    """RO-Crate 1.2: metadata descriptor, root data entity, data entities that exist, each entity once, everything linked."""
    crate = json.loads((out / "ro-crate-metadata.json").read_text())
    assert crate["@context"] == "https://w3id.org/ro/crate/1.2/context"
    entities = {e["@id"]: e for e in crate["@graph"]}
    assert len(entities) == len(crate["@graph"])
    descriptor = entities["ro-crate-metadata.json"]
    assert (descriptor["@type"], descriptor["about"], descriptor["conformsTo"]) == (
        "CreativeWork", {"@id": "./"}, {"@id": "https://w3id.org/ro/crate/1.2"},
    )  # fmt: skip
    root = entities["./"]
    assert root["@type"] == "Dataset"
    assert root["name"] == "Hips"
    assert root["license"] == "https://spdx.org/licenses/CC-BY-4.0"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", root["datePublished"])
    assert root["description"]
    parts = [part["@id"] for part in root["hasPart"]]
    data = [i for i, e in entities.items() if e["@type"] in ("File", "Dataset") and i != "./"]
    assert sorted(parts) == sorted(data)
    for identity in parts:
        path = out / unquote(identity)
        assert path.is_dir() if identity.endswith("/") else path.is_file()
        if path.is_file():
            assert entities[identity]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
            assert entities[identity]["contentSize"] == str(path.stat().st_size)
    assert "abc%20%26%20d/" in parts
    assert "ledger.sqlite" not in parts
    linked = {v["@id"] for e in entities.values() for v in e.values() if isinstance(v, dict) and "@id" in v}
    assert linked - set(entities) == {"https://w3id.org/ro/crate/1.2"}


def test_tables_that_do_not_tell_of_a_study_are_refused(tmp_path: Path) -> None:
    folder = cohort(tmp_path)
    table = pd.read_csv(folder / "refusals.csv", keep_default_na=False)
    table[table["reason"] != "out_of_memory"].to_csv(folder / "refusals.csv", index=False)
    run = program("cohort", "methods", folder)
    assert run.returncode == 2
    assert "1 studies" in run.stdout + run.stderr
    assert program("cohort", "methods", tmp_path / "nothing").returncode == 2


def test_sites_and_combat_are_told_and_cited(tmp_path: Path) -> None:
    folder = cohort(tmp_path / "out")
    (folder / "sites").mkdir()
    (folder / "sites" / "methods.txt").write_text("By scanner.\n\nSOURCES\n- x\n")
    (folder / "sites" / "left_out.csv").write_text("what,why,count,muscle,region\nstudy,state refused,2,,\n")
    facts = facts_of(folder, flow_of(folder), load_settings())
    assert facts.analyses == ("sites",)
    (folder / "sites" / "harmonised.csv").write_text("study\n")
    assert facts.analyses == ("sites", "combat")
    assert facts.flow.step("sites").out == (("study", "state refused", 2),)
    cited = references(facts.analyses, (), automatic=False)
    assert {"johnson2007", "fortin2018", "holm1979"} <= {one.key for one in cited}
    assert "By scanner." in methods_section(facts, cited)
