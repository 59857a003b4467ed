"""A name server over UDP and TCP on one port of loopback, with a zone of the test's own."""
import socket
import struct
import threading

A, SRV, NAPTR, SOA = 1, 33, 35, 6


def _wire(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


def address(host):
    return A, socket.inet_aton(host)


def service(priority, weight, port, target):
    return SRV, struct.pack("!HHH", priority, weight, port) + _wire(target)


def pointer(order, preference, flags, kind, replacement):
    strings = b"".join(bytes([len(text)]) + text.encode() for text in (flags, kind, ""))
    return NAPTR, struct.pack("!HH", order, preference) + strings + _wire(replacement)


class NameServer:
    """`zone` maps names to records; what is not in it does not exist. `truncates`: over UDP every answer says that there is more."""

    def __init__(self, zone, truncates=False):
        self.zone = zone
        self.truncates = truncates
        self.asked = []
        self._closed = False
        self._stream = socket.create_server(("127.0.0.1", 0))
        self.port = self._stream.getsockname()[1]
        self._datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._datagram.bind(("127.0.0.1", self.port))
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._serve_datagrams, self._serve_streams)]
        for thread in self._threads:
            thread.start()

    def _answer(self, query, transport):
        end = 12
        labels = []
        while query[end]:
            labels.append(query[end + 1:end + 1 + query[end]].decode().lower())
            end += 1 + query[end]
        kind = struct.unpack("!H", query[end + 1:end + 3])[0]
        name = ".".join(labels)
        self.asked.append((transport, name, kind))
        records = [data for record, data in self.zone.get(name, []) if record == kind]
        exists = any(known == name or known.endswith("." + name) for known in self.zone)
        is_cut = self.truncates and transport == "udp"
        flags = 0x8180 | (0x0200 if is_cut else 0) | (0 if exists else 3)
        body = b"".join(_wire(name) + struct.pack("!HHIH", kind, 1, 30, len(data)) + data for data in ([] if is_cut else records))
        return query[:2] + struct.pack("!HHHHH", flags, 1, 0 if is_cut else len(records), 0, 0) + query[12:end + 5] + body

    def _serve_datagrams(self):
        while not self._closed:
            try:
                query, source = self._datagram.recvfrom(4096)
                self._datagram.sendto(self._answer(query, "udp"), source)
            except OSError:
                return

    def _serve_streams(self):
        while not self._closed:
            try:
                connection, _ = self._stream.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                length = struct.unpack("!H", connection.recv(2, socket.MSG_WAITALL))[0]
                answer = self._answer(connection.recv(length, socket.MSG_WAITALL), "tcp")
                connection.sendall(struct.pack("!H", len(answer)) + answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._closed = True
        self._stream.close()
        self._datagram.close()
