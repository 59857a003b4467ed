"""Exact SIP: hold and resume, offers in the 200, CANCEL, several contacts, early offers, forked ringing."""
import time

import pytest

from kit import sip
from kit.audio import level, tone, tone_level
from kit.gateway import CALLER, ECHO, SILENT, SPEAKER
from kit.miniphone import MiniPhone
from kit.waiting import wait_for

PHONES = [{"number": SPEAKER, "answers_after_ms": 300, "says": "tone:1000", "records": "heard.wav"},
          {"number": ECHO, "answers_after_ms": 300, "says": "echo"}, {"number": SILENT, "state": "never_answers"}, {"number": CALLER, "says": "tone:800"}]


@pytest.fixture(scope="module")
def gateway(module_gateways):
    return module_gateways(lines=[{"name": "line", "count": 8, "group": "pstn", "driver": "simulated"}], simulator={"phones": PHONES})


def hears(call, frequency, seconds=0.6):
    """The level at which a softphone hears a tone now."""
    time.sleep(seconds)
    return tone_level(call.rtp.heard(since=time.monotonic() - 0.5)[-3200:], frequency)


def test_hold_and_resume(gateway):
    """Every direction of RFC 3264, clause 6.1 and 8.4, and the old 0.0.0.0; the telephone hears the softphone again afterwards."""
    with MiniPhone(gateway.port()) as phone:
        call = phone.invite(SPEAKER, play=tone(700, 60)).wait_answer()
        assert hears(call, 1000, 1.0) > -14
        assert telephone_level(gateway) > -14
        for hold, answer, softphone_hears in [("sendonly", "recvonly", False), ("inactive", "inactive", False), ("recvonly", "sendonly", True)]:
            final = call.reinvite(direction=hold)
            assert final.status == 200 and sip.Audio(final.body).direction == answer
            time.sleep(0.5)
            before = len(call.rtp.audio_packets())
            level_now = hears(call, 1000)
            assert (level_now > -14) == softphone_hears, f"{hold}: {level_now:.1f} dBm0, {len(call.rtp.audio_packets()) - before} packets"
            if hold != "sendonly":
                # The meter takes 300 ms a neper: some seconds from -10 dBm0 to comfort noise.
                wait_for(lambda: telephone_level(gateway) < -40, 3, f"{hold}: the telephone hears comfort noise")
            final = call.reinvite(direction="sendrecv")
            assert sip.Audio(final.body).direction == "sendrecv"
            assert hears(call, 1000) > -14
            wait_for(lambda: telephone_level(gateway) > -14, 2, "the telephone hears the softphone")
        final = call.reinvite(connection="0.0.0.0")
        assert final.status == 200 and sip.Audio(final.body).direction in ("recvonly", "inactive")
        assert sip.Audio(call.reinvite().body).direction == "sendrecv"
        assert hears(call, 1000) > -14
        call.hang_up()


def telephone_level(gateway, number=SPEAKER):
    time.sleep(0.5)
    return gateway.phone_call(number, "talking")["level_dbm0"]


def test_a_reinvite_without_sdp_is_answered_with_an_offer(gateway):
    with MiniPhone(gateway.port()) as phone:
        call = phone.invite(SPEAKER, play=tone(700, 20)).wait_answer()
        final = call.reinvite(with_offer=False)
        assert final.status == 200 and 0 in sip.Audio(final.body).types
        assert hears(call, 1000) > -14
        call.hang_up()


def test_an_invite_without_sdp(gateway):
    """The offer stands in the 200 (or a reliable provisional); the answer in the ACK."""
    with MiniPhone(gateway.port()) as phone:
        call = phone.invite(SPEAKER, offer=False, play=tone(700, 20)).wait_answer()
        assert sip.Audio(call.final.body).types[:1] == [0]
        assert hears(call, 1000) > -14
        assert telephone_level(gateway) > -14
        call.hang_up()


