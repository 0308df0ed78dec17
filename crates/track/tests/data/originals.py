#!/usr/bin/env python3
"""What the original ByteTrack and the original DeepSORT put out for the sequences of a folder.

    originals.py FOLDER           writes reference/*.txt into every sequence below FOLDER
    originals.py --check FOLDER   compares with the reference/*.txt that are there

It runs the authors' own code, as two PyPI packages carry it, and takes back at run time what these
packages changed in it. Nothing of that code is copied here. Set-up, in a virtual environment:

    pip install numpy scipy lap cython_bbox
    pip install --no-deps bytetracker==0.3.2 deep-sort-realtime==1.3.2
"""
import itertools
import pathlib
import sys
import types

import cython_bbox
import numpy as np

# bytetracker asks torch for one type only, to compare with.
sys.modules["torch"] = types.SimpleNamespace(Tensor=type(None))
# Its package file imports what is not needed here; so does that of deep_sort_realtime.
import importlib.util  # noqa: E402


def bare_package(name):
    """Makes the modules of an installed package importable without running its __init__."""
    spec = importlib.util.find_spec(name)
    package = types.ModuleType(name)
    package.__path__ = list(spec.submodule_search_locations)
    sys.modules[name] = package


bare_package("bytetracker")
bare_package("deep_sort_realtime")
from bytetracker import byte_tracker, matching  # noqa: E402
from bytetracker.basetrack import BaseTrack  # noqa: E402
from deep_sort_realtime.deep_sort import detection, nn_matching, tracker  # noqa: E402

# The original compares boxes by cython_bbox in double precision.
matching.ious = lambda a, b: (
    cython_bbox.bbox_overlaps(np.ascontiguousarray(a, dtype=float), np.ascontiguousarray(b, dtype=float))
    if len(a) and len(b)
    else np.zeros((len(a), len(b)))
)


def to_left_top(corners):
    """Corners to left, top, width, height: the package hands on centres instead."""
    out = np.array(corners, dtype=float)
    out[:, 2:] -= out[:, :2]
    return out


byte_tracker.xyxy2xywh = to_left_top
byte_tracker.xywh2xyxy = lambda boxes: boxes


class AnyClass:
    """Classes, of which the original knows nothing; of any number, so that no detection is cut off."""

    def __getitem__(self, _):
        return itertools.repeat(0)


class Detections:
    """The columns that the package's tracker takes from a tensor."""

    def __init__(self, rows):
        self.rows = np.array(rows, dtype=float).reshape(-1, 5)

    def __getitem__(self, key):
        column = key[1]
        if column == 5:
            return types.SimpleNamespace(numpy=AnyClass)
        values = self.rows[:, column]
        return Column(values)


class Column(np.ndarray):
    """An array that also answers to numpy()."""

    def __new__(cls, values):
        return np.asarray(values).view(cls)

    def numpy(self):
        return np.asarray(self)


def read(sequence):
    """Detections by frame, each with its line; and the number of frames."""
    by_frame = {}
    for number, line in enumerate((sequence / "det.txt").read_text().splitlines()):
        values = [float(value) for value in line.split(",")]
        by_frame.setdefault(int(values[0]), []).append((number, values[2:6], values[6]))
    info = (sequence / "seqinfo.ini").read_text().splitlines()
    length = next(int(line.split("=")[1]) for line in info if line.startswith("seqLength"))
    return by_frame, length


def row(frame, number, box, score):
    x, y, width, height = box
    return f"{frame},{int(number)},{x:.4f},{y:.4f},{width:.4f},{height:.4f},{score},-1,-1,-1"


def bytetrack(sequence, track_threshold, match_threshold):
    by_frame, length = read(sequence)
    BaseTrack._count = 0
    original = byte_tracker.BYTETracker(track_threshold, 30, match_threshold, 30)
    out = []
    for frame in range(1, length + 1):
        boxes = [[x, y, x + w, y + h, score] for _, (x, y, w, h), score in by_frame.get(frame, [])]
        for found in original.update(Detections(boxes), None):
            out.append(row(frame, found[4], found[:4], f"{found[6]:.4f}"))
    return out


def embeddings(sequence):
    """One vector for each line of det.txt, or None."""
    if (sequence / "embeddings.txt").exists():
        return np.loadtxt(sequence / "embeddings.txt", delimiter=",")
    if (sequence / "embeddings32.npy").exists():
        return np.load(sequence / "embeddings32.npy")
    return None


class Looks(list):
    """The looks that a track has gathered since the gallery took the last; asked for the last of none, None."""

    def __getitem__(self, index):
        return super().__getitem__(index) if self or isinstance(index, slice) else None


class ExactDetection(detection.Detection):
    """The original keeps boxes in double precision."""

    def __init__(self, box, score, look):
        super().__init__(box, score, look)
        self.ltwh = np.asarray(box, dtype=float)


def deepsort(sequence):
    by_frame, length = read(sequence)
    looks = embeddings(sequence)
    metric = nn_matching.NearestNeighborDistanceMetric("cosine", 0.2, 100)
    original = tracker.Tracker(metric, max_age=30, n_init=3)
    out = []
    for frame in range(1, length + 1):
        found = by_frame.get(frame, [])
        original.predict()
        original.update([ExactDetection(b, s, looks[n]) for n, b, s in found if s >= 0.3])
        for track in original.tracks:
            if track.is_confirmed():
                # The original empties this list once the gallery has it; the package leaves one.
                track.features = Looks()
                if track.time_since_update <= 1:
                    out.append(row(frame, track.track_id, track.to_ltwh(), "1"))
    return out


KINDS = {
    "byte_050_08_b30": lambda sequence: bytetrack(sequence, 0.5, 0.8),
    "byte_060_09_b30": lambda sequence: bytetrack(sequence, 0.6, 0.9),
    "deepsort_c30_age30": deepsort,
}


def main():
    check = "--check" in sys.argv
    root = pathlib.Path(sys.argv[-1])
    same = different = 0
    for file in sorted(root.glob("**/det.txt")):
        sequence = file.parent
        for kind, run in KINDS.items():
            reference = sequence / "reference" / f"{kind}.txt"
            if kind.startswith("deepsort") and embeddings(sequence) is None:
                continue
            if check and not reference.exists():
                continue
            # The corner cases, which have no truth to be scored by, need one setting only.
            if kind == "byte_060_09_b30" and not check and not (sequence / "gt").exists():
                continue
            text = "\n".join(run(sequence)) + "\n"
            if not check:
                reference.parent.mkdir(exist_ok=True)
                reference.write_text(text)
            elif reference.read_text() == text:
                same += 1
            else:
                different += 1
                print(f"{reference}: the text differs")
    if check:
        print(f"{same} references are the same to the byte, {different} differ")
        sys.exit(different > 0)


if __name__ == "__main__":
    main()
