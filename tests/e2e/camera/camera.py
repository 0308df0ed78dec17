#!/usr/bin/python3
"""An independent RTSP camera for the tests: GStreamer's RTSP server, nothing of razz in it.

    camera.py [--port 0] [--user U --password P] [--auth digest|basic] [--tls PEM] [--together] NAME=KIND[:FILE] ...

With --tls, a file with certificate and key, it speaks RTSP over TLS alone. With --together all loops, of other processes
too, are at the same place at a time, as streams of one camera are: a client gets the next key frame first.

Each NAME is a mount. KIND is `clip:FILE` (the H.264 of an MP4, or of a file that is nothing else, looped with
continuous timestamps), `sizes` (H.264 that changes its size when told to), `longgop` (2.5 Mbit/s with a key
frame every 10 s), `slices` (High profile, four slices a picture), `inband` and `outofband` (H.264 whose
parameter sets stand before its key frames alone, or in its SDP alone), `h265` (a loop too), `clip265:FILE` and
`clipb:FILE` and `clipjpeg:FILE` (a clip's pictures as H.265, as H.264 with B-frames in a pyramid, or as JPEG),
`clipmoved:FILE` (as a camera sees them that was turned: 40 pixels further left and 12 further up),
`sub:FILE` and `sub265:FILE` (every other picture of a clip in 640x360, as H.264 or H.265), `h265bframes`, `bframes`,
`interlaced`, `yuv422` (4:2:2 colour), `mjpeg` or `mjpeglarge` (2592x1944) (test pictures).

Speaks JSON, one object a line. On standard output first {"port": N}, or {"missing": "..."} and exit
status 3 when a GStreamer element is not there; then one answer per command from standard input:
  {"do": "count"}   {"counts": {NAME: {"sent": access units so far, "clients": connections so far}}}
  {"do": "pause"}   sessions stay open, nothing more is sent;   {"do": "resume"}
  {"do": "switch"}  `sizes` goes on in its other size, at the next key frame
  {"do": "hashes"}  {"hashes": {NAME: [...]}}: of each access unit of a loop, in order, the SHA-256 of its slices
  {"do": "stop"}    ends the process
It dies with its standard input, so a killed test leaves no camera behind.
"""

import argparse
import hashlib
import json
import re
import sys
import tempfile
import threading
import time

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

FPS = 30
SUB_FPS = 15
# No picture is shown so many places before it comes.
MOST_PLACES = 8
BYTE_STREAM = "stream-format=byte-stream,alignment=au"
H264 = f"video/x-h264,{BYTE_STREAM}"
H265 = f"video/x-h265,{BYTE_STREAM}"
JPEG = "image/jpeg"
# How each goes out; of `outofband` the parameter sets are taken out of the stream and written into the SDP, and of
# `inband` they are taken out of the SDP.
PAY = "rtph264pay name=pay0 pt=96 config-interval=-1 mtu=1400"
PAYLOADERS = {
    "h265": "rtph265pay name=pay0 pt=96 config-interval=-1 mtu=1400",
    "clip265": "rtph265pay name=pay0 pt=96 config-interval=-1 mtu=1400",
    "clipjpeg": "jpegparse ! rtpjpegpay name=pay0 pt=26 mtu=1400",
    "sub265": "rtph265pay name=pay0 pt=96 config-interval=-1 mtu=1400",
    "outofband": "h264parse ! video/x-h264,stream-format=avc ! rtph264pay name=pay0 pt=96 config-interval=0 mtu=1400",
    "inband": "rtph264pay pt=96 config-interval=-1 mtu=1400 ! capssetter name=pay0 join=false replace=true"
    " caps=application/x-rtp,media=video,clock-rate=90000,encoding-name=H264,packetization-mode=(string)1,payload=96",
}

