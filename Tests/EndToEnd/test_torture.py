"""The 49 messages of RFC 4475 against a live gateway, over UDP and TCP."""
import json
import pathlib
import re
import select
import socket
import time

import pytest

from kit import sip
from kit.miniphone import MiniPhone
from kit.waiting import PATIENCE

ROOT = pathlib.Path(__file__).resolve().parents[2]
MESSAGES = ROOT.parent / "shared/corpora/rfc4475"
TABLE = json.loads((ROOT / "Tests/Corpora/rfc4475.json").read_text())["messages"]

pytestmark = pytest.mark.skipif(not MESSAGES.is_dir(), reason="../shared/corpora/rfc4475 is not beside the project")


SENDER = "127.0.0.7"


# A gateway for each transport: to one gateway the same message would be a retransmission (RFC 3261, 17.2.3), answered where it first came from.
@pytest.fixture(scope="module")
def udp_gateway(module_gateways):
    return torture_gateway(module_gateways)


@pytest.fixture(scope="module")
def tcp_gateway(module_gateways):
    return torture_gateway(module_gateways)


def torture_gateway(gateways):
    return gateways(sip={"accounts": [{"user": "bob", "password": "secret"}], "trusted": ["127.0.0.0/8"]},
                    outbound={"rules": [{"match": "*", "deny": True}]})


def answer_port(data):
    """Where the answer goes over UDP: the port of the top Via, at the address the message came from (RFC 3261, 18.2.2)."""
    via = re.search(rb"(?im)^(?:Via|v)[ \t]*:\s*SIP\s*/\s*[\d.]+\s*/\s*\w+\s+[\w.-]+\s*(?::\s*(\d+))?", data)
    return int(via.group(1)) if via and via.group(1) else 5061 if via and via.group(0).rsplit(b"/", 1)[1].split()[0] == b"TLS" else 5060


def call_id(data):
    """Answers to other messages of the table may come late: an INVITE's is repeated until an ACK comes."""
    found = re.search(rb"(?im)^(?:Call-ID|i)[ \t]*:\s*(\S+)", data)
    return found.group(1) if found else b""


def statuses(data, call=b""):
    return [int(part[:3]) for part in re.split(rb"SIP/2\.0 (?=\d{3} )", data)[1:] if call in part]


def over_udp(gateway, row):
    data = (MESSAGES / f"{row['file']}.dat").read_bytes()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        try:
            out.bind((SENDER, answer_port(data)))
        except OSError as error:
            pytest.skip(f"{SENDER}:{answer_port(data)}: {error}")
        out.sendto(data, ("127.0.0.1", gateway.port("udp")))
        return collect(out, row["live_udp"], call_id(data))


def over_tcp(gateway, row):
    data = (MESSAGES / f"{row['file']}.dat").read_bytes()
    with socket.create_connection(("127.0.0.1", gateway.port("tcp"))) as out:
        out.sendall(data)
        return collect(out, row["live_tcp"], call_id(data))


def collect(out, expected, call=b""):
    """Final statuses, until there is one, or for 600 ms where none should be."""
    received = b""
    deadline = time.monotonic() + (0.6 if expected in ([], [400, None]) else 1.5 * PATIENCE)
    while time.monotonic() < deadline:
        if select.select([out], [], [], 0.05)[0]:
            try:
                data = out.recv(65536)
            except ConnectionError:
                break
            if not data:
                break
            received += data
            if any(status >= 200 for status in statuses(received, call)):
                break
    return [status for status in statuses(received, call) if status >= 200]


def check(row, expected, found):
    if expected == "final":
        assert found and found[0] not in (400, 505), f"{row['what']}: {found}"
    elif expected == []:
        assert found == [], row["what"]
    else:
        assert (found[0] if found else None) in expected, f"{row['what']}: {found}, not {expected}"


def assert_alive(gateway):
    assert gateway.process.poll() is None, gateway.log()[-3000:]
    with MiniPhone(gateway.port()) as phone:
        assert phone.request("OPTIONS").status == 200


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["file"])
def test_over_udp(udp_gateway, row):
    check(row, row["live_udp"], over_udp(udp_gateway, row))
    assert_alive(udp_gateway)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["file"])
def test_over_tcp(tcp_gateway, row):
    check(row, row["live_tcp"], over_tcp(tcp_gateway, row))
    assert_alive(tcp_gateway)


def test_every_message_is_there():
    assert sorted(path.stem for path in MESSAGES.glob("*.dat")) == sorted(row["file"] for row in TABLE)
    assert len(TABLE) == 49


def test_message_in_pieces_and_messages_in_one_piece(tcp_gateway):
    """TCP is a stream: one message byte by byte, three in one segment, keep-alives between."""
    with MiniPhone(tcp_gateway.port()) as phone:
        request = phone.outside_request("OPTIONS", phone.uri())
        request.headers[0] = ("Via", f"SIP/2.0/TCP 127.0.0.1:{phone.port};branch={sip.new_branch()};rport")
    data = request.bytes()
    with socket.create_connection(("127.0.0.1", tcp_gateway.port("tcp"))) as out:
        out.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for index in range(0, len(data), 40):
            out.sendall(data[index:index + 40])
            time.sleep(0.005)
        assert collect(out, "final") == [200]
        many = b"".join(data.replace(request.branch.encode(), sip.new_branch().encode()) for _ in range(3))
        out.sendall(b"\r\n\r\n" + many + b"\r\n\r\n")
        received, deadline = b"", time.monotonic() + 3 * PATIENCE
        while statuses(received).count(200) < 3 and time.monotonic() < deadline:
            if select.select([out], [], [], 0.1)[0]:
                received += out.recv(65536)
        assert statuses(received).count(200) == 3
        assert b"\r\n\r\n" in received
