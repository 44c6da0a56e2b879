"""From whatever the user points at to studies: a folder, a zip, a BIDS dataset, a single file."""

from __future__ import annotations

import hashlib
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from gluteal_grade.errors import GradeError, Note, Reason, RefusedInput
from gluteal_grade.io.ambiguous import without_lonely_fat
from gluteal_grade.io.bids import parse_name, stem_of, subject_of
from gluteal_grade.io.dicom import overridden, series_of
from gluteal_grade.io.echoes import with_trains
from gluteal_grade.io.examinations import by_patient, of_the_examination, patient_of
from gluteal_grade.io.file_types import HEAD_BYTES, FileType, claims_to_be_image, sniff
from gluteal_grade.io.files import FileRef, SameContent, check_input, single, walk, walk_parts, walk_zip
from gluteal_grade.io.frames import Frame
from gluteal_grade.io.headers import read_frames
from gluteal_grade.io.implants import merged
from gluteal_grade.io.letters import with_letters
from gluteal_grade.io.nifti_series import find_sidecar, nifti_series, with_unique_ids
from gluteal_grade.io.parted import joined_studies
from gluteal_grade.io.passed import Passed
from gluteal_grade.io.persons import Participant, parse_participants
from gluteal_grade.io.pixels import decoded
from gluteal_grade.io.scattered import joined_slices, without_resent_series
from gluteal_grade.io.sequences import SideFiles, shipped_rules
from gluteal_grade.io.sources import without_sources
from gluteal_grade.io.stations import with_stations
from gluteal_grade.io.study import Person, Series, Study, study_id
from gluteal_grade.vocabulary import SeriesKind, is_study_file

Kinds = Mapping[str, SeriesKind] | SeriesKind | None


@dataclass(frozen=True)
class Problem:
    """A file that looked like an image and could not be used.

    Attributes:
        where: its path relative to the input.
        error: why.
    """

    where: str
    error: GradeError


@dataclass(frozen=True)
class Discovery:
    """What lies under the input.

    Attributes:
        studies: by their id's order of appearance.
        problems: damaged images.
        ignored: how many files are no image and were left alone.
        sources: how many files a BIDS dataset keeps beside its images (`sourcedata`, ...); not opened.
    """

    studies: tuple[Study, ...]
    problems: tuple[Problem, ...] = ()
    ignored: int = 0
    sources: int = 0


