#!/usr/bin/env python3
"""Makes the streams of this folder and `pictures.txt`: of each picture, in output order, its place in
decode order and its checksum; but for streams that have the encoder's own checksums in them.

Needs ffmpeg with libx265. `make.py` writes into the folder that it stands in; `make.py FOLDER` elsewhere.
The pictures are those of FFmpeg's own decoder; 10 bits are rounded to 8 as razz rounds them.
"""

import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True

import tiles

# Noise, so that little can be predicted; a moving test picture; a fade, for weighted prediction.
NOISE = "testsrc2=size={size}:rate=25,noise=alls=12:allf=t:all_seed=7"
MOVING = "testsrc2=size={size}:rate=25"
FADE = "testsrc2=size={size}:rate=25,fade=t=in:st=0:d=0.4"
CALM = "bframes=0:keyint=8:min-keyint=8:scenecut=0:"
# name: source, size, bits, pictures, x265's parameters
STREAMS = {
    "main": (MOVING, "192x128", 8, 12, CALM + "ref=1"),
    "main-10": (MOVING, "192x128", 10, 10, CALM + "ref=2"),
    "main-10-b": (NOISE, "128x96", 10, 8, "bframes=3:b-adapt=0:b-pyramid=1:keyint=8:crf=30"),
    "b-pyramid": (MOVING, "192x128", 8, 20, "bframes=4:b-adapt=0:b-pyramid=1:ref=4:keyint=12:min-keyint=12:scenecut=0:open-gop=0"),
    "open-gop": (MOVING, "192x128", 8, 24, "bframes=3:b-adapt=0:b-pyramid=1:keyint=8:min-keyint=8:scenecut=0:open-gop=1"),
    "radl": (MOVING, "128x96", 8, 20, "bframes=3:b-adapt=0:keyint=8:min-keyint=8:scenecut=0:radl=2:open-gop=0"),
    "wavefronts": (MOVING, "320x192", 8, 6, CALM + "wpp=1:ctu=32:min-cu-size=8"),
    # FFmpeg 5.1 decodes its Cb otherwise than the encoder's checksums say, which are in the stream.
    "wavefronts-16": (MOVING, "320x192", 8, 6, CALM + "wpp=1:ctu=16:hash=1"),
    "no-wavefronts": (MOVING, "192x128", 8, 6, CALM + "wpp=0:ctu=32"),
    "slices": (MOVING, "192x192", 8, 8, CALM + "slices=3:ctu=32"),
    "slices-wavefronts": (NOISE, "192x192", 8, 5, CALM + "slices=4:wpp=1:ctu=16:crf=28"),
    "sao-off-deblock-off": (MOVING, "192x128", 8, 6, CALM + "sao=0:deblock=0"),
    "deblock-strong": (MOVING, "192x128", 8, 6, CALM + "deblock=6\\:6:crf=28"),
    "deblock-weak": (NOISE, "128x96", 8, 5, CALM + "deblock=-6\\:-6:sao-non-deblock=1:crf=26"),
    "weighted": (FADE, "192x128", 8, 10, "bframes=0:weightp=1:keyint=30:scenecut=0"),
    "weighted-b": (FADE, "192x128", 8, 12, "bframes=3:b-adapt=0:weightp=1:weightb=1:keyint=30:scenecut=0"),
    "intra-refresh": (MOVING, "192x128", 8, 16, "bframes=0:intra-refresh=1:keyint=8:scenecut=0"),
    "cropped": (MOVING, "202x122", 8, 6, CALM + "ctu=64"),
    "cropped-10": (MOVING, "138x74", 10, 6, CALM + "ctu=16"),
    "lossless": (MOVING, "64x48", 8, 4, CALM + "lossless=1"),
    "transform-skip": (NOISE, "128x96", 8, 4, CALM + "tskip=1:rdpenalty=1:limit-tu=0:max-tu-size=8:crf=26"),
    "scaling-lists": (MOVING, "192x128", 8, 6, CALM + "scaling-list=default"),
    "cu-qp": (NOISE, "192x128", 8, 6, CALM + "aq-mode=3:qg-size=16:cbqpoffs=4:crqpoffs=-4:crf=28"),
    "amp-rect": (MOVING, "192x128", 8, 8, "bframes=2:rect=1:amp=1:keyint=30:max-merge=5:me=star:subme=5"),
    "constrained-intra": (NOISE, "128x96", 8, 6, CALM + "constrained-intra=1:strong-intra-smoothing=0:crf=26"),
    "no-sign-hiding": (MOVING, "128x96", 8, 6, CALM + "signhide=0:temporal-mvp=0"),
    "checksums": (MOVING, "128x96", 8, 8, CALM + "hash=1"),
    "temporal-layers": (MOVING, "192x128", 8, 16, "bframes=3:b-adapt=0:b-pyramid=1:temporal-layers=2:keyint=16"),
}

