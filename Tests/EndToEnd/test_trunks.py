"""Trunks: registered at Kamailio and at another gateway; calls both ways with audio; restarts, refusals, fail-over, farewell."""
import json
import signal
import socket
import time

import pytest

from kit.audio import tone, tone_level
from kit.gateway import CALLER, SPEAKER
from kit.kamailio import Kamailio
from kit.miniphone import MiniPhone
from kit.ports import free_port
from kit.waiting import wait_for

NATIONAL = {"0": "gw"}
PHONES = [{"number": SPEAKER, "answers_after_ms": 200, "says": "tone:1000", "records": "heard.wav"}, {"number": CALLER, "says": "tone:800"}]


def trunk(kamailio, transport="udp", **changes):
    return {"name": "pbx", "registrar": f"{kamailio.uri};transport={transport}", "user": "gw", "password": "secret", "retry_s": 1, **changes}


def state(gateway, name="pbx"):
    return next(entry for entry in gateway.status.get("/v1/trunks") if entry["name"] == name)


def wait_state(gateway, wanted, seconds=10, name="pbx"):
    wait_for(lambda: state(gateway, name)["state"] == wanted, seconds, lambda: f"the trunk {wanted}: {state(gateway, name)}\n{gateway.log()[-2000:]}")
    return state(gateway, name)


def hears(call, frequency, seconds=5):
    """Until the softphone hears a tone."""
    wait_for(lambda: tone_level(call.rtp.heard(since=time.monotonic() - 0.5)[-3200:], frequency) > -20, seconds, f"{frequency} Hz at the softphone")


def calls_a_telephone(gateway, phone):
    """Through the registrar to a telephone behind the gateway, with audio both ways."""
    call = phone.invite(SPEAKER, play=tone(700, 60)).wait_answer()
    hears(call, 1000)
    wait_for(lambda: gateway.phone_call(SPEAKER, "talking")["level_dbm0"] > -20, 5, "the softphone at the telephone")
    call.hang_up()
    record = gateway.ended_call(direction="outbound")
    assert record["trunk"] == "pbx" and record["end"]["by"] == "caller", record
    gateway.wait_until_free()


def is_called_by_a_telephone(gateway, phone):
    """From the line through the registrar, which asks for the trunk's password, to a softphone there."""
    phone.register()
    gateway.status.command(CALLER, action="call", line="line1")
    call = phone.wait_call()
    assert "0333330005" in call.request.get("From"), call.request.get("From")
    call.answer()
    hears(call, 800)
    call.hang_up()
    record = gateway.ended_call(direction="inbound")
    assert record["answer"] and record["end"]["cause_q850"] == 16, record
    gateway.wait_until_free()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_registered_at_kamailio(gateways, tmp_path, transport):
    """Digest, calls both ways with audio; Kamailio restarts without its memory and is registered at anew; SIGTERM takes the registration back."""
    # The registrar gives 12 s, so that a refresh comes soon.
    with Kamailio(tmp_path / "k", routes=NATIONAL, max_expires=12) as kamailio:
        gateway = gateways(sip={"trunks": [trunk(kamailio, transport)]}, inbound={"default": "sip:alice@pbx"}, simulator={"phones": PHONES})
        registered = wait_state(gateway, "registered")
        assert registered["expires_s"] <= 12 and registered["remote"] == f"127.0.0.1:{kamailio.port()}" and registered["transport"] == transport
        assert gateway.status.metrics()['kakehashi_trunk_registered{trunk="pbx"}'] == 1
        with MiniPhone(kamailio.port(), user="alice") as phone:
            phone.register()
            calls_a_telephone(gateway, phone)
            is_called_by_a_telephone(gateway, phone)
            kamailio.end()
            kamailio.start()
            phone.register()
            wait_for(lambda: is_reachable(phone), 15, lambda: f"the gateway registered anew: {state(gateway)}", every=0.3)
            assert state(gateway)["state"] == "registered"
            calls_a_telephone(gateway, phone)
            gateway.process.send_signal(signal.SIGTERM)
            assert gateway.process.wait(20) == 0
            assert "trunk pbx is no longer registered" in gateway.log()
            assert phone.invite(SPEAKER).wait_final().status == 480


def is_reachable(phone):
    call = phone.invite(SPEAKER)
    if call.wait_final().status == 200:
        call.hang_up()
        return True
    return False


def test_the_number_may_stand_in_to_alone(gateways, tmp_path):
    """A registrar that sends the Contact as it was registered: the number is in To, the caller's place is known by the Contact's line."""
    with Kamailio(tmp_path / "k", routes=NATIONAL, keeps_contact=True) as kamailio:
        gateway = gateways(sip={"trunks": [trunk(kamailio)]}, simulator={"phones": PHONES})
        wait_state(gateway, "registered")
        with MiniPhone(kamailio.port(), user="alice") as phone:
            calls_a_telephone(gateway, phone)


def test_a_wrong_password_is_said(gateways, tmp_path):
    with Kamailio(tmp_path / "k", routes=NATIONAL) as kamailio:
        gateway = gateways(sip={"trunks": [trunk(kamailio, password="guess", retry_s=30)]})
        failed = wait_state(gateway, "failed")
        assert "wrong user or password" in failed["last_error"] and failed["failures"] == 1
        assert 25 < failed["next_try_s"] <= 60
        assert "trunk pbx is not registered" in gateway.log()
        assert gateway.status.metrics()['kakehashi_trunk_registered{trunk="pbx"}'] == 0