PICTURES = "videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width=640,height=360,framerate=15/1"
LIVE = {
    "h265bframes": "x265enc speed-preset=ultrafast key-int-max=30 option-string=bframes=2 ! h265parse"
    " ! rtph265pay name=pay0 pt=96 config-interval=-1",
    "mjpeg": "jpegenc ! rtpjpegpay name=pay0 pt=26",
    "mjpeglarge": "videoscale ! video/x-raw,width=2592,height=1944 ! videorate ! video/x-raw,framerate=5/1 ! jpegenc"
    " ! rtpjpegpay name=pay0 pt=26",
    "interlaced": "capssetter caps=video/x-raw,interlace-mode=(string)interleaved ! x264enc speed-preset=veryfast tune=zerolatency interlaced=true key-int-max=15"
    " ! video/x-h264,profile=main"
    " ! rtph264pay name=pay0 pt=96 config-interval=-1",
    "yuv422": "videoconvert ! video/x-raw,format=Y42B ! x264enc speed-preset=veryfast tune=zerolatency key-int-max=15"
    " ! video/x-h264,profile=high-4:2:2 ! rtph264pay name=pay0 pt=96 config-interval=-1",
    "bframes": "x264enc speed-preset=veryfast bframes=2 b-adapt=false key-int-max=30"
    " ! video/x-h264,profile=main ! rtph264pay name=pay0 pt=96 config-interval=-1",
}


def say(message):
    """One JSON line on standard output."""
    print(json.dumps(message), flush=True)


def access_units(pipeline, parser="h264parse config-interval=-1", caps=H264):
    """The access units that `pipeline ! appsink` yields: a list of (bytes, is a key frame, how many places later it is
    shown than it comes)."""
    player = Gst.parse_launch(f"{pipeline} ! {parser} ! {caps} ! appsink name=out sync=false")
    out = player.get_by_name("out")
    player.set_state(Gst.State.PLAYING)
    units = []
    while sample := out.emit("pull-sample"):
        buffer = sample.get_buffer()
        key = not buffer.has_flags(Gst.BufferFlags.DELTA_UNIT)
        units.append((buffer.extract_dup(0, buffer.get_size()), key, buffer.pts))
    error = player.get_bus().pop_filtered(Gst.MessageType.ERROR)
    player.set_state(Gst.State.NULL)
    if error or not units:
        raise SystemExit(f"{pipeline}: {error.parse_error()[0].message if error else 'no access units'}")
    shown = {pts: place for place, pts in enumerate(sorted(pts for _unit, _key, pts in units))}
    # Of a file that is nothing but H.264 not every access unit has a time; without B-frames none needs one.
    timed = len(shown) == len(units)
    return [(unit, key, shown[pts] - n if timed else 0) for n, (unit, key, pts) in enumerate(units)]


def recoded(path, kind):
    """The pictures of a clip, coded anew, one GOP a second."""
    demux = "" if path.endswith(".h264") else " ! qtdemux"
    encoder, parser, caps = {
        "clip265": (f"x265enc speed-preset=superfast key-int-max={FPS} option-string=bframes=0:crf=20", "h265parse config-interval=-1", H265),
        "clipb": (
            f"x264enc speed-preset=veryfast pass=quant quantizer=20 bframes=3 b-adapt=false b-pyramid=true key-int-max={FPS}"
            " ! video/x-h264,profile=high",
            "h264parse config-interval=-1",
            H264,
        ),
        "clipjpeg": ("jpegenc quality=85", "identity", JPEG),
        "clipmoved": (
            f"videobox left=40 right=-40 top=12 bottom=-12 ! videoconvert ! video/x-raw,format=I420"
            f" ! x264enc speed-preset=veryfast pass=quant quantizer=20 bframes=0 key-int-max={FPS}",
            "h264parse config-interval=-1",
            H264,
        ),
    }[kind]
    source = f'filesrc location="{path}"{demux} ! h264parse ! avdec_h264 ! videorate ! video/x-raw,framerate={FPS}/1'
    return access_units(f"{source} ! {encoder}", parser, caps)


