# SPDX-License-Identifier: ISC
"""usage: python_echo.py socketserver|asyncio|uvloop tcp|udp

Echo as Python makes it; prints its port."""
import asyncio
import socketserver
import sys

READ_SIZE = 65536


class StreamHandler(socketserver.BaseRequestHandler):
    """A connection, in a thread of its own."""

    def handle(self):
        while data := self.request.recv(READ_SIZE):
            self.request.sendall(data)


class DatagramHandler(socketserver.BaseRequestHandler):
    """One datagram."""

    def handle(self):
        data, sock = self.request
        sock.sendto(data, self.client_address)


class ThreadingServer(socketserver.ThreadingTCPServer):
    """With a backlog for a benchmark's many connections."""
    request_queue_size = 1024
    daemon_threads = True


class Echo(asyncio.Protocol, asyncio.DatagramProtocol):
    """Either of them."""

    def connection_made(self, transport):
        self.transport = transport  # pylint: disable=W0201

    def data_received(self, data):
        self.transport.write(data)

    def datagram_received(self, data, addr):
        self.transport.sendto(data, addr)


def serve_socketserver(transport):
    """For ever."""
    kind, handler = ((ThreadingServer, StreamHandler) if transport == "tcp"
                     else (socketserver.UDPServer, DatagramHandler))
    with kind(("127.0.0.1", 0), handler) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()


async def serve_asyncio(transport):
    """For ever."""
    loop = asyncio.get_running_loop()
    if transport == "tcp":
        server = await loop.create_server(Echo, "127.0.0.1", 0, backlog=1024)
        name = server.sockets[0].getsockname()
    else:
        server, _ = await loop.create_datagram_endpoint(
            Echo, local_addr=("127.0.0.1", 0))
        name = server.get_extra_info("sockname")
    print(name[1], flush=True)
    await loop.create_future()


def main(kind, transport):
    """One of three ways."""
    if kind == "socketserver":
        serve_socketserver(transport)
        return
    if kind == "uvloop":
        import uvloop  # pylint: disable=import-outside-toplevel
        uvloop.install()
    asyncio.run(serve_asyncio(transport))


if __name__ == "__main__":
    main(*sys.argv[1:])
