"""A STUN server: says where a binding request came from (RFC 8489), and nothing else."""
import socket
import struct
import threading

COOKIE = 0x2112A442


class STUNServer:
    def __init__(self, host="127.0.0.1", port=0):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, port))
        self.socket.settimeout(0.1)
        self.port = self.socket.getsockname()[1]
        self.seen = []
        self._closed = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while not self._closed:
            try:
                data, source = self.socket.recvfrom(2048)
            except socket.timeout:
                continue
            except OSError:
                return
            if len(data) < 20 or struct.unpack("!HHI", data[:8])[0::2] != (1, COOKIE):
                continue
            self.seen.append(source)
            address = struct.unpack("!I", socket.inet_aton(source[0]))[0] ^ COOKIE
            value = struct.pack("!BBHI", 0, 1, source[1] ^ (COOKIE >> 16), address)
            attribute = struct.pack("!HH", 0x0020, len(value)) + value
            self.socket.sendto(struct.pack("!HHI", 0x0101, len(attribute), COOKIE) + data[8:20] + attribute, source)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._closed = True
        self.socket.close()
        self._thread.join(2)
