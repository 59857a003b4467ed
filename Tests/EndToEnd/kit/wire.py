"""What passes over the loopback interface in UDP and TCP, as anybody on the way would see it. Needs root."""
import socket
import struct
import threading

ETH_P_IP = 0x0800


def may_listen():
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP)).close()
        return True
    except (OSError, AttributeError):
        return False


class Wire:
    """Keeps UDP payloads by destination port and looks for forbidden words in everything, until `stop`."""

    def __init__(self, forbidden=()):
        self.forbidden = [word.lower() for word in forbidden]
        self.found = []
        self.packets = 0
        self.datagrams = {}
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 20)
        self._socket.bind(("lo", ETH_P_IP))
        self._socket.settimeout(0.2)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        while not self._stopping.is_set():
            try:
                packet, address = self._socket.recvfrom(65536)
            except TimeoutError:
                continue
            # Loopback shows each packet twice: as it goes and as it comes.
            if address[2] != socket.PACKET_OUTGOING:
                self._take(packet)

    def _take(self, packet):
        start = (packet[0] & 15) * 4
        self.packets += 1
        if packet[9] == socket.IPPROTO_UDP:
            payload = packet[start + 8:]
            self.datagrams.setdefault(struct.unpack("!H", packet[start + 2:start + 4])[0], []).append(payload)
        elif packet[9] == socket.IPPROTO_TCP:
            payload = packet[start + (packet[start + 12] >> 4) * 4:]
        else:
            return
        lower = payload.lower()
        for word in self.forbidden:
            if word in lower:
                self.found.append((word, payload[:2000]))

    def to_port(self, port):
        return list(self.datagrams.get(port, []))

    def stop(self):
        self._stopping.set()
        self._thread.join(2)
        self._socket.close()
        return self