def test_trunks_follow_the_file(gateways, tmp_path):
    """SIGHUP: a trunk comes, and goes again with its registration."""
    with Kamailio(tmp_path / "k", routes=NATIONAL) as kamailio:
        gateway = gateways(simulator={"phones": PHONES})
        assert gateway.status.get("/v1/trunks") == []
        reload(gateway, [trunk(kamailio)])
        wait_for(lambda: gateway.status.get("/v1/trunks"), 5, "the trunk")
        wait_state(gateway, "registered")
        with MiniPhone(kamailio.port(), user="alice") as phone:
            calls_a_telephone(gateway, phone)
            reload(gateway, [])
            wait_for(lambda: gateway.status.get("/v1/trunks") == [], 5, "no trunk")
            wait_for(lambda: phone.invite(SPEAKER).wait_final().status == 480, 5, "Kamailio without the gateway")


def reload(gateway, trunks):
    gateway.configuration["sip"]["trunks"] = trunks
    gateway.path.write_text(json.dumps(gateway.configuration))
    gateway.process.send_signal(signal.SIGHUP)


def test_the_second_registrar_serves(gateways, tmp_path):
    """The first refuses connections; registration and calls go to the second."""
    nobody = f"sip:127.0.0.1:{free_port()}"
    with Kamailio(tmp_path / "k", routes=NATIONAL) as kamailio:
        entry = {**trunk(kamailio, registrar=[nobody, kamailio.uri]), "transport": "tcp"}
        gateway = gateways(sip={"trunks": [entry]}, inbound={"default": "sip:alice@pbx"}, simulator={"phones": PHONES})
        assert str(kamailio.port()) in wait_state(gateway, "registered")["server"]
        with MiniPhone(kamailio.port(), user="alice") as phone:
            phone.register()
            calls_a_telephone(gateway, phone)
            is_called_by_a_telephone(gateway, phone)


def test_a_forged_registrar_is_not_let_in(gateways, tmp_path):
    """From the registrar's own address over UDP, but without the line that only the registrar knows: challenged, nothing dialled."""
    with Kamailio(tmp_path / "k", routes=NATIONAL) as kamailio:
        gateway = gateways(sip={"trunks": [trunk(kamailio)]}, simulator={"phones": PHONES})
        wait_state(gateway, "registered")
        with MiniPhone(gateway.port(), user="alice") as phone:
            assert phone.invite(SPEAKER, authenticate=False).wait_final().status == 401
        assert gateway.status.calls() == [] and gateway.status.phone(SPEAKER)["calls"] == []


def test_calls_from_an_address_with_none(gateways):
    """No registration: the address alone, as the operator said."""
    gateway = gateways(sip={"trunks": [{"name": "pbx", "addresses": ["127.0.0.1"]}]}, simulator={"phones": PHONES})
    assert state(gateway)["state"] == "accepting"
    with MiniPhone(gateway.port(), user="anybody") as phone:
        calls_a_telephone(gateway, phone)


def test_a_gateway_registers_at_another(gateways):
    """A call from the first one's telephone network goes by its trunk into the second one's, and back to be heard."""
    accounts = [{"user": "gw", "password": "secret"}]
    second = gateways(sip={"accounts": accounts}, inbound={"default": "sip:gw"}, simulator={"phones": PHONES})
    entry = {"name": "second", "registrar": f"sip:127.0.0.1:{second.port()}", "user": "gw", "password": "secret"}
    first = gateways(sip={"trunks": [entry]}, inbound={"default": f"sip:{SPEAKER}@second"}, simulator={"phones": PHONES})
    wait_state(first, "registered", name="second")
    contacts = second.status.get("/v1/accounts")[0]["contacts"]
    assert len(contacts) == 1 and "line=" in contacts[0]["uri"]
    first.status.command(CALLER, action="call", line="line1")
    wait_for(lambda: second.phone_call(SPEAKER, "talking")["level_dbm0"] > -25, 10, "the first one's telephone at the second one's")
    wait_for(lambda: first.phone_call(CALLER, "talking")["level_dbm0"] > -25, 10, "the second one's telephone at the first one's")
    first.status.command(CALLER, action="hang_up")
    assert second.ended_call(direction="outbound")["account"] == "gw"
    assert first.ended_call(direction="inbound")["answer"]
    # A gateway that restarts replaces its contact, by its instance.
    first.kill()
    first.start()
    wait_state(first, "registered", name="second")
    assert len(second.status.get("/v1/accounts")[0]["contacts"]) == 1


def test_a_registrar_that_is_silent_keeps_nothing_waiting(gateways):
    """Bound but deaf: the gateway starts at once, says that it is trying, and ends at once."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        entry = {"name": "pbx", "registrar": f"sip:127.0.0.1:{deaf.getsockname()[1]}", "user": "gw", "password": "secret"}
        began = time.monotonic()
        gateway = gateways(sip={"trunks": [entry]})
        assert state(gateway)["state"] == "trying"
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.wait(20) == 0
        assert time.monotonic() - began < 12
