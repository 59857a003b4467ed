"""Telephony across a NAT, on networks of the test's own: whoever is behind it, both hear each other, and nobody is sent where they cannot go."""
import contextlib
import time

import pytest

from kit import sip
from kit.audio import RATE, read_wav, tone, tone_level
from kit.gateway import CALLER, SPEAKER
from kit.miniphone import MiniPhone
from kit.networks import INSIDE, OUTSIDE, nat_network
from kit.stun import STUNServer
from kit.waiting import wait_for

SIP_PORT = 5060
MEDIA_PORTS = (16384, 16583)
# What the softphone and the telephone sound like.
SOFTPHONE_TONE, TELEPHONE_TONE = 1000, 600
STUN_PORT = 3478
WINDOW = RATE // 50


@pytest.fixture
def network():
    with nat_network() as made:
        yield made


@pytest.fixture
def awkward_network():
    """A NAT that gives every mapping another port."""
    with nat_network(changes_ports=True) as made:
        yield made


def gateway_on(gateways, host, lines=2, **sip_changes):
    """A gateway in a namespace, with telephones that say one tone and write down what they hear."""
    phones = [{"number": number, "answers_after_ms": 200, "says": f"tone:{TELEPHONE_TONE}", "records": f"heard-{number}.wav"}
              for number in (SPEAKER, CALLER)]
    gateway = gateways(
        start=False, sip={"listen": [f"{kind}://{host.address}:{SIP_PORT}" for kind in ("udp", "tcp")],
                          "accounts": [{"user": user, "password": "secret"} for user in ("bob", "alice")], **sip_changes},
        media={"address": host.address, "ports": "-".join(map(str, MEDIA_PORTS))}, inbound={"default": ["sip:bob", "sip:alice"]},
        lines=[{"name": "line", "count": lines, "group": "pstn", "driver": "simulated"}], simulator={"phones": phones})
    gateway.runner = host.runner
    return gateway.start()


@contextlib.contextmanager
def phone_on(host, gateway_host, user="bob", transport="udp"):
    with host:
        phone = MiniPhone(SIP_PORT, user=user, host=host.address, transport=transport, gateway_host=gateway_host)
    with phone:
        yield phone


def dial(phone, host, number=SPEAKER):
    with host:
        return phone.invite(number, host=host.address, play=tone(SOFTPHONE_TONE, 30)).wait_answer()


def onset(samples, frequency):
    """Seconds until the tone is there; None: never."""
    for start in range(0, len(samples) - WINDOW, WINDOW):
        if tone_level(samples[start:start + WINDOW], frequency) > -30:
            return start / RATE
    return None


def assert_both_hear(gateway, call, number=SPEAKER):
    """Each within a second of the answer: the softphone by the clock, the telephone by its recording, which begins with its answer."""
    wait_for(lambda: onset(call.rtp.heard(), TELEPHONE_TONE) is not None, 3, "the telephone's tone at the softphone")
    first = call.rtp.audio_packets()[0].arrival - call.final_at
    there = first + onset(call.rtp.heard(), TELEPHONE_TONE)
    time.sleep(0.8)
    call.hang_up()
    back = onset(read_wav(gateway.recording(number)), SOFTPHONE_TONE)
    print(f"softphone hears after {1000 * there:.0f} ms, telephone after {1000 * back if back is not None else -1:.0f} ms")
    assert there < 1
    assert back is not None and back < 1


def assert_never_told(phone, prefix):
    """What the gateway says of itself: Via, Contact, Record-Route of requests and responses, and its session descriptions."""
    assert phone.received
    for _, message in phone.received:
        own = message.all("Contact") + message.all("Record-Route") + ([] if message.status else message.all("Via"))
        said = "\n".join(own) + "\n" + message.body.decode()
        assert prefix not in said, f"an address that the phone cannot reach:\n{message.bytes().decode()}"


