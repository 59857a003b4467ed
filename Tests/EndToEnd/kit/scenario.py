"""sipp scenarios, written message by message; each is one call of a caller (`Caller`) or of somebody who is called (`Callee`).

Branches and tags stand in full, so that a scenario can cancel, repeat or fork what it wants to.
"""
import html

SDP = """v=0
o=- 1 {version} IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0 101
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=ptime:20
a=sendrecv"""


class Scenario:
    def __init__(self, name):
        self.name = name
        self.steps = []
        self.variables = 0
        self.version = 0

    def text(self):
        steps = "\n".join(self.steps)
        if self.variables:
            # sipp takes a variable that is only set for a mistake.
            steps += f'\n<Reference variables="{",".join(f"v{number + 1}" for number in range(self.variables))}"/>'
        return f'<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="{html.escape(self.name)}">\n{steps}\n</scenario>\n'

    def sdp(self):
        self.version += 1
        return SDP.format(version=self.version)

    def send(self, lines, body=None, again=False):
        """A message; `again`: it is sent again until an answer comes."""
        typed = ["Content-Type: application/sdp"] if body else []
        text = "\n".join([*lines, *typed, "Content-Length: [len]", "", *(body.splitlines() if body else [])])
        self.steps.append(f'<send{" retrans=" + chr(34) + "500" + chr(34) if again else ""}><![CDATA[\n{text}\n\n]]></send>')
        return self

    def pause(self, milliseconds):
        self.steps.append(f'<pause milliseconds="{milliseconds}"/>')
        return self

    def _keep(self, keep):
        """Actions that keep header values: {"From": regular expression or None} to the variables' names."""
        names, actions = {}, ""
        for header, expression in (keep or {}).items():
            self.variables += 1
            names[header] = f"[$v{self.variables}]"
            pattern = html.escape(expression or ".*")
            actions += f'<ereg regexp="{pattern}" search_in="hdr" header="{header}:" check_it="true" assign_to="v{self.variables}"/>'
        return names, f"<action>{actions}</action>" if actions else ""

    def receive(self, what, optional=False, keep=None, target=False, milliseconds=None):
        """A request's method or a response's status; `keep` names header fields whose values are wanted: they are returned as variables."""
        names, actions = self._keep(keep)
        kind = "response" if str(what).isdigit() else "request"
        more = ' optional="true"' if optional else ""
        more += ' rrs="true"' if target else ""
        more += f' timeout="{milliseconds}"' if milliseconds else ""
        self.steps.append(f'<recv {kind}="{what}"{more}>{actions}</recv>')
        return names


class Caller(Scenario):
    """Calls [service] at the gateway."""

    TARGET = "sip:[service]@[remote_ip]:[remote_port]"

    def request(self, method, sequence, headers=(), body=None, branch=None, in_dialog=True, again=True, start=None):
        target = "[next_url]" if in_dialog else self.TARGET
        to = f"To: <{self.TARGET}>" + ("[peer_tag_param]" if in_dialog else "")
        lines = [start or f"{method} {target} SIP/2.0",
                 f"Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK-[pid]-[call_number]-{branch or method + str(sequence)};rport",
                 "From: <sip:sipp@[local_ip]:[local_port]>;tag=[pid]sipp[call_number]", to, "Call-ID: [call_id]", f"CSeq: {sequence} {method}",
                 "Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>", "Max-Forwards: 70", *headers]
        return self.send(lines, body, again=again and method != "ACK")

    def invite(self, headers=(), offer=True):
        self.request("INVITE", 1, headers, self.sdp() if offer else None, in_dialog=False)
        self.receive(100, optional=True)

    def progress(self):
        """What may come before the answer and is of no matter here."""
        for status in (183, 180, 183):
            self.receive(status, optional=True)

    def answered(self, keep=None):
        return self.receive(200, target=True, keep=keep)

    def acknowledge(self, sequence=1, body=None, tag=""):
        return self.request("ACK", sequence, body=body, branch=f"ack{sequence}{tag}")

    def acknowledge_failure(self, sequence, branch):
        """The ACK of a final response that is no success: part of the INVITE's transaction."""
        return self.request("ACK", sequence, branch=branch)

    def cancel(self):
        return self.request("CANCEL", 1, branch="INVITE1", in_dialog=False)

    def hang_up(self, sequence):
        self.request("BYE", sequence)
        self.receive(200)
        return self

    def answer_request(self, values, status, reason="OK", headers=(), body=None):
        """A response to a request of the gateway whose header values were kept."""
        lines = [f"SIP/2.0 {status} {reason}", f"Via:{values['Via']}", f"From:{values['From']}", f"To:{values['To']}", "Call-ID: [call_id]",
                 f"CSeq:{values['CSeq']}", "Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>", *headers]
        return self.send(lines, body)


REQUEST = {"Via": None, "From": None, "To": None, "CSeq": None}


class Callee(Scenario):
    """Is called by the gateway."""

    def called(self):
        self.invite = self.receive("INVITE", target=True, keep=REQUEST)

    def respond(self, status, reason, tag, body=None, again=False):
        lines = [f"SIP/2.0 {status} {reason}", f"Via:{self.invite['Via']}", f"From:{self.invite['From']}", f"To:{self.invite['To']};tag={tag}",
                 "Call-ID: [call_id]", f"CSeq:{self.invite['CSeq']}", f"Contact: <sip:{tag}@[local_ip]:[local_port];transport=[transport]>"]
        return self.send(lines, body, again=again)

    def answer_last(self, status=200, reason="OK"):
        """A response to what came last."""
        return self.send([f"SIP/2.0 {status} {reason}", "[last_Via:]", "[last_From:]", "[last_To:]", "[last_Call-ID:]", "[last_CSeq:]"])

    def hang_up(self, tag, sequence=1):
        lines = ["BYE [next_url] SIP/2.0",
                 f"Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK-[pid]-[call_number]-bye{sequence};rport",
                 f"From:{self.invite['To']};tag={tag}", f"To:{self.invite['From']}", "Call-ID: [call_id]", f"CSeq: {sequence} BYE", "Max-Forwards: 70"]
        self.send(lines, again=True)
        self.receive(200)
        return self
