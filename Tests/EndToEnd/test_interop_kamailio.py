"""Kamailio in front of the gateway: as proxy that stays in the dialog, as registrar we register at, as load balancer that loses a gateway."""
import time

import pytest

from kit.audio import tone, tone_level
from kit.gateway import CALLER, QUIET_LINE, SPEAKER
from kit.kamailio import Kamailio
from kit.matrix import interop
from kit.miniphone import MiniPhone
from kit.waiting import wait_for

LEVEL = -10
PHONES = {"line": dict(QUIET_LINE), "phones": [
    {"number": SPEAKER, "answers_after_ms": 300, "says": "tone:1000"}, {"number": CALLER, "says": "tone:1000"}]}


def both_hear(gateway, call, phone):
    """The tones of both sides arrive at the level they had."""
    call.rtp.play(tone(700, 60))
    wait_for(lambda: abs(tone_level(call.rtp.heard(since=time.monotonic() - 0.5)[-3200:], 1000) - LEVEL) < 1, 4, "the softphone hears the telephone")
    wait_for(lambda: abs(gateway.phone_call(phone, "talking")["level_dbm0"] - LEVEL) < 1, 4, "the telephone hears the softphone")


def hops(call):
    return [route for route in call.routes if ";lr" in route]


@pytest.fixture(scope="module")
def proxied(module_gateways, tmp_path_factory):
    """A gateway that trusts the proxy in front of it."""
    gateway = module_gateways(sip={"trusted": ["127.0.0.1"]}, simulator=PHONES)
    with Kamailio(tmp_path_factory.mktemp("kamailio") / "proxy", routes={"0": f"sip:127.0.0.1:{gateway.port()}"}) as proxy:
        yield gateway, proxy


@interop("Kamailio", "proxy with Record-Route: call through it, re-INVITE, BYE of the softphone")
def test_a_call_through_the_proxy(proxied):
    gateway, proxy = proxied
    with MiniPhone(proxy.port()) as phone:
        phone.register()
        call = phone.invite(SPEAKER).wait_answer()
        assert hops(call), "no Record-Route in the answer"
        both_hear(gateway, call, SPEAKER)
        assert call.reinvite().status == 200
        both_hear(gateway, call, SPEAKER)
        assert call.hang_up().status == 200
    gateway.ended_call(direction="outbound")


@interop("Kamailio", "proxy with Record-Route: BYE of the telephone goes through it")
def test_the_gateway_hangs_up_through_the_proxy(proxied):
    gateway, proxy = proxied
    gateway.wait_until_free()
    with MiniPhone(proxy.port()) as phone:
        phone.register()
        call = phone.invite(SPEAKER).wait_answer()
        both_hear(gateway, call, SPEAKER)
        gateway.status.command(SPEAKER, action="hang_up")
        bye = call.wait_ended(5)
        assert len(bye.all("Via")) == 2, "the BYE did not come through the proxy"


@interop("Kamailio", "registrar that the gateway registers at (digest): calls both ways")
def test_the_gateway_registers(module_gateways, tmp_path):
    with Kamailio(tmp_path / "registrar", routes={"0": "gw"}) as registrar:
        gateway = module_gateways(
            sip={"trunks": [{"name": "pbx", "registrar": registrar.uri, "user": "gw", "password": "secret"}]}, simulator=PHONES,
            inbound={"default": "sip:alice@pbx"})
        with MiniPhone(registrar.port(), "alice") as alice:
            alice.register()

            def is_registered():
                return any(row["name"] == "pbx" and row["state"] == "registered" for row in gateway.status.get("/v1/trunks"))
            wait_for(is_registered, 10, "the registration at Kamailio")
            call = alice.invite(SPEAKER).wait_answer()
            both_hear(gateway, call, SPEAKER)
            assert call.hang_up().status == 200
            gateway.wait_until_free()
            gateway.status.command(CALLER, action="call", line="line2", caller_id="0312345678")
            call = alice.wait_call()
            call.answer()
            wait_for(call.acknowledged.is_set, 5, "an ACK")
            both_hear(gateway, call, CALLER)
            assert call.hang_up().status == 200
        gateway.wait_until_free()
        gateway.stop()


@interop("Kamailio", "load balancer that loses one of two gateways")
def test_the_balancer_loses_a_gateway(module_gateways, tmp_path):
    """Calls go to both; one is killed with a call in it: that call is gone, the other goes on, and every new call is answered by the one left."""
    pair = [module_gateways(sip={"trusted": ["127.0.0.1"]}, simulator=PHONES) for _ in range(2)]
    with Kamailio(tmp_path / "balancer", routes={"0": [f"sip:127.0.0.1:{gateway.port()}" for gateway in pair]}, answer_ms=800) as balancer, \
            MiniPhone(balancer.port()) as phone:
        phone.register()
        calls = [phone.invite(SPEAKER).wait_answer() for _ in range(2)]
        served = {call.target.rsplit(":", 1)[-1].split(";")[0].rstrip(">"): call for call in calls}
        assert set(served) == {str(gateway.port()) for gateway in pair}, "both gateways have a call"
        for gateway in pair:
            both_hear(gateway, served[str(gateway.port())], SPEAKER)
        lost, left = pair
        lost.kill()
        for _ in range(2):
            began = time.monotonic()
            call = phone.invite(SPEAKER).wait_answer()
            assert time.monotonic() - began < 6
            both_hear(left, call, SPEAKER)
            assert call.hang_up().status == 200
        both_hear(left, served[str(left.port())], SPEAKER)
        assert served[str(left.port())].hang_up().status == 200
        served[str(lost.port())].ended.set()
        lost.start()
