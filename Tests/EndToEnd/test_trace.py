"""kakehashi sip trace: what went over the wire, as a ladder, as JSON, as a capture file that others dissect."""
import json
import os
import shutil
import socket
import ssl
import subprocess
import time

import pytest

from kit import console, pcap, sip
from kit.gateway import SPEAKER
from kit.miniphone import MiniPhone
from kit.waiting import wait_for


@pytest.fixture(scope="module")
def gateway(module_gateways):
    return module_gateways(
        sip={"listen": ["udp://127.0.0.1:0", "tcp://127.0.0.1:0", "tls://127.0.0.1:0", "udp://[::1]:0"]},
        simulator={"phones": [{"number": SPEAKER, "answers_after_ms": 300}]})


@pytest.fixture(scope="module")
def call(gateway):
    """A call that has ended: (its id, what the softphone got, its Call-ID)."""
    with MiniPhone(gateway.port()) as phone:
        call = phone.invite(SPEAKER).wait_answer()
        running = gateway.running_call()
        call.info("application/dtmf-relay", b"Signal=7\r\nDuration=160\r\n")
        call.hang_up()
        gateway.ended_call(running["id"])
        return running["id"], [message for _, message in phone.received], call.id


def options(host, port, transport, call_id):
    family = f"[{host}]" if ":" in host else host
    headers = [("Via", f"SIP/2.0/{transport.upper()} {family}:9;branch={sip.new_branch()};rport"), ("Max-Forwards", "70"),
               ("From", "<sip:bob@test>;tag=1"), ("To", "<sip:gw>"), ("Call-ID", call_id), ("CSeq", "1 OPTIONS")]
    return sip.Message(f"OPTIONS sip:gw@{family}:{port} SIP/2.0", headers)


def exchange(gateway, kind, message):
    """Sends a request over TCP or TLS; the port it came from."""
    with socket.create_connection(("127.0.0.1", gateway.port(kind)), timeout=10) as plain:
        stream = plain
        if kind == "tls":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            stream = context.wrap_socket(plain)
        stream.sendall(message.bytes())
        assert stream.recv(65536).startswith(b"SIP/2.0 200")
        return plain.getsockname()[1] if stream is plain else stream.getsockname()[1]


def test_messages_are_those_that_went_over_the_wire(gateway, call):
    call_id, received, _ = call
    trace = gateway.status.get(f"/v1/sip/messages?call={call_id}")
    sent = [message["text"].encode() for message in trace["messages"] if message["direction"] == "sent"]
    assert sent == [message.bytes() if message.get("Content-Length") is None else rebuilt(message) for message in received]
    numbers = [message["number"] for message in trace["messages"]]
    assert numbers == sorted(numbers) and trace["first"] <= numbers[0] and numbers[-1] <= trace["last"]
    methods = [message["method"] for message in trace["messages"] if message["direction"] == "received"]
    assert [method for method in methods if method != "ACK"] == ["INVITE", "INVITE", "INFO", "BYE"]
    assert all(message["cseq"].split()[1] == message["method"] for message in trace["messages"])
    assert {message["transport"] for message in trace["messages"]} == {"udp"}
    later = gateway.status.get(f"/v1/sip/messages?call={call_id}&since={numbers[3]}")["messages"]
    assert [message["number"] for message in later] == numbers[4:]


def rebuilt(message):
    """As it was, since the order of fields is kept."""
    head = "\r\n".join([message.start, *(f"{name}: {value}" for name, value in message.headers), "", ""])
    return head.encode() + message.body


def test_secrets_are_masked(gateway, call):
    text = json.dumps(gateway.status.get(f"/v1/sip/messages?call={call[0]}")) + \
        gateway.status.request_bytes("GET", f"/v1/sip/trace.pcap?call={call[0]}").decode("latin-1")
    answers = [part.split('"')[0] for part in text.replace('\\"', '"').split('response="')[1:]]
    assert answers and all(set(answer) == {"*"} for answer in answers)
    assert "Signal=*" in text and "Signal=7" not in text


def test_the_ladder(gateway, call):
    for columns in (80, 120):
        lines = console.run(gateway, "sip", "trace", call[0], columns=columns).decode().splitlines()
        assert all(len(line) <= columns for line in lines), "\n".join(lines)
        arrows = [line for line in lines if "▶" in line or "◀" in line]
        assert [next(word for word in ("INVITE ", "401", "ACK", "200", "BYE", "INFO", "100", "183", "180") if word in line.split("│", 1)[1])
                for line in arrows[:3]] == ["INVITE ", "401", "ACK"]
        assert any("200 OK" in line and "◀" in line for line in arrows) and "BYE" in arrows[-2]
        assert f"call {call[0]}" in lines[0] and "bob (udp)" in lines[2]
    assert console.run(gateway, "sip", "trace", call[2]).decode().count("INVITE") >= 3
    assert b"Signal=*" in console.run(gateway, "sip", "trace", call[0], "--full")
    assert b"no messages of nothing" in console.run(gateway, "sip", "trace", "nothing")
    listed = json.loads(console.run(gateway, "sip", "trace", call[0], "--json"))
    assert listed["messages"][0]["method"] == "INVITE"
    assert b"Call-ID " + call[2].encode() in console.run(gateway, "sip", "trace")