def test_a_softphone_behind_a_nat(gateways, awkward_network):
    """It says its private address wherever it can; the gateway outside answers to where packets come from."""
    network = awkward_network
    gateway = gateway_on(gateways, network.outside)
    with phone_on(network.first, network.outside.address) as phone:
        phone.register()
        call = dial(phone, network.first)
        assert call.request.body.decode().count(network.first.address) >= 2
        assert_both_hear(gateway, call)
        gateway.wait_until_free()
        # And a call to it: the private address in its Contact is of no use, the flow it registered on is.
        gateway.status.command(CALLER, action="call", line="line1")
        incoming = phone.wait_call()
        incoming.rtp.play(tone(SOFTPHONE_TONE, 30))
        incoming.answer(host=network.first.address)
        assert_both_hear(gateway, incoming, CALLER)


def forwarded(network):
    network.forward("udp", SIP_PORT, network.first)
    network.forward("tcp", SIP_PORT, network.first)
    network.forward("udp", "-".join(map(str, MEDIA_PORTS)), network.first)


def inside_and_outside(gateways, network, public_address):
    """The gateway behind the NAT, a softphone on each side, at the same time; both call, and both are called."""
    gateway = gateway_on(gateways, network.first, public_address=public_address)
    with phone_on(network.outside, network.public_address, "bob") as far, \
            phone_on(network.second, network.first.address, "alice") as near:
        far.register()
        near.register()
        far_call = dial(far, network.outside)
        near_call = dial(near, network.second, CALLER)
        assert sip.Audio(far_call.final.body).host == network.public_address
        assert sip.Audio(near_call.final.body).host == network.first.address
        assert far_call.final.contact_uri().split("@")[-1].startswith(network.public_address)
        assert near_call.final.contact_uri().split("@")[-1].startswith(network.first.address)
        assert_both_hear(gateway, far_call)
        assert_both_hear(gateway, near_call, CALLER)
        gateway.wait_until_free()

        gateway.status.command(CALLER, action="call", line="line1")
        far_ring, near_ring = far.wait_call(), near.wait_call()
        assert sip.Audio(far_ring.request.body).host == network.public_address
        assert sip.Audio(near_ring.request.body).host == network.first.address
        far_ring.rtp.play(tone(SOFTPHONE_TONE, 30))
        far_ring.answer(host=network.outside.address)
        wait_for(near_ring.cancelled.is_set, 5, "the other softphone's CANCEL")
        assert_both_hear(gateway, far_ring, CALLER)
        assert_never_told(far, INSIDE)
        assert_never_told(near, OUTSIDE)
    return gateway


def test_a_gateway_behind_a_nat_that_was_told_its_address(gateways, network):
    forwarded(network)
    inside_and_outside(gateways, network, network.public_address)


def test_a_gateway_behind_a_nat_that_asks_a_stun_server(gateways, network):
    forwarded(network)
    with network.outside:
        server = STUNServer(network.outside.address, STUN_PORT)
    with server:
        inside_and_outside(gateways, network, f"stun:{network.outside.address}:{STUN_PORT}")
        assert server.seen and server.seen[0] == (network.public_address, SIP_PORT)


def test_what_an_alg_mangles_is_survived(gateways, network):
    """Routers "help": another host in Via and Contact, a session description that has grown without its Content-Length being told."""
    gateway = gateway_on(gateways, network.outside)
    with phone_on(network.first, network.outside.address) as phone:
        plain_via, plain_bytes = phone.via, sip.Message.bytes
        phone.via = lambda: plain_via().replace(network.first.address, OUTSIDE + "77")
        phone.contact = lambda: f"<sip:bob@{OUTSIDE}77:61234>"

        def longer(message):
            data = plain_bytes(message)
            head, separator, body = data.partition(b"\r\n\r\n")
            if not body:
                return data
            # The address in the description is rewritten, and is longer; Content-Length stays.
            return head + separator + body.replace(network.first.address.encode(), b"203.000.113.177")
        try:
            sip.Message.bytes = longer
            call = dial(phone, network.first)
            sip.Message.bytes = plain_bytes
            assert_both_hear(gateway, call)
        finally:
            sip.Message.bytes = plain_bytes
