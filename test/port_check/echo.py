#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The peer that a check of a transport wants: echo.py COMMAND...

Listens on 127.0.0.1: over TCP it sends back what comes, and closes behind a
byte 0x04; over UDP it sends back each datagram. Runs COMMAND with the name of
the host and three ports behind it (TCP, UDP, and one where nobody listens),
and ends with it and its exit code.
"""
import socket
import subprocess
import sys
import threading


def serve(connection):
    with connection:
        while True:
            data = connection.recv(4096)
            if not data:
                return
            connection.sendall(data)
            if b"\x04" in data:
                return


def accept(listener):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


def reflect(udp):
    while True:
        data, peer = udp.recvfrom(65535)
        udp.sendto(data, peer)


def bound(kind):
    one = socket.socket(socket.AF_INET, kind)
    one.bind(("127.0.0.1", 0))
    return one, str(one.getsockname()[1])


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: echo.py COMMAND...")
    listener, tcp_port = bound(socket.SOCK_STREAM)
    listener.listen(64)
    udp, udp_port = bound(socket.SOCK_DGRAM)
    # Bound, so that nobody else gets it, and not listening.
    _closed, closed_port = bound(socket.SOCK_STREAM)
    for target, what in ((accept, listener), (reflect, udp)):
        threading.Thread(target=target, args=(what,), daemon=True).start()
    done = subprocess.run([*sys.argv[1:], "localhost", tcp_port, udp_port,
                           closed_port], timeout=120, check=False)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
