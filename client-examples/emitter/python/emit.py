"""Emits to Classwire's clients through Redis, with Python's standard library only.

The Socket.IO Redis emitter protocol is a PUBLISH of MessagePack; this file writes as much of both as that needs.

Usage: REDIS_URL=redis://127.0.0.1:6379 python3 emit.py <namespace> <room> <event> <payload as JSON>

    python3 emit.py /channels user:123 system '{"message": "Hello from Python", "level": "info", "code": 0}'
"""

import json
import os
import socket
import struct
import sys
from urllib.parse import unquote, urlsplit


def emit(redis, namespace, room, event, payload):
    """Publishes one event to one room of one namespace; returns how many nodes heard it.

    The message is [sender, packet, options]; the packet's type 2 is EVENT. An empty room is the whole namespace.
    """
    channel = f"socket.io#{namespace}#" + (f"{room}#" if room else "")
    packet = {"type": 2, "data": [event, payload], "nsp": namespace}
    options = {"rooms": [room] if room else [], "except": [], "flags": {}}
    return command(redis, "PUBLISH", channel, pack(["emitter", packet, options]))


# ---- MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md), for what JSON can say


def pack(value):
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):  # before int, of which it is one in Python
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return struct.pack(">b", value) if -32 <= value <= 127 else b"\xd3" + struct.pack(">q", value)
    if isinstance(value, float):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, str):
        text = value.encode()
        return head(len(text), 0xA0, 31, 0xD9, 0xDA, 0xDB) + text
    if isinstance(value, list):
        return head(len(value), 0x90, 15, None, 0xDC, 0xDD) + b"".join(map(pack, value))
    if isinstance(value, dict):
        items = b"".join(pack(key) + pack(item) for key, item in value.items())
        return head(len(value), 0x80, 15, None, 0xDE, 0xDF) + items
    raise TypeError(f"not JSON: {type(value).__name__}")


def head(length, short, most, eight, sixteen, thirty_two):
    """A type with its length: in one byte up to `most`, else behind a byte for 8, 16 or 32 bits of length."""
    if length <= most:
        return bytes([short | length])
    if eight is not None and length <= 0xFF:
        return bytes([eight, length])
    if length <= 0xFFFF:
        return bytes([sixteen]) + struct.pack(">H", length)
    return bytes([thirty_two]) + struct.pack(">I", length)


# ---- RESP (https://redis.io/docs/latest/develop/reference/protocol-spec/), for commands with one-line answers


def connect(address):
    parts = urlsplit(address)
    redis = socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 6379), timeout=5)
    if parts.password:
        name = [unquote(parts.username)] if parts.username else []
        command(redis, "AUTH", *name, unquote(parts.password))
    return redis


def command(redis, *words):
    """Sends an array of bulk strings and reads a one-line answer: +text, :number or -error."""
    request = [b"*%d\r\n" % len(words)]
    for word in words:
        data = word if isinstance(word, bytes) else word.encode()
        request.append(b"$%d\r\n%s\r\n" % (len(data), data))
    redis.sendall(b"".join(request))
    line = redis.makefile("rb").readline().rstrip(b"\r\n")
    if line.startswith(b":"):
        return int(line[1:])
    if line.startswith(b"-") or not line:
        raise ConnectionError(line[1:].decode() or "Redis closed the connection")
    return None


def main():
    if len(sys.argv) != 5:
        sys.exit("usage: python3 emit.py <namespace> <room> <event> <payload as JSON>")
    namespace, room, event, payload = sys.argv[1:]
    try:
        with connect(os.environ.get("REDIS_URL") or "redis://127.0.0.1:6379") as redis:
            nodes = emit(redis, namespace, room, event, json.loads(payload))
    except (OSError, ValueError) as error:
        sys.exit(f"{type(error).__name__}: {error}")
    print(f"{event} went to {nodes} node(s)")


if __name__ == "__main__":
    main()