def smaller(path, kind):
    """Every other picture of a clip in 640x360, coded anew, one GOP a second. A clip with an odd number of pictures is gone
    through twice, the others the second time, so that the loop is as long as two of its own."""
    demux = "" if path.endswith(".h264") else " ! qtdemux"
    shape = "video/x-raw,format=I420,width=640,height=360"
    player = Gst.parse_launch(
        f'filesrc location="{path}"{demux} ! h264parse ! avdec_h264 ! videoscale ! videoconvert ! {shape} ! appsink name=out sync=false'
    )
    out = player.get_by_name("out")
    player.set_state(Gst.State.PLAYING)
    pictures = []
    while sample := out.emit("pull-sample"):
        buffer = sample.get_buffer()
        pictures.append(buffer.extract_dup(0, buffer.get_size()))
    player.set_state(Gst.State.NULL)
    encoder, parser, caps = {
        "sub": (f"x264enc speed-preset=veryfast tune=zerolatency bframes=0 bitrate=800 key-int-max={SUB_FPS}", "h264parse config-interval=-1", H264),
        "sub265": (f"x265enc speed-preset=superfast key-int-max={SUB_FPS} option-string=bframes=0:crf=24", "h265parse config-interval=-1", H265),
    }[kind]
    with tempfile.NamedTemporaryFile(suffix=".yuv") as raw:
        count = len(pictures)
        for n in range(count if count % 2 else count // 2):
            raw.write(pictures[2 * n % count])
        raw.flush()
        read = f'filesrc location="{raw.name}" ! rawvideoparse format=i420 width=640 height=360 framerate={SUB_FPS}/1'
        return access_units(f"{read} ! {encoder}", parser, caps)


def encoded(width, height, seconds=2):
    """A short closed loop of test pictures as H.264, one GOP a second."""
    caps = f"video/x-raw,format=I420,width={width},height={height},framerate={FPS}/1"
    return access_units(
        f"videotestsrc num-buffers={seconds * FPS} pattern=smpte ! {caps}"
        f" ! x264enc speed-preset=veryfast tune=zerolatency bframes=0 key-int-max={FPS}"
    )


def long_gop(seconds=10):
    """Noise, which fills any bit rate, with one key frame in all that time."""
    caps = f"video/x-raw,format=I420,width=640,height=360,framerate={FPS}/1"
    return access_units(
        f"videotestsrc num-buffers={seconds * FPS} pattern=snow ! {caps}"
        f" ! x264enc speed-preset=ultrafast tune=zerolatency bframes=0 bitrate=2500 key-int-max={seconds * FPS}"
    )


def slices():
    """High profile with CABAC, 8x8 transforms and four slices a picture."""
    caps = f"video/x-raw,format=I420,width=640,height=360,framerate={FPS}/1"
    return access_units(
        f"videotestsrc num-buffers={2 * FPS} pattern=ball ! {caps} ! x264enc speed-preset=veryfast bframes=0"
        f" cabac=true dct8x8=true sliced-threads=true threads=4 option-string=slices=4 key-int-max={FPS}"
        " ! video/x-h264,profile=high"
    )


def h265(seconds=2):
    """Test pictures as H.265, one GOP a second, no B-frames."""
    caps = f"video/x-raw,format=I420,width=640,height=360,framerate={FPS}/1"
    return access_units(
        f"videotestsrc num-buffers={seconds * FPS} pattern=ball ! {caps}"
        f" ! x265enc speed-preset=ultrafast tune=zerolatency key-int-max={FPS}",
        "h265parse config-interval=-1", H265,
    )


def hash_of_slices(unit, codec):
    """The SHA-256 of an access unit's slices: parameter sets and SEI may be put in and left out on the way."""
    kinds = range(32) if codec == "h265" else range(1, 6)
    digest = hashlib.sha256()
    for nal in re.split(b"\0\0\1", unit)[1:]:
        if (nal[0] >> 1 & 63 if codec == "h265" else nal[0] & 31) in kinds:
            digest.update(nal.rstrip(b"\0"))
    return digest.hexdigest()


class Mount:
    """One path of the camera, and how much went out on it."""

    def __init__(self, loops, kind, together=False):
        self.loops = loops
        self.kind = kind
        self.fps = SUB_FPS if kind in ("sub", "sub265") else FPS
        self.together = together
        self.current = 0
        self.sent = 0
        self.clients = 0
        self.running = threading.Event()
        self.running.set()

    def play(self, source, gone):
        """Pushes access units into `source` at their pace until `gone` is set: frame 0 first, then
        round and round with timestamps that go on."""
        position = 0
        playing = self.current
        start = time.monotonic()
        if self.together:
            # The machine's clock says where every loop is.
            loop = self.loops[playing]
            position = int(start * self.fps) + 1
            while not loop[position % len(loop)][1]:
                position += 1
            start, position = position / self.fps, position % len(loop)
            if gone.wait(timeout=max(0, start - time.monotonic())):
                return
        base = self.running_time(source)
        index = 0
        while not gone.is_set():
            if not self.running.is_set():
                paused = time.monotonic()
                self.running.wait(timeout=0.1)
                # The stamp counter stands still with us: the gap is seen in both clocks alike.
                lost = time.monotonic() - paused
                start += lost
                base += int(lost * Gst.SECOND)
                continue
            loop = self.loops[playing]
            if playing != self.current and loop[position][1]:
                playing, position = self.current, 0
                loop = self.loops[playing]
            buffer = Gst.Buffer.new_wrapped(loop[position][0])
            buffer.dts = base + index * Gst.SECOND // self.fps
            buffer.pts = base + (index + loop[position][2]) * Gst.SECOND // self.fps + MOST_PLACES * Gst.SECOND // FPS
            buffer.duration = Gst.SECOND // self.fps
            delay = start + index / self.fps - time.monotonic()
            if delay > 0 and gone.wait(timeout=delay):
                return
            if source.emit("push-buffer", buffer) != Gst.FlowReturn.OK:
                return
            self.sent += 1
            index += 1
            position = (position + 1) % len(loop)

    @staticmethod
    def running_time(source):
        """The pipeline's running time now."""
        clock = source.get_clock()
        return max(0, clock.get_time() - source.get_base_time()) if clock else 0


class LoopFactory(GstRtspServer.RTSPMediaFactory):
    """Makes a media for each client: an appsrc fed by the mount's loop."""

    def __init__(self, mount):
        super().__init__()
        self.mount = mount
        self.set_shared(False)

    def do_create_element(self, _url):
        caps = {"h265": H265, "clip265": H265, "sub265": H265, "clipjpeg": JPEG}.get(self.mount.kind, H264)
        payloader = PAYLOADERS.get(self.mount.kind, PAY)
        return Gst.parse_launch(f"( appsrc name=source is-live=true format=time caps={caps} ! {payloader} )")

    def do_configure(self, media):
        source = media.get_element().get_by_name("source")
        gone = threading.Event()
        media.connect("unprepared", lambda _media: gone.set())
        started = threading.Event()

        def needs_data(_source, _bytes):
            if not started.is_set():
                started.set()
                self.mount.clients += 1
                threading.Thread(target=self.mount.play, args=(source, gone), daemon=True).start()

        source.connect("need-data", needs_data)
        GstRtspServer.RTSPMediaFactory.do_configure(self, media)


def factory(kind, file, mount):
    """The media factory of a mount."""
    if mount:
        return LoopFactory(mount)
    live = GstRtspServer.RTSPMediaFactory()
    live.set_shared(True)
    live.set_launch(f"( {PICTURES} ! {LIVE[kind]} )")
    return live


def credentials(auth, user, password, kind):
    """Asks every client for a name and a password."""
    method = {"digest": GstRtsp.RTSPAuthMethod.DIGEST, "basic": GstRtsp.RTSPAuthMethod.BASIC}[kind]
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth.set_supported_methods(method)
    if kind == "digest":
        auth.add_digest(user, password, token)
    else:
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)


