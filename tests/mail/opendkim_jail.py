"""Asks opendkim-testmsg about messages, in namespaces of its own where all of DNS is one TXT record.

OpenDKIM's tool looks keys up in the real DNS and has no option to read them from elsewhere. So this
runs as `unshare --mount --net python opendkim_jail.py RECORD`: a private /etc/resolv.conf points at a
tiny server here. Messages come as length-prefixed bytes; each answer is one line, empty when verified.
"""

import fcntl
import socket
import struct
import subprocess
import sys
import tempfile
import threading

import dns.message
import dns.rdatatype
import dns.rrset


def main() -> None:
    record = sys.argv[1]
    bring_loopback_up()
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as resolver:
        resolver.write("nameserver 127.0.0.1\n")
        resolver.flush()
        subprocess.run(["mount", "--bind", resolver.name, "/etc/resolv.conf"], check=True)
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(("127.0.0.1", 53))
        threading.Thread(target=answer, args=(server, record), daemon=True).start()
        print("ready", flush=True)
        while size := sys.stdin.buffer.read(4):
            verify(sys.stdin.buffer.read(struct.unpack(">I", size)[0]))


def verify(message: bytes) -> None:
    done = subprocess.run(["opendkim-testmsg"], input=message, capture_output=True, timeout=30)
    said = " ".join((done.stdout + done.stderr).decode(errors="replace").split())
    print(said or ("" if done.returncode == 0 else f"exit code {done.returncode}"), flush=True)


def answer(server: socket.socket, record: str) -> None:
    pieces = " ".join(f'"{record[at : at + 250]}"' for at in range(0, len(record), 250))
    while True:
        raw, client = server.recvfrom(4096)
        query = dns.message.from_wire(raw)
        reply = dns.message.make_response(query)
        name = query.question[0].name
        if query.question[0].rdtype == dns.rdatatype.TXT:
            reply.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", pieces))
        server.sendto(reply.to_wire(), client)


def bring_loopback_up() -> None:
    """What `ip link set lo up` does, without needing iproute2."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14s", b"lo", 0x41, b""))  # SIOCSIFFLAGS, UP|RUNNING


if __name__ == "__main__":
    main()