@pytest.mark.parametrize("law", ["PCMU", "PCMA"])
def test_both_laws(gateway, law):
    with MiniPhone(gateway.port()) as phone:
        call = phone.invite(SPEAKER, codecs=(law,), play=tone(700, 20)).wait_answer()
        time.sleep(1)
        assert -10.6 < tone_level(call.rtp.heard()[-3200:], 1000) < -9.4
        assert -10.6 < gateway.phone_call(SPEAKER, "talking")["level_dbm0"] < -9.4
        call.hang_up()


def test_cancel_while_ringing(gateway):
    with MiniPhone(gateway.port()) as phone:
        call = phone.invite(SILENT)
        call.wait_provisional(180)
        assert call.cancel().status == 200
        assert call.wait_final().status == 487


def test_cancel_right_away(gateway):
    """Before the first tone, and again and again: nothing is left."""
    with MiniPhone(gateway.port()) as phone:
        calls = [phone.invite(SPEAKER) for _ in range(4)]
        for call in calls:
            wait_for(lambda call=call: call.provisional or call.final, 5, "a first response", every=0.002)
            call.cancel()
        for call in calls:
            assert call.wait_final().status == 487
    gateway.wait_until_free()
    assert gateway.assert_healthy()["calls"]["active"] == 0


def test_uri_forms(gateway):
    """tel: and user=phone, with visual separators, international."""
    with MiniPhone(gateway.port()) as phone:
        host = f"127.0.0.1:{gateway.port()}"
        uris = [f"tel:+81-3-3333-1234", f"sip:+81333331234@{host};user=phone", f"sip:0333331234@{host}", "tel:3333-1234;phone-context=+813"]
        calls = [phone.invite(SPEAKER, uri=uri) for uri in uris]
        for uri, call in zip(uris, calls):
            assert call.wait_final().status == 200, f"{uri}: {call.final.start} {call.final.get('Reason')}"
        for call in calls:
            call.target = call.target or phone.uri()
            call.hang_up()
    gateway.wait_until_free()


def test_options_and_unknown_methods(gateway):
    with MiniPhone(gateway.port()) as phone:
        answer = phone.request("OPTIONS")
        assert answer.status == 200 and "INVITE" in answer.get("Allow", "")
        assert phone.request("OPTIONS", headers=[("Require", "nothing-we-have")]).status == 420
        assert phone.request("FROBNICATE").status in (405, 501)
        assert phone.request("OPTIONS", uri="http://127.0.0.1/").status == 416


# Calls from the telephone network

def ring_in(gateway, line, caller_id=None):
    order = {"action": "call", "line": line}
    if caller_id:
        order["caller_id"] = caller_id
    gateway.status.command(CALLER, **order)


@pytest.mark.parametrize("case,line", [("number", "line1"), ("withheld", "line2"), ("unavailable", "line3")])
def test_inbound_shows_the_caller(gateway, case, line):
    gateway.wait_until_free()
    with MiniPhone(gateway.port()) as phone:
        phone.register()
        ring_in(gateway, line, {"number": "0312345678", "withheld": "withheld", "unavailable": "unavailable"}[case])
        call = phone.wait_call()
        invite = call.request
        sender, asserted, privacy = invite.get("From"), invite.get("P-Asserted-Identity"), invite.get("Privacy")
        if case == "number":
            assert "0312345678" in sender or "+81312345678" in sender
            assert asserted and "312345678" in asserted
            assert privacy is None
        elif case == "withheld":
            assert "anonymous@anonymous.invalid" in sender
            assert privacy == "id" and asserted is None
        else:
            assert asserted is None and privacy is None and "312345678" not in sender
        call.answer()
        wait_for(call.acknowledged.is_set, 5, "an ACK")
        assert hears(call, 800, 1.2) > -14
        assert gateway.running_call(direction="inbound")["state"] in ("answered", "talking")
        assert call.hang_up().status == 200
        phone.register(expires=0)


