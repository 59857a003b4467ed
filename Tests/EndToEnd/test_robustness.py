"""Bad input from outside: configurations, ports, files, datagrams. A clear word, and nobody else's call suffers."""
import json
import os
import random
import re
import socket
import subprocess
import time

import pytest

from kit.audio import silence, tone, tone_level, write_wav
from kit.gateway import BINARY, ECHO, SPEAKER, configuration
from kit.miniphone import MiniPhone
from kit.ports import free_range
from kit.waiting import wait_for

PHONES = [{"number": SPEAKER, "answers_after_ms": 200, "says": "tone:1000"}, {"number": ECHO, "answers_after_ms": 200, "says": "echo"}]

GOOD = """\
gateway:
  country: JP
  area_code: "03"
  state_directory: state
lines:
  - {name: line, count: 2, group: pstn, driver: simulated}
"""

BAD = {
    "unknown key": (GOOD + "colour: green\n", 7, "colour"),
    "wrong type": (GOOD.replace("count: 2", "count: many"), 6, "count"),
    "two lines of one name": (GOOD + "  - {name: line1, group: pstn, driver: simulated}\n", 7, "line1"),
    "port out of range": (GOOD + 'sip:\n  listen: ["udp://127.0.0.1:70000"]\n', 8, "70000"),
    "no YAML": ("gateway: [\n", None, ""),
    "unknown country": (GOOD.replace("JP", "XY"), 2, "XY"),
}


def check_config(path):
    return subprocess.run([BINARY, "--config", path, "--check-config"], capture_output=True, text=True, timeout=60)


