#!/usr/bin/env python3
"""HOTA, DetA and AssA of the references of the set `street` as TrackEval computes them, for hota.txt.

    hota.py SET_FOLDER > SET_FOLDER/hota.txt

Set-up, in a virtual environment: pip install numpy scipy trackeval==1.3.0
"""
import contextlib
import io
import pathlib
import shutil
import sys
import tempfile

import numpy as np

for name, kind in (("float", float), ("int", int), ("bool", bool)):
    if name not in np.__dict__:
        setattr(np, name, kind)
import trackeval  # noqa: E402

KINDS = ["byte_050_08_b30", "byte_060_09_b30", "deepsort_c30_age30"]
QUIET = dict.fromkeys(
    ["PRINT_RESULTS", "PRINT_CONFIG", "TIME_PROGRESS", "OUTPUT_SUMMARY", "OUTPUT_DETAILED", "PLOT_CURVES"], False
)


def scores(sequences, kind):
    """(HOTA, DetA, AssA) in percent by sequence."""
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        lengths = {}
        (work / "results" / kind / "data").mkdir(parents=True)
        for sequence in sequences:
            info = dict(line.split("=") for line in (sequence / "seqinfo.ini").read_text().splitlines()[1:])
            lengths[sequence.name] = int(info["seqLength"])
            (work / "truth" / sequence.name).mkdir(parents=True)
            shutil.copytree(sequence / "gt", work / "truth" / sequence.name / "gt")
            shutil.copy(sequence / "reference" / f"{kind}.txt", work / "results" / kind / "data" / f"{sequence.name}.txt")
        settings = dict(
            GT_FOLDER=str(work / "truth"), TRACKERS_FOLDER=str(work / "results"), TRACKERS_TO_EVAL=[kind],
            BENCHMARK="MOT17", SKIP_SPLIT_FOL=True, SEQ_INFO=lengths, PRINT_CONFIG=False,
        )
        with contextlib.redirect_stdout(io.StringIO()):
            data = trackeval.datasets.MotChallenge2DBox(settings)
            found, _ = trackeval.Evaluator(dict(QUIET, USE_PARALLEL=False)).evaluate([data], [trackeval.metrics.HOTA()])
        found = found["MotChallenge2DBox"][kind]
        return {
            sequence.name: [100 * np.mean(found[sequence.name]["pedestrian"]["HOTA"][key]) for key in ("HOTA", "DetA", "AssA")]
            for sequence in sequences
        }


def main():
    sequences = sorted(path for path in pathlib.Path(sys.argv[1]).iterdir() if path.is_dir())
    for kind in KINDS:
        with_kind = [sequence for sequence in sequences if (sequence / "reference" / f"{kind}.txt").exists()]
        for name, values in scores(with_kind, kind).items():
            print(kind, name, *(f"{value:.3f}" for value in values))


main()
