"""Many datagrams a second at little cost: prepared beforehand, sent by sendmmsg from a process of its own.

Run as a program it reads a pickled order from standard input and prints what it sent and what was answered.
"""
import collections
import ctypes
import errno
import json
import pickle
import re
import socket
import struct
import subprocess
import sys
import time

TICK = 0.005
STATUS = re.compile(rb"SIP/2\.0 (\d{3})")


class Blaster:
    """Sends `messages` (bytes) in turn from `sources` (addresses) at `rate` a second; each once unless `seconds` say how long."""

    def __init__(self, target, messages, sources, rate, seconds=None):
        order = {"target": target, "messages": messages, "sources": sources, "rate": rate, "seconds": seconds}
        self._process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._process.stdin.write(pickle.dumps(order))
        self._process.stdin.close()

    def wait(self, seconds=120):
        """{"sent", "seconds", "answers": {status: count}, "answered_after_s": the last answer's time}."""
        self._process.stdin = None
        output, _ = self._process.communicate(timeout=seconds)
        assert self._process.returncode == 0, "the blaster failed"
        return json.loads(output)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


class IOVector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


class MessageHeader(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("name_length", ctypes.c_uint32), ("vectors", ctypes.POINTER(IOVector)),
                ("vector_count", ctypes.c_size_t), ("control", ctypes.c_void_p), ("control_length", ctypes.c_size_t),
                ("flags", ctypes.c_int), ("padding", ctypes.c_uint32), ("sent", ctypes.c_uint32)]


def prepare(messages, target):
    """An array for sendmmsg, and what it points at."""
    host, port = target
    name = ctypes.create_string_buffer(struct.pack("=HH4s8x", socket.AF_INET, socket.htons(port), socket.inet_aton(host)), 16)
    buffer = ctypes.create_string_buffer(b"".join(messages))
    base, offset = ctypes.addressof(buffer), 0
    vectors, headers = (IOVector * len(messages))(), (MessageHeader * len(messages))()
    for index, message in enumerate(messages):
        vectors[index] = IOVector(base + offset, len(message))
        offset += len(message)
        headers[index].name = ctypes.addressof(name)
        headers[index].name_length = 16
        headers[index].vectors = ctypes.pointer(vectors[index])
        headers[index].vector_count = 1
    return headers, (name, buffer, vectors)


def drain(sockets, answers):
    count = 0
    for one in sockets:
        while True:
            try:
                data = one.recv(4096)
            except (BlockingIOError, ConnectionRefusedError):
                break
            match = STATUS.match(data)
            answers[match.group(1).decode() if match else "request"] += 1
            count += 1
    return count


def main():
    order = pickle.loads(sys.stdin.buffer.read())
    library = ctypes.CDLL(None, use_errno=True)
    sockets = []
    for source in order["sources"]:
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        one.bind((source, 0))
        one.setblocking(False)
        sockets.append(one)
    headers, _kept = prepare(order["messages"], order["target"])
    total = len(headers)
    limit = int(order["rate"] * order["seconds"]) if order["seconds"] else total
    answers, sent, position, turn, last = collections.Counter(), 0, 0, 0, 0.0
    began = time.monotonic()
    while sent < limit:
        due = min(int((time.monotonic() - began) * order["rate"]) + 1, limit)
        while sent < due:
            count = min(due - sent, total - position, 64)
            done = library.sendmmsg(sockets[turn % len(sockets)].fileno(), ctypes.byref(headers, position * ctypes.sizeof(MessageHeader)), count, 0)
            turn += 1
            if done <= 0:
                assert ctypes.get_errno() in (errno.EAGAIN, errno.ENOBUFS, errno.ECONNREFUSED, errno.EINTR), ctypes.get_errno()
                break
            sent += done
            position = (position + done) % total
        if drain(sockets, answers):
            last = time.monotonic() - began
        time.sleep(TICK)
    spent = time.monotonic() - began
    for _ in range(60):
        time.sleep(TICK)
        if drain(sockets, answers):
            last = time.monotonic() - began
    print(json.dumps({"sent": sent, "seconds": round(spent, 2), "answers": answers, "answered_after_s": round(last, 2)}))


if __name__ == "__main__":
    main()
