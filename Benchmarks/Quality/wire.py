"""RTP in real time: many impaired streams sent on schedule by one process of real-time priority, all that comes back kept with the kernel's times."""
import gc
import heapq
import multiprocessing
import os
import selectors
import socket
import struct
import threading
import time

import numpy

from streams import companded  # noqa: F401  (puts the test kit on the path)
from kit import audio
from kit.rtp import Packet

# Linux: a datagram's arrival in nanoseconds of the real-time clock.
SO_TIMESTAMPNS = 35


def real_time(priority=50):
    """SCHED_FIFO where it is allowed; whether it was."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
        return True
    except PermissionError:
        return False


class QuietStream:
    """In the place of the kit's RTPStream: sends nothing by itself."""

    receiver = None

    def __init__(self, host="127.0.0.1", law="PCMU", events=101):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.bind((host, 0))
        self.socket.setblocking(False)
        self.port = self.socket.getsockname()[1]
        self.law, self.events_type, self.remote = law, events, None
        self.packets = []
        QuietStream.receiver.add(self)

    def play(self, samples):
        raise NotImplementedError("streams are sent on schedule")

    def send_to(self, host, port):
        self.remote = (host, port)

    def pause(self):
        self.remote = None

    def close(self):
        QuietStream.receiver.remove(self)
        self.socket.close()

    def audio_packets(self):
        return [packet for packet in list(self.packets) if packet.kind in (0, 8)]

    def heard(self, since=0.0):
        """(samples by time stamp, when the first of them came, per packet: ms that it came after the one that came soonest)."""
        packets = [packet for packet in self.audio_packets() if packet.arrival >= since]
        if not packets:
            return numpy.zeros(0, numpy.int16), 0.0, []
        first = packets[0].timestamp
        places = [((packet.timestamp - first + 0x80000000) & 0xFFFFFFFF) - 0x80000000 for packet in packets]
        samples = numpy.zeros(max(place + len(packet.payload) for place, packet in zip(places, packets)), numpy.int16)
        for place, packet in zip(places, packets):
            if place >= 0:
                samples[place:place + len(packet.payload)] = audio.decode(packet.payload, "PCMU" if packet.kind == 0 else "PCMA")
        bases = [packet.arrival - place / 8000 for place, packet in zip(places, packets)]
        return samples, min(bases), [(base - min(bases)) * 1000 for base in bases]


class Receiver:
    """One thread for all sockets."""

    def __init__(self):
        self._selector = selectors.DefaultSelector()
        self._lock = threading.Lock()
        self._closed = False
        # The kernel stamps in real time, everything else here is monotonic.
        self._offset = time.monotonic() - time.time()
        threading.Thread(target=self._run, daemon=True).start()

    def add(self, stream):
        with self._lock:
            self._selector.register(stream.socket, selectors.EVENT_READ, stream)

    def remove(self, stream):
        with self._lock:
            try:
                self._selector.unregister(stream.socket)
            except (KeyError, ValueError):
                pass

    def _run(self):
        while not self._closed:
            for key, _ in self._selector.select(0.05):
                self._drain(key.data)

    def _drain(self, stream):
        for _ in range(64):
            try:
                data, extra, _, source = stream.socket.recvmsg(2048, 64)
            except (BlockingIOError, OSError):
                return
            arrival = time.monotonic()
            for level, kind, value in extra:
                if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                    seconds, nanoseconds = struct.unpack("qq", value[:16])
                    arrival = seconds + nanoseconds / 1e9 + self._offset
            if len(data) >= 12 and data[0] >> 6 == 2 and not 72 <= data[1] & 0x7F <= 76:
                _, kind, sequence, timestamp, _ = struct.unpack("!BBHII", data[:12])
                stream.packets.append(Packet(arrival, sequence, timestamp, bool(kind & 0x80), kind & 0x7F, data[12:], source))

    def close(self):
        self._closed = True


class Outgoing:
    """What is to be sent: packets of many streams, each at its time."""

    def __init__(self):
        self.rows = []          # (monotonic s, socket, address, datagram)

    def stream(self, stream, samples, rows, start, source_id, law="PCMU", payload_type=None):
        """`rows`: (packet, ms after `start`). The marker is on the first packet sent."""
        coded = audio.encode(samples, law).tobytes()
        kind = {"PCMU": 0, "PCMA": 8}[law] if payload_type is None else payload_type
        base = source_id * 2_654_435_761
        first = rows[0][0] if rows else 0
        for packet, milliseconds in rows:
            payload = coded[packet * 160:packet * 160 + 160]
            if len(payload) < 160:
                continue
            header = struct.pack("!BBHII", 0x80, kind | (0x80 if packet == first else 0), (base + packet) & 0xFFFF,
                                 (base + packet * 160) & 0xFFFFFFFF, source_id & 0xFFFFFFFF)
            self.rows.append((start + milliseconds / 1000, stream.socket, stream.remote, header + payload))

    def raw(self, stream, rows):
        """`rows`: (monotonic s, datagram)."""
        self.rows += [(at, stream.socket, stream.remote, data) for at, data in rows]

    def send(self):
        """Starts a process that sends all; `wait` on what this returns gives how late it was."""
        self.rows.sort(key=lambda row: row[0])
        return Sending(self.rows)


class Sending:
    def __init__(self, rows):
        context = multiprocessing.get_context("fork")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=self._run, args=(rows, theirs), daemon=True)
        self._process.start()
        theirs.close()

    @staticmethod
    def _run(rows, pipe):
        gc.disable()
        is_real_time = real_time(40)
        late, failed = [], 0
        for due, outlet, address, data in rows:
            pause = due - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            try:
                outlet.sendto(data, address)
            except OSError:
                failed += 1
            late.append(time.monotonic() - due)
        late = sorted(late) or [0.0]
        pipe.send({"packets": len(rows), "failed": failed, "real_time": is_real_time,
                   "late_ms": {"p50": late[len(late) // 2] * 1e3, "p99": late[int(len(late) * 0.99)] * 1e3, "max": late[-1] * 1e3}})
        pipe.close()

    def wait(self):
        result = self._ours.recv()
        self._process.join()
        return result


def merge(*streams):
    """Rows of several schedules, in order of time."""
    return list(heapq.merge(*streams, key=lambda row: row[0]))
