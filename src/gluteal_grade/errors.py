"""The two families of error, and the one list of reason codes.

`RefusedInput` is permanent: this input cannot be graded as it is. `TransientFailure` may pass if tried again. A reason code is
part of the output format: codes are added, never renamed. No message may hold patient data (names, identifiers, file paths
above the input folder).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why something was refused or not measured. The value is the code in every output."""

    # the input as a whole
    INPUT_NOT_FOUND = "input_not_found"
    NO_IMAGES = "no_images"
    SEVERAL_STUDIES = "several_studies"
    STUDY_NOT_FOUND = "study_not_found"
    NO_GRADABLE_SERIES = "no_gradable_series"
    SERIES_NOT_FOUND = "series_not_found"
    KIND_UNKNOWN = "kind_unknown"
    # one file
    EMPTY_FILE = "empty_file"
    NOT_AN_IMAGE = "not_an_image"
    UNREADABLE_DICOM = "unreadable_dicom"
    UNREADABLE_NIFTI = "unreadable_nifti"
    UNREADABLE_ZIP = "unreadable_zip"
    UNSAFE_ZIP = "unsafe_zip"
    TRUNCATED_PIXELS = "truncated_pixels"
    UNSUPPORTED_PIXELS = "unsupported_pixels"
    # geometry of one series
    BAD_AFFINE = "bad_affine"
    SHEARED_AFFINE = "sheared_affine"
    NOT_3D = "not_3d"
    NOT_A_VOLUME = "not_a_volume"
    GANTRY_TILT = "gantry_tilt"
    UNEVEN_SLICES = "uneven_slices"
    DUPLICATE_SLICES = "duplicate_slices"
    MIXED_ORIENTATION = "mixed_orientation"
    MIXED_SLICE_SIZE = "mixed_slice_size"
    NO_GEOMETRY = "no_geometry"
    GEOMETRY_CONTRADICTS = "geometry_contradicts"
    SINGLE_SLICE = "single_slice"
    RESCALE_CONTRADICTS = "rescale_contradicts"
    SEVERAL_PATIENTS = "several_patients"
    SERIES_JOINED = "series_joined"
    STUDIES_JOINED = "studies_joined"
    COPIES_LEFT_OUT = "copies_left_out"
    STATIONS_STITCHED = "stations_stitched"
    STATIONS_APART = "stations_apart"
    # fat
    UNEQUAL_SCALING = "unequal_scaling"
    FAT_BRIGHTNESS = "fat_brightness"
    GRID_MISMATCH = "grid_mismatch"
    PARTNER_DIFFERS = "partner_differs"
    PARTNER_UNCLEAR = "partner_unclear"
    PARTNER_MISSING = "partner_missing"
    EMPTY_SLICES = "empty_slices"
    SLICES_MOVED = "slices_moved"
    TURNED_OVER = "turned_over"
    STRAY_VOXELS = "stray_voxels"
    FF_SCALE_UNKNOWN = "ff_scale_unknown"
    WATER_FAT_SWAP = "water_fat_swap"
    SWAP_UNCHECKED = "swap_unchecked"
    WEIGHTING = "weighting"
    WEIGHTING_UNKNOWN = "weighting_unknown"
    FEW_GREY_LEVELS = "few_grey_levels"
    NOISE_UNKNOWN = "noise_unknown"
    AMBIGUOUS_DOMINANCE = "ambiguous_dominance"
    ECHOES_UNFIT = "echoes_unfit"
    NO_FAT_REFERENCE = "no_fat_reference"
    NO_LEAN_REFERENCE = "no_lean_reference"
    CONTRAST_AGENT = "contrast_agent"
    CT_NOT_HU = "ct_not_hu"
    FAT_SUPPRESSED = "fat_suppressed"
    # segmentation
    NO_SEGMENTER = "no_segmenter"
    NO_GLUTEAL_MUSCLE = "no_gluteal_muscle"
    BUNDLE_UNREADABLE = "bundle_unreadable"
    BUNDLE_FAILED = "bundle_failed"
    LABELS_NOT_FOUND = "labels_not_found"
    LABELS_UNREADABLE = "labels_unreadable"
    LABELS_GEOMETRY = "labels_geometry"
    LABELS_EMPTY = "labels_empty"
    LABELS_NOT_INTEGER = "labels_not_integer"
    LABELS_NUMBERING = "labels_numbering"
    LABELS_SIDES_SWAPPED = "labels_sides_swapped"
    NO_LABEL = "no_label"
    SIDE_NOT_LABELLED = "side_not_labelled"
    SIDE_BARELY_IN_VIEW = "side_barely_in_view"
    ONE_HIP_TAKEN = "one_hip_taken"
    # doubts about one label
    LABEL_SPECKS = "label_specks"
    LABEL_IN_PIECES = "label_in_pieces"
    LABEL_OTHER_SIDE = "label_other_side"
    LABEL_NOT_LOCATED = "label_not_located"
    VOLUME_IMPLAUSIBLE = "volume_implausible"
    MUSCLE_ORDER = "muscle_order"
    SIDES_UNEQUAL = "sides_unequal"
    LABEL_UNCERTAIN = "label_uncertain"
    LITTLE_IN_VIEW = "little_in_view"
    OUTLINE_UNPROVEN = "outline_unproven"
    SIDE_NEEDS_REVIEW = "side_needs_review"
    REGIONS_NOT_SPLIT = "regions_not_split"
    # one muscle
    OUT_OF_VIEW = "out_of_view"
    TOO_FEW_VOXELS = "too_few_voxels"
    TOO_LITTLE_EVALUABLE = "too_little_evaluable"
    NO_SURE_VOXELS = "no_sure_voxels"
    FOCAL_REGION = "focal_region"
    FAT_IN_OUTLINE = "fat_in_outline"
    NO_FAT_VALUES = "no_fat_values"
    CT_UNCALIBRATED = "ct_uncalibrated"
    CUTOFFS_UNVERIFIED = "cutoffs_unverified"
    CT_CONTRAST_MEDIUM = "ct_contrast_medium"
    CT_ENERGY = "ct_energy"
    TWO_POINT_MAGNITUDE = "two_point_magnitude"
    MULTI_ECHO = "multi_echo"
    T1_ESTIMATE = "t1_estimate"
    T2_ESTIMATE = "t2_estimate"
    PD_ESTIMATE = "pd_estimate"
    ANCHORS_POOLED = "anchors_pooled"
    WEAK_ANCHORS = "weak_anchors"
    CLUSTERED_PER_MUSCLE = "clustered_per_muscle"
    BIAS_METHOD = "bias_method"
    OEDEMA_NOT_MEASURED = "oedema_not_measured"
    RESAMPLED = "resampled"
    OTHER_SIDE_MISSING = "other_side_missing"
    OTHER_SIDE_PARTIAL = "other_side_partial"
    SEX_UNKNOWN = "sex_unknown"
    NO_NORM = "no_norm"
    AGE_UNKNOWN = "age_unknown"
    AGE_BEYOND_NORM = "age_beyond_norm"
    # metal
    METAL = "metal"
    METAL_NOT_SEEN = "metal_not_seen"
    BESIDE_METAL = "beside_metal"
    METAL_UNVALIDATED = "metal_unvalidated"
    NO_HEALTHY_SIDE = "no_healthy_side"
    DIFFERENT_METHODS = "different_methods"
    EXCLUDED_BY_MASK = "excluded_by_mask"
    MASK_UNREADABLE = "mask_unreadable"
    # the machine
    OUTPUT_NOT_WRITABLE = "output_not_writable"
    READ_FAILED = "read_failed"
    OUT_OF_MEMORY = "out_of_memory"
    DEVICE_MISSING = "device_missing"
    DEVICE_MEMORY = "device_memory"
    # cohorts
    MANIFEST_UNREADABLE = "manifest_unreadable"
    STUDY_TWICE = "study_twice"
    OUTPUT_IN_USE = "output_in_use"
    LEDGER_UNREADABLE = "ledger_unreadable"
    EXECUTOR_FAILED = "executor_failed"
    WORKER_LOST = "worker_lost"
    RESULT_DAMAGED = "result_damaged"
    INPUT_WITHDRAWN = "input_withdrawn"
    NOT_A_RESULT = "not_a_result"
    NO_RESULTS = "no_results"
    REPEATS_UNREADABLE = "repeats_unreadable"
    NO_REPEATS = "no_repeats"
    REPEAT_UNKNOWN = "repeat_unknown"
    ONE_REPEAT = "one_repeat"
    REPEAT_TWICE = "repeat_twice"
    REPEAT_LACKS = "repeat_lacks"
    REPEATS_DIFFER = "repeats_differ"
    TOO_FEW_SUBJECTS = "too_few_subjects"
    SITE_UNREADABLE = "site_unreadable"
    TOO_FEW_PEOPLE = "too_few_people"
    NO_NUMBER = "no_number"
    LATER_VISIT = "later_visit"
    SIDE_OPERATED = "side_operated"
    NOT_CHOSEN = "not_chosen"
    CURVE_NOT_FITTED = "curve_not_fitted"
    ONE_SITE = "one_site"
    SITE_TOO_SMALL = "site_too_small"
    SITE_CONFOUNDED = "site_confounded"
    METHODS_MIXED = "methods_mixed"
    COVARIATE_UNKNOWN = "covariate_unknown"
    NO_COMBAT = "no_combat"
    NOT_BIDS = "not_bids"
    DEFECT = "defect"
    # the network
    PEER_UNREACHABLE = "peer_unreachable"
    PEER_REFUSED = "peer_refused"
    QUERY_FAILED = "query_failed"
    RETRIEVE_FAILED = "retrieve_failed"
    RETRIEVE_INCOMPLETE = "retrieve_incomplete"
    SEND_FAILED = "send_failed"
    NOT_STORED = "not_stored"
    DISK_LOW = "disk_low"
    PORT_IN_USE = "port_in_use"
    DICOM_NOT_WRITTEN = "dicom_not_written"
    # readers
    BAD_DECISION = "bad_decision"
    BAD_DRAWING = "bad_drawing"
    BAD_RATINGS = "bad_ratings"
    UPLOAD_TOO_LARGE = "upload_too_large"
    IMAGES_NOT_FOUND = "images_not_found"
    ONE_READER = "one_reader"
    TOO_FEW_STUDIES = "too_few_studies"
    NOTHING_VOUCHED = "nothing_vouched"
    ONE_SUBJECT = "one_subject"
    GRADE_NOT_GIVEN = "grade_not_given"
    RATINGS_UNMATCHED = "ratings_unmatched"
    SCALE_UNKNOWN = "scale_unknown"
    EDGES_CROSS = "edges_cross"
    EDGES_UNSURE = "edges_unsure"


