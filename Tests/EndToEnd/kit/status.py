"""The status socket: HTTP over a Unix socket."""
import http.client
import json
import socket
import urllib.parse


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("gateway", timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class StatusError(Exception):
    def __init__(self, code, text):
        super().__init__(f"{code}: {text}")
        self.code = code


class Status:
    def __init__(self, path, timeout=10):
        self.path = path
        self.timeout = timeout

    def request(self, method, path, body=None):
        return self.request_bytes(method, path, body).decode()

    def request_bytes(self, method, path, body=None):
        connection = UnixConnection(self.path, self.timeout)
        try:
            headers = {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            response = connection.getresponse()
            data = response.read()
        finally:
            connection.close()
        if response.status >= 300:
            raise StatusError(response.status, data.decode())
        return data

    def get(self, path):
        return json.loads(self.request("GET", path))

    def status(self):
        return self.get("/v1/status")

    def lines(self):
        return self.get("/v1/lines")

    def calls(self, ended=False):
        return self.get("/v1/calls?limit=1000" + ("&ended=true" if ended else ""))

    def metrics(self):
        """Name (with labels) to value."""
        rows = [line.rsplit(" ", 1) for line in self.request("GET", "/metrics").splitlines() if line and not line.startswith("#")]
        return {name: float(value) for name, value in rows}

    def phone(self, number):
        return self.get("/v1/simulator/phones/" + urllib.parse.quote(number, safe=""))

    def command(self, number, **order):
        self.request("POST", "/v1/simulator/phones/" + urllib.parse.quote(number, safe=""), order)
