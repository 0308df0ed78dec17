#!/usr/bin/env python3
"""What stands beside razz while it is soaked: a way into its TLS for a client that has none, and someone
who takes webhooks and traces and refuses one in ten.

Prints the port of the second, reads `HOST:PORT CA_FILE` of razz as a line, prints the port of the first,
and serves until it is killed.
"""

import asyncio
import ssl
import sys


async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except (ConnectionError, ssl.SSLError):
        pass
    finally:
        writer.close()


def forward(host, port, context):
    async def connected(reader, writer):
        try:
            to_reader, to_writer = await asyncio.open_connection(host, port, ssl=context)
        except (ConnectionError, ssl.SSLError):
            writer.close()
            return
        await asyncio.gather(pump(reader, to_writer), pump(to_reader, writer))

    return connected


async def take(reader, writer):
    """Answers every request of a connection; one in ten is told to come again."""
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = 0
            for line in head.decode("latin1").split("\r\n"):
                name, _, value = line.partition(":")
                if name.lower() == "content-length":
                    length = int(value)
            await reader.readexactly(length)
            take.count += 1
            status = "503 Later" if take.count % 10 == 0 else "200 OK"
            writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


take.count = 0


async def main():
    taker = await asyncio.start_server(take, "127.0.0.1", 0)
    print(taker.sockets[0].getsockname()[1], flush=True)
    target, ca = (await asyncio.to_thread(sys.stdin.readline)).split()
    host, port = target.rsplit(":", 1)
    context = ssl.create_default_context(cafile=ca)
    plain = await asyncio.start_server(forward(host, int(port), context), "127.0.0.1", 0)
    print(plain.sockets[0].getsockname()[1], flush=True)
    await asyncio.gather(plain.serve_forever(), taker.serve_forever())


asyncio.run(main())