ADVICE: dict[Reason, str] = {
    Reason.INPUT_NOT_FOUND: "Check the path.",
    Reason.NO_IMAGES: "Give a folder, zip or file with DICOM or NIfTI images.",
    Reason.SEVERAL_STUDIES: "Point at one study, or name one with --study (see `gluteal-grade inspect`).",
    Reason.STUDY_NOT_FOUND: "Take a study hash printed by `gluteal-grade inspect`.",
    Reason.NO_GRADABLE_SERIES: "A fat measurement needs Dixon, non-fat-suppressed T1, or CT; see `gluteal-grade inspect`.",
    Reason.SERIES_NOT_FOUND: "Take a series id printed by `gluteal-grade inspect`.",
    Reason.KIND_UNKNOWN: "Name the contrast with --kind, e.g. --kind t1 or --kind FILE=dixon_water.",
    Reason.EMPTY_FILE: "The file has no bytes; send it again.",
    Reason.NOT_AN_IMAGE: "Give DICOM, NIfTI or a zip of them.",
    Reason.UNREADABLE_DICOM: "The DICOM file is damaged or incomplete; export it again.",
    Reason.UNREADABLE_NIFTI: "The NIfTI file is damaged or incomplete; convert it again.",
    Reason.UNREADABLE_ZIP: "The zip is damaged or encrypted; pack it again.",
    Reason.UNSAFE_ZIP: "The zip holds paths that leave its folder or expands beyond the limit; unpack it yourself and check it.",
    Reason.TRUNCATED_PIXELS: "Pixel data end early, or hold more than the header says; send the series again.",
    Reason.UNSUPPORTED_PIXELS: "Colour or undecodable pixel data; export greyscale, lossless or uncompressed.",
    Reason.BAD_AFFINE: "The header has no usable voxel-to-patient matrix; convert again from DICOM.",
    Reason.SHEARED_AFFINE: "The axes are not at right angles; resample to an orthogonal grid first.",
    Reason.NOT_3D: "Give one 3-D volume a file; split time points or echoes.",
    Reason.NOT_A_VOLUME: "The slices do not form a stack (same position repeated).",
    Reason.GANTRY_TILT: "Slices are tilted against the stack; resample to an orthogonal grid first.",
    Reason.UNEVEN_SLICES: "Slice gaps differ: a slice is missing or two stacks are mixed; send the series complete.",
    Reason.DUPLICATE_SLICES: "Different images share one position and nothing tells them apart; send the volumes separately.",
    Reason.MIXED_ORIENTATION: "Slices point in different directions (localizer or mixed planes).",
    Reason.MIXED_SLICE_SIZE: "Slices differ in matrix or pixel size; send the volumes separately.",
    Reason.NO_GEOMETRY: "Position, orientation or pixel spacing is missing; export with full headers.",
    Reason.GEOMETRY_CONTRADICTS: "The header says two things about where the image lies; convert it again from DICOM, or set "
    "sform and qform alike.",
    Reason.SINGLE_SLICE: "One slice is no volume; send the whole series.",
    Reason.UNEQUAL_SCALING: "Water and fat images are scaled differently and no header resolves it; export with rescale tags.",
    Reason.FAT_BRIGHTNESS: "Fat beside muscle is not as bright as the header lets expect: look at images and headers before use.",
    Reason.GRID_MISMATCH: "The images of the pair lie on different grids; export them from one acquisition.",
    Reason.PARTNER_DIFFERS: "Water and fat (or in and opposed phase) of two acquisitions make no fat fraction; send both images of one.",
    Reason.PARTNER_UNCLEAR: "Several images could be the partner; send one acquisition only, or leave the others out.",
    Reason.PARTNER_MISSING: "One image of the pair was not sent: send water and fat (or in and opposed phase) of one acquisition together.",
    Reason.EMPTY_SLICES: "Slices of one image are empty or repeated: nothing is measured there; send the series again.",
    Reason.SLICES_MOVED: "Slices do not lie where the picture says: two changed places, or one was repeated; export the series again.",
    Reason.TURNED_OVER: "Picture, labels or partner lie turned or mirrored in the file, against its header or each other; the detail names "
    "the turn that fits: convert them again from DICOM.",
    Reason.STRAY_VOXELS: "Bytes of the images were changed in storage or transfer, others perhaps without a trace: send the series again.",
    Reason.RESCALE_CONTRADICTS: "Values and rescale tags cannot both be right; export the images as they were taken, not as shown.",
    Reason.SEVERAL_PATIENTS: "One StudyInstanceUID holds images of several patients: each became a study of its own; check the export.",
    Reason.SERIES_JOINED: "Each slice came in a series of its own: see that the volume is whole and belongs together.",
    Reason.STUDIES_JOINED: "Two studies were read as one, as patient, frame of reference and time agree: see that they belong together.",
    Reason.COPIES_LEFT_OUT: "Images were sent twice under new names; each counts once.",
    Reason.STATIONS_STITCHED: "Stations of one examination were put together: look at the picture where they meet.",
    Reason.STATIONS_APART: "Stations were not put together: see that the one that was graded shows the whole hips, or give --series.",
    Reason.FF_SCALE_UNKNOWN: "The fat-fraction map's scale is not 0-1, percent or permille; convert it or give water and fat.",
    Reason.WATER_FAT_SWAP: "Water and fat images are exchanged, all or in part: look at the fat-fraction map; reconstruct again.",
    Reason.SWAP_UNCHECKED: "Look whether fat reads as fat; a larger field of view with skin lets the program check.",
    Reason.WEIGHTING: "Compare fractions only between like protocols; a small flip angle weights least.",
    Reason.WEIGHTING_UNKNOWN: "Export with TR, flip angle, field strength and sequence as the scanner wrote them; fat may read too high.",
    Reason.FEW_GREY_LEVELS: "Export at full depth (12 or 16 bits): rounding shifts fat fractions, most in a lean muscle.",
    Reason.NOISE_UNKNOWN: "Low fractions may read some points too high at low SNR.",
    Reason.ECHOES_UNFIT: "Check echo times and field strength in the headers; give water and fat images or a fat-fraction map.",
    Reason.AMBIGUOUS_DOMINANCE: "In/opposed-phase magnitudes cannot tell fat above 50 % from below; give water and fat images.",
    Reason.NO_FAT_REFERENCE: "No subcutaneous fat found to calibrate T1; use Dixon or a larger field of view.",
    Reason.NO_LEAN_REFERENCE: "No plausible lean-muscle signal to calibrate T1; use Dixon, or check that it is plain T1.",
    Reason.CONTRAST_AGENT: "T1 after gadolinium gives no fat fraction; use the series before contrast.",
    Reason.FAT_SUPPRESSED: "Fat-suppressed images (STIR, fat-sat) show oedema, not fat: add Dixon or plain T1.",
    Reason.CT_NOT_HU: "The CT values are not Hounsfield units; export with the rescale tags applied.",
    Reason.NO_SEGMENTER: "This installation holds no network weights: install it again, or give --labels or --bundle.",
    Reason.NO_GLUTEAL_MUSCLE: "Check that the hips are in view and the right series was taken; else give a label map with --labels.",
    Reason.BUNDLE_UNREADABLE: "Install again, or check the path given to --bundle: a folder with configs/ and models/.",
    Reason.BUNDLE_FAILED: "Run the bundle with `python -m monai.bundle run` to see why; it must read one image and give labels.",
    Reason.LABELS_NOT_FOUND: "Check the path given to --labels.",
    Reason.LABELS_UNREADABLE: "Give --labels a 3-D NIfTI file, a DICOM SEG, or a folder of masks (gluteus_maximus_left.nii.gz ...).",
    Reason.LABELS_GEOMETRY: "The labels lie on the grid of no series of this study; resample them to the image they were drawn on.",
    Reason.LABELS_EMPTY: "No voxel carries a gluteal label in this numbering; check --labelmap.",
    Reason.LABELS_NUMBERING: "Say with --labelmap which numbering the label map is in; the refusal names one that fits, if any does.",
    Reason.LABELS_NOT_INTEGER: "Label values must be whole numbers; save the segmentation as integers.",
    Reason.LABELS_SIDES_SWAPPED: "Left labels lie on the patient's right: fix the numbering or the orientation of the label map.",
    Reason.NO_LABEL: "The label map has no voxel for this muscle on this side.",
    Reason.SIDE_NOT_LABELLED: "The label map has no muscle on this side.",
    Reason.SIDE_BARELY_IN_VIEW: "A scan of one hip shows the edge of the other: that side is not labelled. If it should be, lower "
    "segmentation.locator.min_side_share.",
    Reason.ONE_HIP_TAKEN: "Both sides were suspected where there is room for one hip: see that the side in the overlay is right.",
    Reason.LABEL_SPECKS: "Small separate pieces of an automatic label were dropped; look at the outline.",
    Reason.LABEL_IN_PIECES: "One muscle is one piece; look at the outline and correct labels.nii.gz.",
    Reason.LABEL_OTHER_SIDE: "Part of the label lies across the midline; look at the outline and correct labels.nii.gz.",
    Reason.LABEL_NOT_LOCATED: "The coarse and the fine look disagree about this muscle; look at the outline.",
    Reason.VOLUME_IMPLAUSIBLE: "The volume is outside the range of adults; look at the outline. Limits: `checks` in configs/default.yaml.",
    Reason.MUSCLE_ORDER: "Minimus lies deep to medius, medius deep to or before maximus; look whether muscles were mixed up.",
    Reason.SIDES_UNEQUAL: "The two sides differ more than disease explains; look at both outlines.",
    Reason.LABEL_UNCERTAIN: "The segmenter was unsure about this muscle; look at the outline.",
    Reason.LITTLE_IN_VIEW: "So little of the muscle is in view that its outline is hard to tell; scan a larger field of view.",
    Reason.OUTLINE_UNPROVEN: "Networks draw this muscle as an estimate only; look at the outline, or give labels (`checks.always_review`).",
    Reason.SIDE_NEEDS_REVIEW: "One of the two sides needs review; the difference stands only if its label does.",
    Reason.REGIONS_NOT_SPLIT: "The muscle is reported as a whole; a larger field of view or labels with regions give its parts.",
    Reason.OUT_OF_VIEW: "The muscle leaves the field of view; numbers are for the part in view.",
    Reason.TOO_FEW_VOXELS: "The label is too small to measure.",
    Reason.FOCAL_REGION: "Part of the muscle does not look like the rest: look at the images. measure.focal.leave_out leaves it out.",
    Reason.FAT_IN_OUTLINE: "The outline takes fat beside the muscle for muscle: volume and mean hold it, the core value does not.",
    Reason.NO_SURE_VOXELS: "Too thin for a value of the muscle alone: the mean of the whole outline was graded, which its rim may raise.",
    Reason.TOO_LITTLE_EVALUABLE: "Too much of the muscle is signal void or artifact.",
    Reason.NO_FAT_VALUES: "The fat map does not cover this muscle.",
    Reason.CUTOFFS_UNVERIFIED: "The edges between these grades stand in no source; use the share itself.",
    Reason.CT_UNCALIBRATED: "CT fat fraction is not calibrated against MRI; read the grade with care.",
    Reason.CT_CONTRAST_MEDIUM: "Take the series before contrast medium where there is one.",
    Reason.CT_ENERGY: "HU of muscle and fat depend on tube voltage and energy; compare only like with like.",
    Reason.MULTI_ECHO: "The scanner's own fat-fraction map or water and fat images, where it makes them, are measured first.",
    Reason.TWO_POINT_MAGNITUDE: "Prefer reconstructed water and fat images.",
    Reason.T1_ESTIMATE: "Prefer Dixon where it was acquired.",
    Reason.T2_ESTIMATE: "A rough estimate: acquire T1 without fat suppression, or Dixon.",
    Reason.PD_ESTIMATE: "A rough estimate: acquire T1 without fat suppression, or Dixon.",
    Reason.ANCHORS_POOLED: "One pair of tissue signals serves both sides; read left-right differences of a few points with care.",
    Reason.WEAK_ANCHORS: "The tissue signals that T1 rests on are uneven: read fractions with care; Dixon does not need them.",
    Reason.CLUSTERED_PER_MUSCLE: "For comparison with published work only; set fat.t1.method to anchors for grades.",
    Reason.BIAS_METHOD: "For comparison with published work only; set fat.t1.bias.method to own for grades.",
    Reason.OEDEMA_NOT_MEASURED: "The fat-suppressed series gives no oedema share; grades do not depend on it.",
    Reason.RESAMPLED: "Draw labels on the series that the fat is measured on where you can.",
    Reason.OTHER_SIDE_MISSING: "The other side was not measured.",
    Reason.OTHER_SIDE_PARTIAL: "One of the two sides leaves the field of view.",
    Reason.SEX_UNKNOWN: "Give --sex M or F where the file does not say; norms differ between the sexes.",
    Reason.NO_NORM: "Read the number without a norm: published ones are for whole muscles on Dixon.",
    Reason.AGE_UNKNOWN: "Give the age (--age, or the column age of the manifest) where the file does not say; this norm depends on it.",
    Reason.AGE_BEYOND_NORM: "Read the number without this norm: nobody of that age was measured for it.",
    Reason.METAL: "Look at the excluded zone in the overlay; correct it with --exclude, or say with --metal where metal is.",
    Reason.METAL_NOT_SEEN: "If a hip holds metal, say so with --metal right, left or both.",
    Reason.BESIDE_METAL: "Too much of it lies beside metal; T1 with metal-artifact reduction spoils less of it.",
    Reason.METAL_UNVALIDATED: "Nobody has validated this method beside metal; prefer T1 with metal-artifact reduction or a wide bandwidth.",
    Reason.NO_HEALTHY_SIDE: "Compare with earlier studies of the same patient, not with the other side.",
    Reason.DIFFERENT_METHODS: "The sides were measured by different methods; read differences of fat with care, volumes compare.",
    Reason.EXCLUDED_BY_MASK: "The voxels of --exclude were left out.",
    Reason.MASK_UNREADABLE: "Give --exclude a 3-D NIfTI mask that overlaps the labelled image.",
    Reason.OUTPUT_NOT_WRITABLE: "Check that the output folder exists, is writable and has space.",
    Reason.READ_FAILED: "A file could not be read; check disk and network and try again.",
    Reason.OUT_OF_MEMORY: "Not enough memory for this study; free some or use a larger machine.",
    Reason.DEVICE_MISSING: "Give --device cpu, or auto, which takes the CPU where there is no CUDA device (segmentation.device).",
    Reason.DEVICE_MEMORY: "The labels stand. Free memory on the GPU, run fewer workers on it, or give --device cpu.",
    Reason.MANIFEST_UNREADABLE: "Give a CSV with a header line and a column `path`; see docs/howto/cohort.md.",
    Reason.STUDY_TWICE: "The same study was given twice, or its files lie in two places; give each study once.",
    Reason.OUTPUT_IN_USE: "Another batch writes to this folder: wait for it, or give another -o.",
    Reason.LEDGER_UNREADABLE: "ledger.sqlite is damaged or of another version: move it away; finished studies "
    "are taken over from their results.",
    Reason.EXECUTOR_FAILED: "The workers cannot be reached or die at once: check the scheduler, then run the same command again.",
    Reason.WORKER_LOST: "The worker process died in this study, often because memory ran out: try --retry-failed with fewer --jobs.",
    Reason.RESULT_DAMAGED: "Run the batch again: it grades this study anew. If it comes again, check the disk.",
    Reason.INPUT_WITHDRAWN: "Its input is gone or holds another study now, so it is kept out of the tables; --keep-withdrawn keeps it.",
    Reason.NOT_A_RESULT: "Give a study's result folder, or its result.json, written by this program.",
    Reason.NO_RESULTS: "Give the output folder of a batch with at least one graded study.",
    Reason.PEER_UNREACHABLE: "Check host, port and firewall, and that the peer is running.",
    Reason.PEER_REFUSED: "The peer does not know this AE title, or does not offer the service: ask its administrator.",
    Reason.QUERY_FAILED: "The peer could not answer the query; try again, or narrow it.",
    Reason.RETRIEVE_FAILED: "The peer could not send the study; for C-MOVE it must know this AE title, host and port.",
    Reason.RETRIEVE_INCOMPLETE: "Fewer images came than the peer counts; try again when the study is complete.",
    Reason.SEND_FAILED: "The peer did not take the result; it is kept and sent again.",
    Reason.NOT_STORED: "The peer took the result but does not find it when asked; it is sent again.",
    Reason.DISK_LOW: "Free some space; until then images are refused, and senders send them again.",
    Reason.PORT_IN_USE: "Another program listens on this port: stop it, or give another one.",
    Reason.DICOM_NOT_WRITTEN: "The study's images give no DICOM result (NIfTI input, stations that are no MR, or damaged headers).",
    Reason.BAD_DECISION: "Reload the page and decide again; nothing was stored.",
    Reason.BAD_DRAWING: "Nothing was stored; what you drew is kept in the browser. Reload the page and draw on.",
    Reason.BAD_RATINGS: "Give a CSV with the columns reader,read,study,muscle,side,scale,grade; see docs/howto/agreement.md.",
    Reason.UPLOAD_TOO_LARGE: "Give the label map alone, compressed (.nii.gz or DICOM SEG).",
    Reason.IMAGES_NOT_FOUND: "The study's images are not where they were: start the review with --data and their folder.",
    Reason.ONE_READER: "Let two readers or more grade the studies: one alone does not tell how far readers differ.",
    Reason.TOO_FEW_STUDIES: "Let each reader grade more studies: 20 are needed to calibrate a scale, 60 are advised.",
    Reason.NOTHING_VOUCHED: "Correct contours in the review app, or call those of every gluteus of a study good, then export again.",
    Reason.ONE_SUBJECT: "Correct studies of more people, or choose another share (--keep-back): whole subjects are kept back.",
    Reason.GRADE_NOT_GIVEN: "Add studies of that grade: each reader must give each grade in 5 studies or more.",
    Reason.RATINGS_UNMATCHED: "Give the output folder that the readers read from; its cohort.csv must name the studies as the ratings do.",
    Reason.SCALE_UNKNOWN: "Name the scale and its grades as the scales file in use does; a scale of your own: --config with grading.file.",
    Reason.EDGES_CROSS: "Two edges cannot be told apart; add studies, or use a scale with fewer grades.",
    Reason.EDGES_UNSURE: "Readers' grades do not settle the edge; add studies whose fat lies near it, or agree on how to read.",
    Reason.REPEATS_UNREADABLE: "Give a CSV with the columns study (or source), subject, repeat and, where there are several, session; see "
    "docs/howto/repeatability.md.",
    Reason.NO_REPEATS: "Say which studies are repeats of one subject: columns subject, session and repeat in the manifest, or "
    "--repeats FILE.",
    Reason.REPEAT_UNKNOWN: "Name subject and repeat of this study, or leave both empty if it is none.",
    Reason.ONE_REPEAT: "Repeatability needs two gradable studies of the same subject and session.",
    Reason.REPEAT_TWICE: "Two studies are called the same repeat of one subject and session: number them, or name the sessions.",
    Reason.REPEAT_LACKS: "The muscle was not measured in every repeat: look why in cohort.csv; the other repeats count where there are "
    "two.",
    Reason.REPEATS_DIFFER: "Grade the repeats alike: the same labels, fat method and kind of series; a mixture tells nothing about "
    "repeatability.",
    Reason.TOO_FEW_SUBJECTS: "No interval can be given: measure more subjects twice; 35 or more are advised.",
    Reason.SITE_UNREADABLE: "Give a site file written by `gluteal-grade cohort repeatability` of this version.",
    Reason.TOO_FEW_PEOPLE: "Measure more healthy people: 40 of a sex in one way are needed for curves, 120 are advised.",
    Reason.NO_NUMBER: "Look in cohort.csv why the muscle has no such number.",
    Reason.LATER_VISIT: "Nothing: a person counts once, by the earliest study.",
    Reason.SIDE_OPERATED: "Nothing: an operated side is not healthy.",
    Reason.NOT_CHOSEN: "Nothing: the study is not of the group that was asked for.",
    Reason.CURVE_NOT_FITTED: "Look at the numbers for outliers; no curve fitted them.",
    Reason.ONE_SITE: "Nothing to compare: two sites of 5 studies or more are needed. Name the column that tells them apart with "
    "--by; a manifest may hold one of your own.",
    Reason.SITE_TOO_SMALL: "Leave the site out (--leave-out), or harmonise by something coarser: 20 studies of each are needed.",
    Reason.SITE_CONFOUNDED: "ComBat cannot tell the site from what differs between its people: do not harmonise; take the site into the "
    "model (cohort stats --site) or compare within sites.",
    Reason.METHODS_MIXED: "Fat methods and labels differ by more than scanners do: choose one with --method, or grade the studies alike.",
    Reason.COVARIATE_UNKNOWN: "Give it in the manifest, or say with --keep what is to be held.",
    Reason.NO_COMBAT: "Install it: pip install 'gluteal-grade[sites]'.",
    Reason.NOT_BIDS: "Give the top folder of a BIDS dataset: dataset_description.json and folders sub-<label>.",
    Reason.DEFECT: "A defect of the program: please report it with the place it names; the other studies are not touched.",
}


