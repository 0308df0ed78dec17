#!/usr/bin/python3
"""Watches a WHEP endpoint with GStreamer's webrtcbin: gstreamer_client.py URL FRAMES [H264|H265] [options]

Says {"frames": N, "key": whether the first was a key frame, "hashes": of each access unit the SHA-256 of its
slices, "offer": what was posted} as JSON once that many access units came, and ends with status 1 when they do
not come within 30 s. Offers H.264, or H.265 and nothing else.

Without options the offer is as webrtcbin writes it by itself: with a certificate of an RSA key, without a BUNDLE
group. --ecdsa hands it a certificate of the kind that every WebRTC client has to speak (RFC 8827 section 6.5);
--bundle POLICY sets its bundle-policy; --fields FIELDS are the fields of its caps behind the clock rate, in place
of those that name a packetization mode; --audio offers an audio section before the video.
"""

import argparse
import hashlib
import json
import re
import ssl
import subprocess
import sys
import urllib.request

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

arguments = argparse.ArgumentParser()
arguments.add_argument("url")
arguments.add_argument("frames", type=int)
arguments.add_argument("codec", nargs="?", default="H264", choices=["H264", "H265"])
arguments.add_argument("--ecdsa", action="store_true")
arguments.add_argument("--bundle", default="none")
arguments.add_argument("--fields")
arguments.add_argument("--audio", action="store_true")
given = arguments.parse_args()
url, wanted, codec = given.url, given.frames, given.codec

if given.ecdsa:
    KEY = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=webrtc -keyout - -out -"
    PEM = subprocess.run(KEY.split(), check=True, capture_output=True, text=True).stdout
    CERTIFICATE = re.search("-----BEGIN CERTIFICATE-----.*-----END CERTIFICATE-----", PEM, re.DOTALL)[0]
    DIGEST = hashlib.sha256(ssl.PEM_cert_to_DER_cert(CERTIFICATE)).digest()
    FINGERPRINT = ":".join(f"{byte:02X}" for byte in DIGEST)

Gst.init(None)
loop = GLib.MainLoop()
outcome = {"frames": 0, "key": None, "hashes": [], "offer": None}

pipeline = Gst.Pipeline.new(None)
peer = Gst.ElementFactory.make("webrtcbin", "peer")
peer.set_property("bundle-policy", given.bundle)
pipeline.add(peer)


def on_element(_bin, _sub_bin, element):
    if given.ecdsa and element.get_factory() and element.get_factory().get_name() == "dtlsdec":
        element.set_property("pem", PEM)


def hash_of_slices(unit):
    """The SHA-256 of an access unit's slices, without their start codes."""
    kinds = range(32) if codec == "H265" else range(1, 6)
    digest = hashlib.sha256()
    for nal in re.split(b"\0\0\1", unit)[1:]:
        if (nal[0] >> 1 & 63 if codec == "H265" else nal[0] & 31) in kinds:
            digest.update(nal.rstrip(b"\0"))
    return digest.hexdigest()


def on_access_unit(_sink, buffer, _pad):
    if outcome["key"] is None:
        outcome["key"] = not buffer.has_flags(Gst.BufferFlags.DELTA_UNIT)
    outcome["frames"] += 1
    outcome["hashes"].append(hash_of_slices(buffer.extract_dup(0, buffer.get_size())))
    if outcome["frames"] == wanted:
        GLib.idle_add(loop.quit)


def on_pad(_peer, pad):
    name = codec.lower()
    description = (
        f"rtp{name}depay ! {name}parse ! video/x-{name},stream-format=byte-stream,alignment=au"
        " ! fakesink name=out signal-handoffs=true sync=false"
    )
    receiver = Gst.parse_bin_from_description(description, True)
    receiver.get_by_name("out").connect("handoff", on_access_unit)
    pipeline.add(receiver)
    receiver.sync_state_with_parent()
    pad.link(receiver.get_static_pad("sink"))


def on_gathered(*_):
    if peer.get_property("ice-gathering-state") != GstWebRTC.WebRTCICEGatheringState.COMPLETE or outcome["offer"]:
        return
    offer = peer.get_property("local-description").sdp.as_text()
    if given.ecdsa:
        # It was written before the certificate was put in.
        offer = re.sub(r"a=fingerprint:\S+ \S+", f"a=fingerprint:sha-256 {FINGERPRINT}", offer)
    outcome["offer"] = offer
    request = urllib.request.Request(url, offer.encode(), {"Content-Type": "application/sdp"}, method="POST")
    with urllib.request.urlopen(request, timeout=10) as response:
        _, answer = GstSdp.SDPMessage.new_from_text(response.read().decode())
    description = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, answer)
    peer.emit("set-remote-description", description, Gst.Promise.new())


def on_offer(promise, _):
    # The offer belongs to the reply, which has to outlive it.
    reply = promise.get_reply()
    text = reply.get_value("offer").sdp.as_text()
    _, message = GstSdp.SDPMessage.new_from_text(text)
    offer = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.OFFER, message)
    peer.emit("set-local-description", offer, Gst.Promise.new())


peer.connect("deep-element-added", on_element)
peer.connect("pad-added", on_pad)
peer.connect("notify::ice-gathering-state", lambda *_: GLib.idle_add(on_gathered))
FIELDS = {
    "H264": "packetization-mode=(string)1",
    # As Chromium writes it; the server has to leave out what it does not know.
    "H265": "level-id=(string)180,profile-id=(string)1,tier-flag=(string)0,tx-mode=(string)SRST",
}
fields = FIELDS[codec] if given.fields is None else given.fields
caps = f"application/x-rtp,media=video,encoding-name={codec},payload=102,clock-rate=90000"
RECVONLY = GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY
if given.audio:
    opus = Gst.caps_from_string("application/x-rtp,media=audio,encoding-name=OPUS,payload=96,clock-rate=48000")
    peer.emit("add-transceiver", RECVONLY, opus)
peer.emit("add-transceiver", RECVONLY, Gst.caps_from_string(f"{caps},{fields}" if fields else caps))
pipeline.set_state(Gst.State.PLAYING)
peer.emit("create-offer", None, Gst.Promise.new_with_change_func(on_offer, None))
GLib.timeout_add_seconds(30, loop.quit)
loop.run()
pipeline.set_state(Gst.State.NULL)
print(json.dumps(outcome))
sys.exit(0 if outcome["frames"] >= wanted else 1)
