"""What attackers send: requests from addresses of their own, guesses, floods, slow and torn connections, stray RTP."""
import re
import secrets
import socket
import struct
import time

from . import sip


def raw(method, gateway, host, user="100", name="attacker", headers=(), body=b"", sequence=1, port=5060):
    """A request as bytes; each has a Call-ID, tag and branch of its own."""
    address = f"{gateway[0]}:{gateway[1]}"
    uri = f"sip:{address}" if method == "REGISTER" else f"sip:{user}@{address}"
    lines = [("Via", f"SIP/2.0/UDP {host}:{port};branch={sip.new_branch()};rport"), ("Max-Forwards", "70"),
             ("From", f"<sip:{name}@{address}>;tag={secrets.token_hex(4)}"), ("To", f"<sip:{name if method == 'REGISTER' else user}@{address}>"),
             ("Call-ID", secrets.token_hex(8)), ("CSeq", f"{sequence} {method}"), ("Contact", f"<sip:{name}@{host}:{port}>"), *headers]
    return sip.Message(f"{method} {uri} SIP/2.0", lines, body).bytes()


def ask(gateway, host, message, seconds=2.0):
    """The answer to one datagram from `host`, or None."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind((host, 0))
        one.settimeout(seconds)
        one.sendto(message, gateway)
        try:
            return sip.Message.parse(one.recv(65536))
        except socket.timeout:
            return None


def challenge(gateway, host):
    """A challenge that the gateway gave to `host`."""
    answer = ask(gateway, host, raw("REGISTER", gateway, host))
    assert answer is not None and answer.status == 401, answer
    return answer.get("WWW-Authenticate")


def guess(gateway, host, given, user, password, number, method="REGISTER", target="100"):
    """A request whose credentials answer `given` with this password."""
    uri = f"sip:{gateway[0]}:{gateway[1]}" if method == "REGISTER" else f"sip:{target}@{gateway[0]}:{gateway[1]}"
    value = sip.authorization(given, user, password, method, uri)
    value = re.sub(r"nc=\d+", f"nc={number:08x}", value)
    return raw(method, gateway, host, user=target, name=user, headers=[("Authorization", value)], sequence=number + 1)


class Slow:
    """TCP connections that send a header byte by byte, or nothing."""

    def __init__(self, gateway, host, count):
        self.sockets = []
        for _ in range(count):
            one = socket.socket()
            one.bind((host, 0))
            one.settimeout(5)
            try:
                one.connect(gateway)
            except OSError:
                one.close()
                continue
            self.sockets.append(one)
        self.began = time.monotonic()

    def drip(self):
        for one in self.sockets[::2]:
            try:
                one.send(b"I")
            except OSError:
                pass

    def open(self):
        """How many the gateway has not closed."""
        count = 0
        for one in self.sockets:
            one.settimeout(0)
            try:
                if one.recv(1, socket.MSG_PEEK):
                    count += 1
            except BlockingIOError:
                count += 1
            except OSError:
                pass
        return count

    def close(self):
        for one in self.sockets:
            one.close()


def torn_handshakes(gateway, host, count):
    """Begins TLS and goes away, or sends garbage; how many were let in at all."""
    hello = bytes.fromhex("16030100c8010000c40303") + secrets.token_bytes(32) + b"\x00\x00"
    accepted = 0
    for index in range(count):
        with socket.socket() as one:
            one.bind((host, 0))
            one.settimeout(2)
            try:
                one.connect(gateway)
                one.send(hello if index % 2 else secrets.token_bytes(60))
                accepted += 1
            except OSError:
                pass
    return accepted


def stray_rtp(media, host, count, payload=b"\x10", kind=0, seconds=0.0):
    """RTP of one stream from a stranger, loud."""
    stream, gap = secrets.randbits(32), seconds / max(count, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind((host, 0))
        for number in range(count):
            one.sendto(struct.pack("!BBHII", 0x80, kind, number & 0xFFFF, number * 160, stream) + payload * 160, media)
            if gap:
                time.sleep(gap)
