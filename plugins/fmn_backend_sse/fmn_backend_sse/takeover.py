"""A connection changes hands once its headers are out: from aiohttp, which is made for requests, to a stream.

All that aiohttp holds for a request (its headers as bytes and as text, parser, tasks) weighs more than ten kilobytes,
and is of no use to a stream that may stay open for days.
"""

from __future__ import annotations

import asyncio

from aiohttp import web


async def take_over(request: web.Request, transport: asyncio.Transport, protocol: asyncio.Protocol) -> None:
    """Give a connection to another protocol. aiohttp is told that it is lost, and cancels the handler that calls this.

    :raises asyncio.CancelledError: always
    """
    before = request.protocol
    transport.set_protocol(protocol)
    transport.resume_reading()  # else nobody would notice that the client leaves
    before.transport = None  # so that it is not closed
    before.connection_lost(None)
    await asyncio.get_running_loop().create_future()