def advice_for(code: str) -> str:
    """What to do about a code that was read from a table; empty for one that is none of ours."""
    return ADVICE[Reason(code)] if code in set(Reason) else ""


class GradeError(Exception):
    """Base of both families.

    Args:
        reason: the code.
        detail: what exactly was found, without patient data.

    Examples:
        >>> error = RefusedInput(Reason.GANTRY_TILT, "9.5 degrees")
        >>> str(error), error.advice
        ('gantry_tilt: 9.5 degrees', 'Slices are tilted against the stack; resample to an orthogonal grid first.')
    """

    def __init__(self, reason: Reason, detail: str = "") -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason.value}: {detail}" if detail else reason.value)

    @property
    def advice(self) -> str:
        """What the user can do about it, one sentence."""
        return ADVICE[self.reason]


class RefusedInput(GradeError):
    """Permanent: this input cannot be graded as it is."""


class TransientFailure(GradeError):
    """May pass if tried again: disk, network, memory."""


def not_writable(error: OSError) -> TransientFailure:
    """The failure to tell when the output cannot be written, without the path."""
    words = os.strerror(error.errno) if error.errno else "no errno"
    return TransientFailure(Reason.OUTPUT_NOT_WRITABLE, f"{type(error).__name__}: {words}")


def place_of(error: BaseException) -> str:
    """Module and line of our own code that failed; no values, as they may hold patient data."""
    place, trace = "gluteal_grade", error.__traceback__
    while trace is not None:
        name = str(trace.tb_frame.f_globals.get("__name__", ""))
        if name.startswith("gluteal_grade"):
            place = f"{name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


@dataclass(frozen=True)
class Note:
    """Something the reader should know about a result that stands.

    Attributes:
        reason: the code.
        detail: what exactly, without patient data.
    """

    reason: Reason
    detail: str
