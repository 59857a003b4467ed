"""SIP messages and digest, as little as an exact scenario needs."""
import hashlib
import re
import secrets


class Message:
    def __init__(self, start, headers, body=b""):
        self.start = start
        self.headers = headers
        self.body = body

    @classmethod
    def parse(cls, data):
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode("utf-8", "replace").split("\r\n")
        headers = []
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers.append((name.strip(), value.strip()))
        return cls(lines[0], headers, body)

    @property
    def status(self):
        match = re.match(r"SIP/2\.0 (\d{3})", self.start)
        return int(match.group(1)) if match else None

    @property
    def method(self):
        return None if self.status else self.start.split()[0]

    @property
    def uri(self):
        return self.start.split()[1]

    def get(self, name, default=None):
        return next((value for key, value in self.headers if key.lower() == name.lower()), default)

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def branch(self):
        match = re.search(r"branch=([^;,\s]+)", self.get("Via", ""))
        return match.group(1) if match else None

    @property
    def cseq(self):
        match = re.fullmatch(r"(\d+)\s+(\S+)", self.get("CSeq", ""))
        return (int(match.group(1)), match.group(2)) if match else (0, None)

    def tag(self, header):
        match = re.search(r";\s*tag=([^;\s]+)", self.get(header, ""))
        return match.group(1) if match else None

    def contact_uri(self):
        contact = self.get("Contact", "")
        match = re.search(r"<([^>]+)>", contact)
        return match.group(1) if match else contact.split(";")[0].strip()

    def reason(self):
        """(Q.850 cause, text) of the Reason header, or None."""
        value = self.get("Reason")
        if value is None:
            return None
        cause = re.search(r"cause\s*=\s*(\d+)", value)
        text = re.search(r'text\s*=\s*"([^"]*)"', value)
        return int(cause.group(1)) if cause else None, text.group(1) if text else None

    def bytes(self):
        headers = [(name, value) for name, value in self.headers if name.lower() != "content-length"]
        headers.append(("Content-Length", str(len(self.body))))
        return "\r\n".join([self.start, *(f"{name}: {value}" for name, value in headers), "", ""]).encode() + self.body

    def __repr__(self):
        return f"<{self.start}>"


def addresses(values):
    """The addresses in brackets of header values, with their parameters, in order."""
    return [match.strip() for value in values for match in re.findall(r"<[^>]*>[^,]*", value)]


def new_branch():
    return "z9hG4bK" + secrets.token_hex(8)


def response(request, status, reason, headers=(), body=b"", tag=None):
    copied = [(name, value) for name, value in request.headers if name.lower() in ("via", "from", "call-id", "cseq", "record-route")]
    to = request.get("To")
    if tag and not request.tag("To"):
        to += f";tag={tag}"
    return Message(f"SIP/2.0 {status} {reason}", [*copied, ("To", to), *headers], body)


def parameters(challenge):
    return {key.lower(): quoted or plain for key, quoted, plain in re.findall(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,]+))', challenge)}


def authorization(challenge, user, password, method, uri, algorithm=None):
    """The value of an Authorization header for a Digest challenge (RFC 7616, RFC 8760)."""
    given = parameters(challenge)
    name = given.get("algorithm", "MD5")
    digest = hashlib.sha256 if name.upper() == "SHA-256" else hashlib.md5

    def hashed(text):
        return digest(text.encode()).hexdigest()

    cnonce = secrets.token_hex(8)
    first, second = hashed(f"{user}:{given['realm']}:{password}"), hashed(f"{method}:{uri}")
    quality = "auth" if "auth" in given.get("qop", "").split(",") or given.get("qop") else None
    if quality:
        answer = hashed(f"{first}:{given['nonce']}:00000001:{cnonce}:{quality}:{second}")
    else:
        answer = hashed(f"{first}:{given['nonce']}:{second}")
    value = (f'Digest username="{user}", realm="{given["realm"]}", nonce="{given["nonce"]}", uri="{uri}", '
             f'response="{answer}", algorithm={name}')
    if quality:
        value += f', qop={quality}, nc=00000001, cnonce="{cnonce}"'
    if "opaque" in given:
        value += f', opaque="{given["opaque"]}"'
    return value


def offer(port, host="127.0.0.1", codecs=("PCMU",), events=101, direction="sendrecv", version=1, connection=None, extra=()):
    """A session description of one audio stream."""
    numbers = {"PCMU": 0, "PCMA": 8}
    types = [str(numbers[codec]) for codec in codecs] + ([str(events)] if events else [])
    lines = ["v=0", f"o=- 4711 {version} IN IP4 {host}", "s=-", f"c=IN IP4 {connection or host}", "t=0 0",
             f"m=audio {port} RTP/AVP {' '.join(types)}"]
    lines += [f"a=rtpmap:{numbers[codec]} {codec}/8000" for codec in codecs]
    if events:
        lines += [f"a=rtpmap:{events} telephone-event/8000", f"a=fmtp:{events} 0-15"]
    lines += ["a=ptime:20", f"a={direction}", *extra]
    return ("\r\n".join(lines) + "\r\n").encode()


class Audio:
    """What an SDP says of its audio stream."""

    def __init__(self, body):
        text = body.decode()
        match = re.search(r"^m=audio (\d+) (\S+) (.*?)\r?$", text, re.M)
        assert match, f"no audio in {text!r}"
        self.text = text
        self.port = int(match.group(1))
        self.types = [int(number) for number in match.group(3).split()]
        self.host = re.search(r"^c=IN IP[46] (\S+?)\r?$", text, re.M).group(1)
        events = re.search(r"^a=rtpmap:(\d+) telephone-event/8000", text, re.M)
        self.events = int(events.group(1)) if events else None
        direction = re.search(r"^a=(sendrecv|sendonly|recvonly|inactive)", text, re.M)
        self.direction = direction.group(1) if direction else "sendrecv"