def run_to_end(path):
    return subprocess.run([BINARY, "--config", path], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("case", BAD)
def test_a_bad_configuration(tmp_path, case):
    """Exit code 78, with file and line, from the check and from a start alike."""
    text, line, word = BAD[case]
    path = tmp_path / "gateway.yaml"
    path.write_text(text)
    for result in (check_config(path), run_to_end(path)):
        assert result.returncode == 78, result.stderr
        place = rf"gateway\.yaml:{line}: " if line else r"gateway\.yaml:\d+: "
        assert re.search(place, result.stderr), result.stderr
        assert word in result.stderr


def test_a_good_configuration(tmp_path):
    path = tmp_path / "gateway.yaml"
    path.write_text(GOOD)
    assert check_config(path).returncode == 0
    assert run_to_end(tmp_path / "nothing.yaml").returncode in (1, 78)
    assert subprocess.run([BINARY, "--no-such-option"], capture_output=True, timeout=60).returncode == 64


def test_a_wav_of_the_wrong_rate(tmp_path):
    write_wav(tmp_path / "cd.wav", silence(1), rate=44_100)
    path = tmp_path / "gateway.yaml"
    content = configuration(free_range(10), 10, simulator={"phones": [{"number": SPEAKER, "says": "cd.wav"}]})
    path.write_text(json.dumps(content, indent=2))
    result = run_to_end(path)
    assert result.returncode in (1, 78)
    assert "cd.wav" in result.stderr and "44100" in result.stderr.replace(",", "") and "8000" in result.stderr.replace(",", "")


def test_a_missing_wav(tmp_path):
    path = tmp_path / "gateway.yaml"
    path.write_text(json.dumps(configuration(free_range(10), 10, simulator={"phones": [{"number": SPEAKER, "says": "nothing.wav"}]})))
    result = run_to_end(path)
    assert result.returncode in (1, 78) and "nothing.wav" in result.stderr


@pytest.mark.parametrize("transport,kind", [("udp", socket.SOCK_DGRAM), ("tcp", socket.SOCK_STREAM)])
def test_a_taken_port(tmp_path, transport, kind):
    """It says which port, and by what key to change it."""
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        port = taken.getsockname()[1]
        path = tmp_path / "gateway.yaml"
        path.write_text(json.dumps(configuration(free_range(10), 10, sip={"listen": [f"{transport}://127.0.0.1:{port}"]})))
        result = run_to_end(path)
    assert result.returncode == 1, result.stderr
    assert f"{transport}://127.0.0.1:{port}" in result.stderr and "sip.listen" in result.stderr, result.stderr


def test_a_second_gateway_on_the_same_state(gateways, tmp_path):
    gateway = gateways()
    path = gateway.folder / "second.yaml"
    content = dict(gateway.configuration)
    content["status"] = {"socket": str(gateway.socket_folder / "other")}
    path.write_text(json.dumps(content))
    result = run_to_end(path)
    assert result.returncode == 1 and "state" in result.stderr, result.stderr
    gateway.assert_healthy()


def hears_echo(call):
    time.sleep(1)
    return tone_level(call.rtp.heard(since=time.monotonic() - 0.6)[-3200:], 700) > -14


def test_garbage_costs_a_call_nothing(gateways):
    """Random and torn datagrams to the SIP port and to the RTP port of a call that goes on; foreign payload types; strangers."""
    gateway = gateways(simulator={"phones": PHONES})
    generator = random.Random(4475)
    before = gateway.status.status()
    with MiniPhone(gateway.port()) as phone, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        call = phone.invite(ECHO, play=tone(700, 60)).wait_answer()
        assert hears_echo(call)
        media = call.rtp.remote
        honest = phone.outside_request("OPTIONS", phone.uri()).bytes()
        for index in range(400):
            size = generator.randrange(0, 1400)
            noise = generator.randbytes(size)
            torn = bytearray(honest[:generator.randrange(1, len(honest))])
            torn[generator.randrange(len(torn))] ^= 1 << generator.randrange(8)
            stranger.sendto(noise, ("127.0.0.1", gateway.port()))
            stranger.sendto(bytes(torn), ("127.0.0.1", gateway.port()))
            stranger.sendto(noise, media)
            stranger.sendto(b"\x80\x00" + noise, media)
            stranger.sendto(noise, (media[0], media[1] + 1))
            # From the peer's own address too: not RTP, and RTP of a payload type nobody agreed on.
            call.rtp.socket.sendto(noise[:200], media)
            call.rtp.socket.sendto(b"\x80\x7b\x00\x01" + bytes(8) + bytes(160), media)
            if index % 20 == 0:
                time.sleep(0.02)
        assert hears_echo(call)
        with MiniPhone(gateway.port()) as other:
            assert other.request("OPTIONS").status == 200
        assert call.hang_up().status == 200
    after = gateway.assert_healthy()
    assert after["sip"]["unparsable"] > before["sip"]["unparsable"] + 300
    # Bursts overflow the sockets' buffers: most are dropped before anybody can count them.
    assert after["media"]["packets_from_strangers"] >= 100
    assert gateway.ended_call()["media"]["packets_from_strangers"] >= 100


def test_no_rtp_port_is_open_without_a_call(gateways):
    gateway = gateways(simulator={"phones": PHONES})
    assert gateway.status.status()["media"]["ports"] == 0
    with MiniPhone(gateway.port()) as phone:
        call = phone.invite(ECHO).wait_answer()
        assert gateway.status.status()["media"]["ports"] == 2
        call.hang_up()
    wait_for(lambda: gateway.status.status()["media"]["ports"] == 0, 3, "the ports to be closed")


def test_when_rtp_ports_run_out(gateways):
    """Two pairs, three calls: the third is told so, the others talk."""
    first = free_range(4)
    gateway = gateways(media={"ports": f"{first}-{first + 3}"}, simulator={"phones": PHONES})
    with MiniPhone(gateway.port()) as phone:
        calls = [phone.invite(ECHO, play=tone(700, 30)).wait_answer() for _ in range(2)]
        third = phone.invite(ECHO).wait_final()
        assert third.status == 503 and third.reason() == (47, "no media port")
        assert all(hears_echo(call) for call in calls)
        for call in calls:
            call.hang_up()
        gateway.wait_until_free()
        phone.invite(ECHO).wait_answer().hang_up()


def test_sighup_reads_the_configuration_again(gateways):
    """A new rule holds from then on; a running call goes on; a bad file changes nothing."""
    gateway = gateways(outbound={"rules": []}, simulator={"phones": PHONES})
    with MiniPhone(gateway.port()) as phone:
        assert phone.invite(ECHO).wait_final().status == 403
        gateway.configuration["outbound"]["rules"] = [{"match": "+81*", "groups": ["pstn"]}]
        gateway.path.write_text(json.dumps(gateway.configuration))
        gateway.process.send_signal(1)
        time.sleep(1)
        call = phone.invite(ECHO, play=tone(700, 30)).wait_answer()
        gateway.path.write_text("outbound: 7\n")
        gateway.process.send_signal(1)
        time.sleep(1)
        assert "gateway.yaml:1" in gateway.log()
        assert hears_echo(call)
        phone.invite(ECHO).wait_answer().hang_up()
        call.hang_up()


def test_a_call_over_ipv6(gateways):
    if not os.path.exists("/proc/net/if_inet6"):
        pytest.skip("this machine has no IPv6")
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError as error:
        pytest.skip(f"no ::1 here: {error}")
    gateway = gateways(sip={"listen": ["udp://[::1]:0"]}, simulator={"phones": PHONES})
    port = gateway.port()
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as out:
        out.bind(("::1", 0))
        out.settimeout(5)
        mine = out.getsockname()[1]
        out.sendto((f"OPTIONS sip:[::1]:{port} SIP/2.0\r\nVia: SIP/2.0/UDP [::1]:{mine};branch=z9hG4bKsix;rport\r\nMax-Forwards: 70\r\n"
                    f"From: <sip:bob@[::1]>;tag=1\r\nTo: <sip:[::1]:{port}>\r\nCall-ID: six\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n").encode(),
                   ("::1", port))
        assert out.recv(65536).startswith(b"SIP/2.0 200 ")
