"""Reads capture files of raw IP packets, on its own: whoever wrote them is not their judge."""
import dataclasses
import ipaddress
import struct


@dataclasses.dataclass
class Packet:
    time: float
    version: int
    protocol: str
    source: tuple
    destination: tuple
    payload: bytes
    sequence: int = 0
    acknowledged: int = 0


def folded(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def read(data):
    """Its packets; every length and checksum in them must be right."""
    magic, major, minor, _, _, _, link = struct.unpack("<IHHiIII", data[:24])
    assert (magic, major, minor, link) == (0xA1B2C3D4, 2, 4, 101), data[:24]
    packets, position = [], 24
    while position < len(data):
        seconds, micros, kept, whole = struct.unpack("<IIII", data[position:position + 16])
        assert kept == whole
        packets.append(_packet(seconds + micros / 1e6, data[position + 16:position + 16 + kept]))
        position += 16 + kept
    assert position == len(data)
    return packets


def _packet(time, data):
    version = data[0] >> 4
    if version == 4:
        assert data[0] & 15 == 5 and struct.unpack("!H", data[2:4])[0] == len(data)
        assert folded(data[:20]) == 0xFFFF, "IP checksum"
        number, addresses, rest = data[9], data[12:20], data[20:]
    else:
        assert version == 6 and struct.unpack("!H", data[4:6])[0] == len(data) - 40
        number, addresses, rest = data[6], data[8:40], data[40:]
    half = len(addresses) // 2
    hosts = [str(ipaddress.ip_address(addresses[:half])), str(ipaddress.ip_address(addresses[half:]))]
    assert folded(addresses + struct.pack("!II", len(rest), number) + rest) == 0xFFFF, "checksum of UDP or TCP"
    source, destination = struct.unpack("!HH", rest[:4])
    packet = Packet(time, version, {17: "udp", 6: "tcp"}[number], (hosts[0], source), (hosts[1], destination), b"")
    if packet.protocol == "udp":
        assert struct.unpack("!H", rest[4:6])[0] == len(rest)
        packet.payload = rest[8:]
    else:
        packet.sequence, packet.acknowledged = struct.unpack("!II", rest[4:12])
        packet.payload = rest[(rest[12] >> 4) * 4:]
    return packet


def streams(packets):
    """What each direction of each TCP connection carried; no byte twice, none missing."""
    joined, following = {}, {}
    for packet in packets:
        if packet.protocol != "tcp":
            continue
        key = (packet.source, packet.destination)
        assert packet.sequence == following.get(key, packet.sequence), "sequence numbers"
        assert packet.acknowledged == following.get((packet.destination, packet.source), 1), "acknowledgement"
        following[key] = packet.sequence + len(packet.payload)
        joined[key] = joined.get(key, b"") + packet.payload
    return joined