def test_inbound_rings_all_contacts_and_cancels_the_others(gateway):
    gateway.wait_until_free()
    with MiniPhone(gateway.port()) as first, MiniPhone(gateway.port()) as second:
        first.register()
        second.register()
        ring_in(gateway, "line4")
        ringing = [first.wait_call(), second.wait_call()]
        ringing[1].answer()
        wait_for(ringing[1].acknowledged.is_set, 5, "an ACK")
        wait_for(ringing[0].cancelled.is_set, 3, "a CANCEL for the other")
        assert hears(ringing[1], 800, 1.2) > -14
        ringing[1].hang_up()
        first.register(expires=0)
        second.register(expires=0)


def test_inbound_that_stops_ringing_is_cancelled(gateway):
    gateway.wait_until_free()
    with MiniPhone(gateway.port()) as phone:
        phone.register()
        ring_in(gateway, "line5")
        call = phone.wait_call()
        running = gateway.running_call(direction="inbound")
        gateway.status.command(CALLER, action="hang_up")
        # Ringing stops for good when the cadence says so: 2 s of silence in Japan, and some more.
        wait_for(call.cancelled.is_set, 10, "a CANCEL")
        assert gateway.ended_call(running["id"])["end"]["by"] == "caller"
        phone.register(expires=0)


def test_inbound_rejected_by_the_softphone(gateway):
    gateway.wait_until_free()
    with MiniPhone(gateway.port()) as phone:
        phone.register()
        ring_in(gateway, "line6")
        phone.wait_call().reject(486, "Busy Here")
        time.sleep(1)
        assert gateway.phone_call(CALLER)["state"] == "ringing", "an analog line cannot be refused: it rings on"
        gateway.status.command(CALLER, action="hang_up")
        gateway.wait_until_free(12)
        phone.register(expires=0)


def test_the_caller_hangs_up_on_the_softphone(gateway):
    gateway.wait_until_free()
    with MiniPhone(gateway.port()) as phone:
        phone.register()
        ring_in(gateway, "line7")
        call = phone.wait_call()
        call.answer()
        wait_for(call.acknowledged.is_set, 5, "an ACK")
        running = gateway.running_call(direction="inbound")
        time.sleep(1)
        gateway.status.command(CALLER, action="hang_up")
        call.wait_ended(5)
        assert gateway.ended_call(running["id"])["end"]["by"] == "caller"
        phone.register(expires=0)


def test_registration_can_be_listed_and_ended(gateway):
    with MiniPhone(gateway.port(), "alice") as phone:
        answer = phone.register(expires=90)
        assert any(f":{phone.port}" in contact for contact in answer.all("Contact"))
        accounts = {row["user"]: row["contacts"] for row in gateway.status.get("/v1/accounts")}
        assert len(accounts["alice"]) == 1
        phone.register(expires=0)
        accounts = {row["user"]: row["contacts"] for row in gateway.status.get("/v1/accounts")}
        assert accounts["alice"] == []


def test_the_operator_places_and_ends_a_call(gateway):
    with MiniPhone(gateway.port(), "alice") as phone:
        phone.register()
        phone.auto_answer = True
        gateway.status.request("POST", "/v1/calls", {"number": ECHO, "to": "sip:alice"})
        call = phone.wait_call()
        running = gateway.running_call()
        wait_for(lambda: any(row["state"] in ("answered", "talking") for row in gateway.status.calls()), 10, "the telephone's answer")
        gateway.status.request("DELETE", f"/v1/calls/{running['id']}")
        call.wait_ended(3)
        phone.register(expires=0)
    gateway.wait_until_free()


def test_silence_is_silent(gateway):
    """A softphone that sends nothing, a telephone that says nothing."""
    with MiniPhone(gateway.port()) as phone:
        call = phone.invite(ECHO).wait_answer()
        time.sleep(0.5)
        assert level(call.rtp.heard()[-2400:]) < -60
        call.hang_up()
