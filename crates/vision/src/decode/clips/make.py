#!/usr/bin/env python3
"""Makes the clips that decoders are tried on, and what each of their pictures has to be.

Needs FFmpeg with x264 and x265 (Debian: `apt install ffmpeg`). `clips.txt` has a line for each clip: its
name, `units` with the length of each access unit in bytes, `places` with its place in output order, `pictures` with the CRC-32 of each picture in
output order, as FFmpeg decodes it: luma, Cb, Cr without padding, 10 bits rounded to 8.
"""

import subprocess
import tempfile
import zlib
from pathlib import Path

HERE = Path(__file__).parent
SIZE = (128, 96)
FULL_709 = "scale=out_range=full:out_color_matrix=bt709,format=yuvj420p"
NO_SEI_264 = "filter_units=remove_types=6"
NO_SEI_265 = "filter_units=remove_types=39|40"
CLIPS = {
    # B-frames in a pyramid, CABAC, 8x8 transforms, full range BT.709.
    "high.h264": ["-vf", FULL_709, "-color_range", "pc", "-colorspace", "bt709", "-c:v", "libx264", "-x264-params",
                  "bframes=2:b-pyramid=normal:keyint=12:scenecut=0:crf=30:8x8dct=1", "-bsf:v", NO_SEI_264],
    "baseline.h264": ["-pix_fmt", "yuv420p", "-profile:v", "baseline", "-c:v", "libx264", "-x264-params",
                      "bframes=0:keyint=12:scenecut=0:crf=30", "-bsf:v", NO_SEI_264],
    "main.h265": ["-pix_fmt", "yuv420p", "-c:v", "libx265", "-x265-params",
                  "log-level=none:bframes=2:keyint=12:scenecut=0:crf=32:info=0", "-bsf:v", NO_SEI_265],
    "main10.h265": ["-pix_fmt", "yuv420p10le", "-c:v", "libx265", "-x265-params",
                    "log-level=none:bframes=0:keyint=12:scenecut=0:crf=32:info=0", "-bsf:v", NO_SEI_265],
}


def output(*command: str) -> bytes:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def packets(path: str, field: str) -> list[str]:
    fields = output("ffprobe", "-v", "error", "-show_entries", f"packet={field}", "-of", "csv=p=0", path)
    return [line.strip(",") for line in fields.decode().split()]


def eight(samples: bytes) -> bytes:
    wide = memoryview(samples).cast("H")
    return bytes(min((value + 2) >> 2, 255) for value in wide)


def main() -> None:
    width, height = SIZE
    lines = []
    for name, options in CLIPS.items():
        path = str(HERE / name)
        source = ["-f", "lavfi", "-i", f"testsrc2=size={width}x{height}:rate=10", "-frames:v", "12"]
        options, keep = options[:-1], options[-1]
        with tempfile.TemporaryDirectory() as folder:
            timed = f"{folder}/timed.mp4"
            subprocess.run(["ffmpeg", "-y", "-v", "error", *source, *options[:-1], timed], check=True)
            times = [int(time) for time in packets(timed, "pts")]
            unpack = ("h264" if name.endswith("h264") else "hevc") + "_mp4toannexb," + keep
            subprocess.run(["ffmpeg", "-y", "-v", "error", "-i", timed, "-c", "copy", "-bsf:v", unpack, path], check=True)
        units = [int(size) for size in packets(path, "size")]
        places = [sorted(times).index(time) for time in times]
        assert sum(units) == Path(path).stat().st_size, name
        deep = "10" in name
        raw = output("ffmpeg", "-v", "error", "-i", path, "-f", "rawvideo",
                     "-pix_fmt", "yuv420p10le" if deep else "yuvj420p" if "high" in name else "yuv420p", "-")
        length = width * height * 3 // 2 * (2 if deep else 1)
        pictures = [raw[at:at + length] for at in range(0, len(raw), length)]
        checks = [f"{zlib.crc32(eight(picture) if deep else picture):08x}" for picture in pictures]
        lines.append(" ".join([name, "units", *map(str, units), "places", *map(str, places), "pictures", *checks]))
    (HERE / "clips.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
