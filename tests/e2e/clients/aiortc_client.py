"""Watches a WHEP endpoint with aiortc, which decodes: aiortc_client.py URL FRAMES

Says {"frames": N, "size": [width, height]} as JSON once that many pictures were decoded, and ends with
status 1 when they are not within 30 s. Needs the packages in requirements.txt beside this file.
"""

import asyncio
import json
import sys
import urllib.request

from aiortc import RTCPeerConnection, RTCSessionDescription


def post(url, offer):
    request = urllib.request.Request(url, offer.encode(), {"Content-Type": "application/sdp"}, method="POST")
    with urllib.request.urlopen(request, timeout=10) as response:
        return response.read().decode()


async def watch(url, wanted):
    peer = RTCPeerConnection()
    tracks = asyncio.Queue()
    peer.on("track", tracks.put_nowait)
    peer.addTransceiver("video", direction="recvonly")
    await peer.setLocalDescription(await peer.createOffer())
    answer = await asyncio.to_thread(post, url, peer.localDescription.sdp)
    await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    track, frames, size = await tracks.get(), 0, None
    while frames < wanted:
        frame = await track.recv()
        frames, size = frames + 1, [frame.width, frame.height]
    await peer.close()
    print(json.dumps({"frames": frames, "size": size}))


try:
    asyncio.run(asyncio.wait_for(watch(sys.argv[1], int(sys.argv[2])), 30))
except asyncio.TimeoutError:
    sys.exit(1)
