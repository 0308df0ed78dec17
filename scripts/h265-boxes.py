#!/usr/bin/env python3
"""Compares what is detected in H.265 with what is detected in H.264 of the same pictures, on each decoder.

    scripts/h265-boxes.py --clip people-walking.mp4 --model yolo11n-384x640.onnx [--razz target/release/razz]
                          [--seconds 10] [--stride 3] [--crf 12] [--work FOLDER]

The clip is coded anew as H.264 (x264) and as H.265 (x265), from the same pictures at the same quality, without
B-frames, and `razz detect` looks at the clip and at both of these: with FFmpeg's libavcodec, and with the decoders
that are built in. What is found in the clip itself with a confidence of 0.5 or more counts as truth; mAP is the mean
over the classes with 20 boxes or more of the average precision at an overlap of 0.5, and over 0.5 to 0.95.

Ends with 1 where the H.265 is behind the H.264 by more than 0.5 points on a decoder. Needs ffmpeg with x264 and x265
(`apt install ffmpeg`).
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SURE = 0.5
ENOUGH = 20
MOST_BEHIND = 0.5
OVERLAPS = [0.5 + 0.05 * n for n in range(10)]
# A file that is no library leaves the decoders that are built in.
DECODERS = {"libavcodec": {}, "built in": {"RAZZ_LIBAVCODEC": "/dev/null"}}


def coded(options, encoder, folder):
    """The clip's pictures, coded anew."""
    path = folder / f"{encoder}.mp4"
    private = {"libx264": "-x264-params", "libx265": "-x265-params"}[encoder]
    command = ["ffmpeg", "-y", "-v", "error", "-t", str(options.seconds), "-i", options.clip, "-an", "-c:v", encoder]
    command += ["-preset", "medium", "-crf", str(options.crf), "-bf", "0", "-g", "60", "-pix_fmt", "yuv420p"]
    command += [private, "log-level=error:bframes=0" if encoder == "libx265" else "bframes=0", "-tag:v", "hvc1" if encoder == "libx265" else "avc1"]
    subprocess.run([*command, str(path)], check=True)
    return path


def detected(options, clip, decoder, folder):
    """The rows of each frame that was looked at; null for others."""
    output = folder / "detected.json"
    command = [options.razz, "detect", "--model", options.model, "--input", str(clip), "--output", str(output)]
    command += ["--confidence", "0.05", "--stride", str(options.stride)]
    subprocess.run(command, check=True, env={**os.environ, **DECODERS[decoder]}, stderr=subprocess.DEVNULL)
    frames = json.loads(output.read_text())["frames"]
    return frames[: options.seconds * 30]


def overlap(a, b):
    """Intersection over union of two boxes."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def average_precision(truth, found, kind, least):
    """The area below the highest precision at each recall or more."""
    wanted, results = 0, []
    for true, rows in zip(truth, found):
        rest = [row[2:] for row in true if row[0] == kind]
        wanted += len(rest)
        for row in sorted((row for row in rows if row[0] == kind), key=lambda row: -row[1]):
            best = max(rest, key=lambda box: overlap(box, row[2:]), default=None)
            right = best is not None and overlap(best, row[2:]) >= least
            if right:
                rest.remove(best)
            results.append((row[1], right))
    results.sort(key=lambda result: -result[0])
    right, curve = 0, []
    for count, (_score, is_right) in enumerate(results, 1):
        right += is_right
        curve.append((right / wanted, right / count))
    area, highest, later = 0.0, 0.0, None
    for recall, precision in reversed(curve):
        if later is not None:
            area += (later - recall) * highest
        highest, later = max(highest, precision), recall
    return area + (later or 0.0) * highest


def mean_precision(truth, found):
    """mAP at 0.5, and over all overlaps, in points."""
    kinds = [row[0] for frame in truth for row in frame]
    kinds = sorted({kind for kind in kinds if kinds.count(kind) >= ENOUGH})
    if not kinds:
        sys.exit("no class has enough boxes")
    at = {least: sum(average_precision(truth, found, kind, least) for kind in kinds) / len(kinds) for least in OVERLAPS}
    return 100 * at[0.5], 100 * sum(at.values()) / len(at)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clip", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--razz", default=str(ROOT / "target/release/razz"))
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--stride", type=int, default=3)
    parser.add_argument("--crf", type=int, default=12)
    parser.add_argument("--work", type=Path)
    options = parser.parse_args()
    behind = 0.0
    with tempfile.TemporaryDirectory() as folder:
        folder = options.work or Path(folder)
        folder.mkdir(exist_ok=True)
        clips = {"H.264": coded(options, "libx264", folder), "H.265": coded(options, "libx265", folder)}
        sizes = ", ".join(f"{name} {path.stat().st_size / 1e6:.1f} MB" for name, path in clips.items())
        for decoder in DECODERS:
            whole = detected(options, options.clip, decoder, folder)
            truth = [[row for row in frame if row[1] >= SURE] for frame in whole if frame is not None]
            of = {}
            for name, path in clips.items():
                frames = detected(options, path, decoder, folder)
                looked = [frame for frame in frames[: len(whole)] if frame is not None]
                if len(looked) != len(truth):
                    sys.exit(f"{name} by {decoder}: {len(looked)} pictures instead of {len(truth)}")
                of[name] = mean_precision(truth, looked)
                print(f"{name} by {decoder}: mAP50 {of[name][0]:.2f}, mAP50-95 {of[name][1]:.2f}", flush=True)
            behind = max(behind, *(a - b for a, b in zip(of["H.264"], of["H.265"])))
        boxes = sum(len(frame) for frame in truth)
        print(f"{len(truth)} pictures, {boxes} boxes of {SURE} or more; {sizes}; H.265 is behind by {max(behind, 0):.2f} at most")
    sys.exit(behind > MOST_BEHIND)


if __name__ == "__main__":
    main()