def nameless(auth):
    """Lets everybody in who does not give a name."""
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth.set_default_token(token)


def permissions():
    """What a client that gave its name and password may do."""
    allowed = GstRtspServer.RTSPPermissions()
    for what in ("media.factory.access", "media.factory.construct"):
        allowed.add_permission_for_role("viewer", what, True)
    return allowed


def commands(mounts, loop):
    """Carries out what comes in on standard input, and ends with it."""
    for line in sys.stdin:
        what = json.loads(line)["do"]
        answer = {"done": what}
        if what == "count":
            answer = {"counts": {n: {"sent": m.sent, "clients": m.clients} for n, m in mounts.items()}}
        elif what == "hashes":
            loops = {n: m.loops[0] for n, m in mounts.items()}
            answer = {"hashes": {n: [hash_of_slices(unit, mounts[n].kind) for unit, _, _ in loop] for n, loop in loops.items()}}
        elif what == "stop":
            break
        for mount in mounts.values():
            if what == "pause":
                mount.running.clear()
            elif what == "resume":
                mount.running.set()
            elif what == "switch":
                mount.current = (mount.current + 1) % len(mount.loops)
        say(answer)
    loop.quit()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--user")
    parser.add_argument("--password")
    parser.add_argument("--auth", choices=("digest", "basic"), default="digest")
    parser.add_argument("--tls", metavar="PEM")
    parser.add_argument("--together", action="store_true")
    parser.add_argument("mounts", nargs="+", metavar="NAME=KIND[:FILE]")
    options = parser.parse_args()
    Gst.init(None)

    wanted = [(name, *kind.split(":", 1)) for name, kind in (m.split("=", 1) for m in options.mounts)]
    for element in {"bframes": ["x264enc"], "sizes": ["x264enc"], "longgop": ["x264enc"], "slices": ["x264enc"], "h265": ["x265enc"], "clip265": ["x265enc", "avdec_h264"], "clipb": ["x264enc", "avdec_h264"], "clipmoved": ["x264enc", "avdec_h264", "videobox"], "sub": ["x264enc", "avdec_h264"], "sub265": ["x265enc", "avdec_h264"], "h265bframes": ["x265enc"], "inband": ["x264enc", "capssetter"], "outofband": ["x264enc"], "mjpeg": ["jpegenc"], "mjpeglarge": ["jpegenc"], "clipjpeg": ["jpegenc", "jpegparse", "avdec_h264"], "interlaced": ["x264enc", "capssetter"], "yuv422": ["x264enc"]}.items():
        for _name, kind, *_file in wanted:
            absent = [name for name in element[1] if kind == element[0] and not Gst.ElementFactory.find(name)]
            if absent:
                say({"missing": f"GStreamer has no {absent[0]} here"})
                raise SystemExit(3)

    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(options.port))
    if options.tls and not Gio.TlsBackend.get_default().supports_tls():
        say({"missing": "GLib has no TLS here; install glib-networking"})
        raise SystemExit(3)
    auth = GstRtspServer.RTSPAuth()
    if options.user:
        credentials(auth, options.user, options.password, options.auth)
    else:
        nameless(auth)
    if options.tls:
        auth.set_tls_certificate(Gio.TlsCertificate.new_from_file(options.tls))
    if options.user or options.tls:
        server.set_auth(auth)
    mounts = {}
    clips = {}
    for name, kind, *file in wanted:
        mount = None
        if kind == "clip":
            path = file[0]
            if path not in clips:
                demux = "" if path.endswith(".h264") else " ! qtdemux"
                clips[path] = access_units(f'filesrc location="{path}"{demux}')
            mount = Mount([clips[path]], kind, options.together)
        elif kind in ("sub", "sub265"):
            mount = Mount([smaller(file[0], kind)], kind, options.together)
        elif kind in ("clip265", "clipb", "clipjpeg", "clipmoved"):
            mount = Mount([recoded(file[0], kind)], kind)
        elif kind == "sizes":
            mount = Mount([encoded(1280, 720), encoded(640, 480)], kind)
        elif kind == "longgop":
            mount = Mount([long_gop()], kind)
        elif kind == "slices":
            mount = Mount([slices()], kind)
        elif kind in ("inband", "outofband"):
            mount = Mount([encoded(640, 480)], kind)
        elif kind == "h265":
            mount = Mount([h265()], kind)
        elif kind not in LIVE:
            parser.error(f"{kind} is no kind of mount")
        if mount:
            mounts[name] = mount
        media = factory(kind, file, mount)
        if options.user or options.tls:
            media.set_permissions(permissions())
        server.get_mount_points().add_factory(f"/{name}", media)
    if not server.attach(None):
        raise SystemExit(f"port {options.port} is taken")
    loop = GLib.MainLoop()
    threading.Thread(target=commands, args=(mounts, loop), daemon=True).start()
    say({"port": server.get_bound_port()})
    loop.run()


if __name__ == "__main__":
    main()