def test_following(gateway, tmp_path):
    with open(tmp_path / "followed", "wb") as output:
        process = subprocess.Popen([console.PROGRAM, "sip", "trace", "--follow", "--socket", str(gateway.status.path)], stdout=output,
                                   env={**os.environ, "COLUMNS": "120"})
    try:
        time.sleep(0.5)
        with MiniPhone(gateway.port()) as phone:
            assert phone.request("OPTIONS").status == 200
            remote = f"127.0.0.1:{phone.port}"

        def has_come():
            rest = (tmp_path / "followed").read_text().rpartition(remote)
            return rest[1] and "1 OPTIONS" in rest[2] and "200 OK" in rest[2]
        wait_for(has_come, 5, lambda: "the request in\n" + (tmp_path / "followed").read_text())
    finally:
        process.terminate()
        code = process.wait(10)
    assert code == 0


def test_a_capture_of_every_transport(gateway, tmp_path):
    large = options("127.0.0.1", gateway.port("tcp"), "tcp", "trace-tcp")
    large.headers += [("Subject", "long " * 3000)] * 2
    tcp_port = exchange(gateway, "tcp", large)
    tls_port = exchange(gateway, "tls", options("127.0.0.1", gateway.port("tls"), "tls", "trace-tls"))
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as six:
        six.settimeout(10)
        six.bind(("::1", 0))
        port6 = next(int(listener.rsplit(":", 1)[1]) for listener in gateway.listen if "[::1]" in listener)
        message = options("::1", port6, "udp", "trace-six")
        six.sendto(message.bytes(), ("::1", port6))
        answer = six.recv(65536)
        here = six.getsockname()[1]

    console.run(gateway, "sip", "trace", "trace-six", "--pcap", str(tmp_path / "six.pcap"))
    packets = pcap.read((tmp_path / "six.pcap").read_bytes())
    assert [(p.version, p.source, p.destination, p.payload) for p in packets] == [
        (6, ("::1", here), ("::1", port6), message.bytes()), (6, ("::1", port6), ("::1", here), answer)]
    assert abs(packets[0].time - time.time()) < 30 and packets[0].time <= packets[1].time

    streams = pcap.streams(pcap.read(console.run(gateway, "sip", "trace", "trace-tcp", "--pcap", "-")))
    assert streams[("127.0.0.1", tcp_port), ("127.0.0.1", gateway.port("tcp"))] == large.bytes()
    assert set(streams) == {(("127.0.0.1", tcp_port), ("127.0.0.1", gateway.port("tcp"))), (("127.0.0.1", gateway.port("tcp")), ("127.0.0.1", tcp_port))}
    # What is no longer encrypted must not be taken for TLS.
    shown = pcap.read(console.run(gateway, "sip", "trace", "trace-tls", "--pcap", "-"))
    assert {p.protocol for p in shown} == {"tcp"} and (shown[0].source[1], shown[0].destination[1]) == (tls_port, 5060)

    if shutil.which("tshark"):
        (tmp_path / "all.pcap").write_bytes(console.run(gateway, "sip", "trace", "--pcap", "-"))
        ports = [f"{listener.split(':')[0]}.port=={listener.rsplit(':', 1)[1]},sip" for listener in gateway.listen if not listener.startswith("tls")]
        command = ["tshark", "-r", str(tmp_path / "all.pcap"), "-Y", "sip", "-T", "fields", "-e", "sip.Call-ID", "-e", "sip.CSeq.method",
                   "-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"]
        rows = subprocess.run(command + [word for port in ports for word in ("-d", port)], capture_output=True, text=True, timeout=60, check=True).stdout
        for call_id in ("trace-tcp", "trace-tls", "trace-six"):
            assert rows.count(f"{call_id}\tOPTIONS") == 2, rows
        bad = subprocess.run([*command[:3], "-Y", "_ws.expert.severity==error || ip.checksum.status==0 || udp.checksum.status==0"],
                             capture_output=True, text=True, timeout=60, check=True).stdout
        assert not bad, bad


def test_nothing_is_kept_of_size_zero(gateways):
    gateway = gateways(sip={"trace_kb": 0})
    assert b"sip.trace_kb" in console.run(gateway, "sip", "trace", status=1)


def test_the_ring_is_bounded(gateways):
    gateway = gateways(sip={"trace_kb": 16})
    with MiniPhone(gateway.port()) as phone:
        for _ in range(60):
            assert phone.request("OPTIONS").status == 200
    trace = gateway.status.get("/v1/sip/messages")
    assert trace["last"] == 120 and trace["first"] == trace["messages"][0]["number"] > 1
    size = sum(len(message["text"]) for message in trace["messages"])
    assert 12_000 < size <= 16_384
    assert b"older messages are forgotten" in console.run(gateway, "sip", "trace")