@dataclass
class _Found:
    """The walk's harvest: headers and names, no pixels."""

    frames: dict[str, dict[str, list[Frame]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    nifti: list[FileRef] = field(default_factory=list)
    sidecars: dict[str, FileRef] = field(default_factory=dict)
    result_folders: set[str] = field(default_factory=set)
    participants: dict[str, Participant] = field(default_factory=dict)  # by the folder of a BIDS subject
    problems: list[Problem] = field(default_factory=list)
    ignored: int = 0
    passed: Passed = field(default_factory=Passed)


@dataclass(frozen=True)
class _Content:
    """Hash of a study's files, whatever they are called and wherever they lie."""

    files: tuple[FileRef, ...]

    def __call__(self) -> str:
        return hashlib.sha256("\n".join(sorted(file.sha256() for file in self.files)).encode()).hexdigest()


def discover(
    path: Path, kinds: Kinds = None, leave_out: Path | tuple[Path, ...] | None = None, parts: Sequence[str] | None = None
) -> Discovery:
    """Find the studies under a folder, zip or file. Headers are read, voxels are not (but see below).

    Series that cannot become a volume are listed with their `refusal`; they never stop the others. Voxels are looked at only to tell a
    NIfTI file of unknown contrast from CT, one volume at a time.

    Args:
        path: folder (searched in depth), zip, or one DICOM or NIfTI file.
        kinds: the contrast of every series, or by file name, stem or series id; overrides what the rules say.
        leave_out: files that are no image of the study wherever they lie, by content (the label map and the mask that go with it).
        parts: only these of the folder, see `walk_parts`.

    Raises:
        RefusedInput: `input_not_found`; `no_images`, or the reason of the one damaged file that is all there is;
            `series_not_found` for a name in `kinds` that matches nothing.
        TransientFailure: `read_failed`.
    """
    check_input(path)
    found = _Found()
    left_out = leave_out if isinstance(leave_out, tuple) else (leave_out,)
    same = [SameContent(one) for one in left_out]
    for file in _files(path, parts, found):
        if any(is_it(file) for is_it in same):
            found.ignored += 1
        else:
            _take(file, found, alone=file.member is None and file.path == path)
    parts_joined = joined_studies(_dicom_studies(found, kinds), _Content) + _nifti_studies(found, kinds)
    plain = [_with_stations(study) for study in parts_joined]
    notes = _left_out(found.problems)
    studies = tuple(replace(study, notes=(*notes, *study.notes, *_of_series(study))) for study in plain)
    _check_names(kinds, studies, found)
    discovery = Discovery(studies, tuple(found.problems), found.ignored, found.passed.sources)
    _check_usable(discovery, found.passed, alone=path.is_file() and not zipfile.is_zipfile(path))
    return discovery


def _with_stations(study: Study) -> Study:
    series, notes = with_stations(study.series)
    return replace(study, series=tuple(series), notes=(*study.notes, *notes))


def _left_out(problems: list[Problem]) -> tuple[Note, ...]:
    """Damage anywhere under the input may be damage to this study: told in its result, without file names."""
    counts = Counter(problem.error.reason for problem in problems)
    return tuple(Note(reason, f"{count} file{'s' if count > 1 else ''} left out; `inspect` names them") for reason, count in counts.items())


def _of_series(study: Study) -> tuple[Note, ...]:
    return tuple(replace(note, detail=f"series {one.id}: {note.detail}") for one in study.series for note in one.notes)


def _files(path: Path, parts: Sequence[str] | None, found: _Found) -> Iterator[FileRef]:
    folders = shipped_rules().side_files.folders
    if parts is not None:
        yield from walk_parts(path, parts, lambda name, error: found.problems.append(Problem(name, error)))
        return
    if path.is_dir():
        every = walk(path, folders, lambda name, error: found.problems.append(Problem(name, error)), found.passed.skipped)
        yield from _images(every, found)
        return
    file = single(path)
    if sniff(file.name, file.head(HEAD_BYTES)) is FileType.ZIP:
        yield from _images(walk_zip(path, folders, found.passed.skipped), found)
    else:
        yield file


def _images(files: Iterable[FileRef], found: _Found) -> list[FileRef]:
    """Without what a BIDS dataset keeps beside its images, which is counted."""
    kept, left = without_sources(files)
    found.passed.sources += len(left)
    return kept


def _take(file: FileRef, found: _Found, *, alone: bool) -> None:
    """Sort one file in; what it cannot be used for becomes a problem, never an exception."""
    try:
        kind = sniff(file.basename, file.head(HEAD_BYTES))
        if kind is FileType.DICOM:
            _take_dicom(file, found, alone=alone)
        elif kind is FileType.NIFTI and (alone or not _is_side_file(file.basename, shipped_rules().side_files)):
            found.nifti.append(file)
        elif kind is FileType.EMPTY and (alone or claims_to_be_image(file.basename)):
            raise RefusedInput(Reason.EMPTY_FILE)
        elif kind is FileType.OTHER and claims_to_be_image(file.basename):
            raise RefusedInput(Reason.UNREADABLE_DICOM, "no DICOM header")
        elif kind is FileType.ZIP:
            found.passed.zips += 1
            found.ignored += 1
        elif alone:
            raise RefusedInput(Reason.NOT_AN_IMAGE, "neither DICOM nor NIfTI nor zip")
        else:
            _note(file, found)
    except GradeError as error:
        found.problems.append(Problem(file.name, error))


def _take_dicom(file: FileRef, found: _Found, *, alone: bool) -> None:
    frames = read_frames(file)
    if frames is None and alone:
        raise RefusedInput(Reason.NOT_AN_IMAGE, "a DICOM object that holds no MR or CT image")
    if frames is None:
        found.ignored += 1
        return
    if alone and frames:
        decoded(file, [frames[0].index], frames[0].shape)  # of one file, damage is the better reason than being a single slice
    for frame in frames:
        found.frames[frame.keys.study_uid][frame.keys.series_uid].append(frame)


def _note(file: FileRef, found: _Found) -> None:
    """Files that are no image, but tell something of one."""
    found.ignored += 1
    if file.basename == "result.json":
        found.result_folders.add(file.folder)
    elif file.basename == "participants.tsv":
        people = parse_participants(file.read())
        found.participants.update((str(PurePosixPath(file.folder, subject)), one) for subject, one in people.items())
    elif file.basename.endswith(".json"):
        found.sidecars[f"{file.folder}/{file.basename}"] = file


def _is_side_file(basename: str, rules: SideFiles) -> bool:
    return any(fnmatch(basename.lower(), pattern) for pattern in rules.names)


def _dicom_studies(found: _Found, kinds: Kinds) -> list[Study]:
    studies = []
    for study_uid, one_or_more in found.frames.items():
        patients = by_patient(one_or_more)
        for number, by_series in enumerate(patients):
            # the id of a study of one patient is that of its UID alone
            several = (study_uid, *patient_of(by_series)) if len(patients) > 1 else (study_uid,)
            notes = (Note(Reason.SEVERAL_PATIENTS, f"patient {number + 1} of {len(patients)} under one StudyInstanceUID"),)
            studies.append(_dicom_study(study_id(several), by_series, kinds, notes if len(patients) > 1 else ()))
    return studies


def _dicom_study(identity: str, by_series: Mapping[str, list[Frame]], kinds: Kinds, notes: tuple[Note, ...]) -> Study:
    by_series, scattered = joined_slices(by_series)
    by_series, copied = without_resent_series(by_series)
    of_exam = of_the_examination(by_series.values())
    ordered = sorted(
        by_series.values(), key=lambda frames: (frames[0].keys.number is None, frames[0].keys.number or 0, frames[0].keys.series_uid)
    )
    series: list[Series] = []
    names: Counter[str] = Counter()
    for frames in ordered:
        number = frames[0].keys.number
        name = "s" if number is None else f"s{number}"
        names[name] += 1
        # a second series of the same number is told apart by a letter: s3, s3b
        unique = name if names[name] == 1 else f"{name}{_letter(names[name])}"
        files = {frame.file.basename for frame in frames}
        aliases = (*files, *(stem_of(f) for f in files)) if len(files) == 1 else ()
        found = [overridden(one, kinds, *aliases) for one in series_of([_own_words(f, of_exam) for f in frames], unique)]
        if frames[0].keys.series_uid in scattered:
            joined = Note(Reason.SERIES_JOINED, f"{len(frames)} series of one image each, which agree in all that a volume shares")
            found = [replace(one, notes=(*one.notes, joined)) for one in found]
        if frames[0].keys.series_uid in copied:
            again = Note(Reason.COPIES_LEFT_OUT, "the series is there again under another SeriesInstanceUID, pixel for pixel; left out")
            found = [replace(one, notes=(*one.notes, again)) for one in found]
        series += found
    series = without_lonely_fat(series)
    sex = next((frame.keys.patient_sex for frames in ordered for frame in frames if frame.keys.patient_sex), None)
    implant = merged(list({frame.keys.implant for frames in ordered for frame in frames}))
    everything = [frame for frames in ordered for frame in frames]
    person = next((f.keys.person for f in everything if f.keys.person.id), everything[0].keys.person)
    used = _each_once(frame.file for frame in everything)
    content = _Content(used)
    return Study(identity, tuple(series), sex, notes, implant=implant, person=person, content=content, files=used)


def _own_words(frame: Frame, of_exam: str) -> Frame:
    return replace(frame, facts=frame.facts.without_protocol()) if of_exam and frame.facts.protocol == of_exam else frame


def _each_once(files: Iterable[FileRef]) -> tuple[FileRef, ...]:
    return tuple({(file.path, file.member): file for file in files}.values())


def _letter(count: int) -> str:
    return chr(ord("a") + count - 1) if count <= 26 else f"-{count}"


def _nifti_studies(found: _Found, kinds: Kinds) -> list[Study]:
    groups: dict[str, list[Series]] = defaultdict(list)
    files: dict[str, list[FileRef]] = defaultdict(list)
    for file in found.nifti:
        if file.folder in found.result_folders and is_study_file(file.basename):
            found.ignored += 1
            continue
        sidecar = find_sidecar(file, found.sidecars)
        try:
            series = nifti_series(file, sidecar)
        except GradeError as error:
            found.problems.append(Problem(file.name, error))
            continue
        group = parse_name(file.name).group
        groups[group].append(overridden(series, kinds, file.name, file.basename, stem_of(file.basename)))
        files[group] += [file, sidecar] if sidecar else [file]
    studies: dict[str, Study] = {}
    for group, members in groups.items():
        keys = [key for one in members for key in one.sources]
        identity = study_id(keys)
        if identity in studies:  # the same files under another subject: two studies all the same
            identity = study_id([*keys, group])
        subject = next((folder for folder in (group, str(PurePosixPath(group).parent)) if folder in found.participants), None)
        told = found.participants.get(subject or "", Participant(None, None, None))
        body = (told.height_m, told.weight_kg, told.lean_kg)
        person = Person(subject_of(group), told.age_years, told.group, None, *body)
        series_of_group = tuple(with_unique_ids(with_trains(with_letters(members))))
        used = tuple(files[group])
        studies[identity] = Study(identity, series_of_group, told.sex, person=person, content=_Content(used), files=used)
    return list(studies.values())


def _check_names(kinds: Kinds, studies: tuple[Study, ...], found: _Found) -> None:
    """A misspelt name in `kinds` would silently leave the contrast to the rules."""
    if kinds is None or isinstance(kinds, SeriesKind):
        return
    files = {file.name for file in found.nifti} | {f.file.name for by in found.frames.values() for fs in by.values() for f in fs}
    known = files | {name.rsplit("/", 1)[-1] for name in files}
    known |= {stem_of(name) for name in known}
    known |= {key for study in studies for s in study.series for key in (s.id, s.id.split(".")[0])}
    if unknown := sorted(set(kinds) - known):
        raise RefusedInput(Reason.SERIES_NOT_FOUND, f"--kind names {', '.join(unknown)}, which is not here")


def _check_usable(discovery: Discovery, passed: Passed, *, alone: bool) -> None:
    if discovery.studies:
        refusals = [s.refusal for study in discovery.studies for s in study.series]
        if alone and None not in refusals and refusals[0] is not None:
            raise refusals[0]
        return
    reasons = {problem.error.reason for problem in discovery.problems}
    if len(reasons) == 1:
        raise discovery.problems[0].error
    damaged = f", {len(discovery.problems)} damaged" if discovery.problems else ""
    raise RefusedInput(Reason.NO_IMAGES, f"{discovery.ignored} other files{damaged}{passed.words}")