# name: columns and rows in blocks of 16, whether filters cross tiles, whether each is a slice
TILES = {
    "tiles": ([2, 1, 3], [1, 3], True, False),
    "tiles-slices": ([2, 1, 3], [1, 3], False, True),
    "tiles-filters-apart": ([1, 5], [2, 1, 1], False, False),
}


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def fnv(data):
    """64-bit FNV-1a."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


def encode(path, source, size, bits, count, parameters):
    run(
        *["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", source.format(size=size)],
        *["-frames:v", str(count), "-pix_fmt", "yuv420p10le" if bits == 10 else "yuv420p"],
        *["-c:v", "libx265", "-preset", "medium"],
        *["-x265-params", f"log-level=none:pools=1:frame-threads=1:info=0:repeat-headers=1:crf=30:{parameters}"],
        *["-f", "hevc", str(path)],
    )


def pictures(path, size, bits):
    raw = "yuv420p10le" if bits == 10 else "yuv420p"
    decoded = run(
        *["ffmpeg", "-v", "error", "-threads", "1", "-i", str(path)],
        *["-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", raw, "-"],
    )
    width, height = map(int, size.split("x"))
    length = width * height * 3 // 2 * (2 if bits == 10 else 1)
    for at in range(0, len(decoded), length):
        picture = decoded[at : at + length]
        if bits == 10:
            words = memoryview(picture).cast("H")
            picture = bytes(min((word + 2) >> 2, 255) for word in words)
        yield picture


def decode_order(path):
    """Of each picture in output order, how many stand before it in the file."""
    found = run(
        *["ffprobe", "-v", "error", "-threads", "1", "-show_entries", "frame=pkt_pos"],
        *["-of", "csv=p=0", str(path)],
    )
    places = [int(line.strip(b",")) for line in found.split()]
    return [sorted(places).index(place) for place in places]


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    lines = []
    for name, (source, size, bits, count, parameters) in STREAMS.items():
        path = folder / f"{name}.h265"
        encode(path, source, size, bits, count, parameters)
        if "hash=1" in parameters:
            continue
        found = [fnv(picture) for picture in pictures(path, size, bits)]
        assert len(found) == count, (name, len(found))
        order = decode_order(path)
        assert len(order) == count, (name, order)
        lines += [f"{name} {size} {at} {value:016x}\n" for at, value in zip(order, found)]
    for name, (columns, rows, across, each) in TILES.items():
        size, path = (sum(columns), sum(rows)), folder / f"{name}.h265"
        path.write_bytes(tiles.stream(7, size, columns, rows, int(across), each, 3))
        size = f"{size[0] * tiles.SIDE}x{size[1] * tiles.SIDE}"
        found = enumerate(map(fnv, pictures(path, size, 8)))
        lines += [f"{name} {size} {at} {value:016x}\n" for at, value in found]
    (folder / "pictures.txt").write_text("".join(lines))


if __name__ == "__main__":
    main()
