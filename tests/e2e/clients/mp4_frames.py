"""An independent reader of MP4 files: GStreamer's qtdemux, nothing of razz in it.

    mp4_frames.py FILE

Says {"frames": N, "hashes": of each access unit the SHA-256 of its slices, "times": of each its time in ns} as a line of
JSON, or {"error": ...}.
"""

import hashlib
import json
import re
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
from gi.repository import Gst, GstApp  # noqa: E402, F401

Gst.init(None)
pipeline = Gst.parse_launch(
    "filesrc name=file ! qtdemux ! h264parse ! video/x-h264,stream-format=byte-stream,alignment=au ! "
    "appsink name=out sync=false max-buffers=64"
)
pipeline.get_by_name("file").set_property("location", sys.argv[1])
out = pipeline.get_by_name("out")
pipeline.set_state(Gst.State.PLAYING)
told = {"frames": 0, "hashes": [], "times": []}
while True:
    sample = out.try_pull_sample(10 * Gst.SECOND)
    if sample is None:
        break
    buffer = sample.get_buffer()
    digest = hashlib.sha256()
    for nal in re.split(b"\0\0\1", buffer.extract_dup(0, buffer.get_size()))[1:]:
        if nal[0] & 31 in range(1, 6):
            digest.update(nal.rstrip(b"\0"))
    told["frames"] += 1
    told["hashes"].append(digest.hexdigest())
    told["times"].append(buffer.pts)
message = pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR)
if message:
    told = {"error": message.parse_error()[0].message}
pipeline.set_state(Gst.State.NULL)
print(json.dumps(told))
