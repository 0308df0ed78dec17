"""Hands an offer to a server with the client of Home Assistant's RTSPtoWebRTC integration.

Reads {"server": URL, "camera": RTSP URL, "offer": SDP} as JSON from standard input. Says {"client": NAME,
"answer": SDP}, where NAME is the kind of server that the client took it for, or {"error": MESSAGE}, as Home
Assistant would log it. Needs the packages in requirements.txt beside this file.
"""

import asyncio
import json
import sys

import aiohttp
from rtsp_to_webrtc.client import get_adaptive_client
from rtsp_to_webrtc.exceptions import ClientError


async def watch(server, camera, offer):
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        try:
            client = await get_adaptive_client(session, server)
            answer = await client.offer_stream_id("any", offer, camera)
        except ClientError as error:
            return {"error": str(error)}
    return {"client": type(client).__name__, "answer": answer}


print(json.dumps(asyncio.run(watch(**json.load(sys.stdin)))))
