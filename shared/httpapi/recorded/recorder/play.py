"""Plays the requests of a scenario and writes down the answers."""

import http.client
import json
import re

from . import answers, requests

# What a proxy in front tells of the public endpoint.
FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "image.example"}

CREATE = {"do": "POST /v2/images", "send": '{"disk_format":"raw","container_format":"bare"}', "keep": "one"}
UPLOAD = {"do": "PUT /v2/images/$one/file", "octets": "x"}

VARIABLE = re.compile(r"\$([a-z]+[0-9]*)")


class Player:
    """Plays scenarios to a Glance."""

    def __init__(self, keystone, glance):
        self.port = glance.server.port
        self.tokens = dict(keystone.tokens, stranger="gAAAAABnobody")
        self.constants = {**keystone.projects, **keystone.users}
        self.glance = glance

    def play(self, asked):
        """Returns the exchanges of a scenario: each request with its answer.

        It uploads first. What Glance did before decides whether it answers creates
        with the names of its internal stores; after an upload it always does.
        """
        self.exchanges([*requests.expand(CREATE), *requests.expand(UPLOAD)])
        return self.exchanges(asked)

    def exchanges(self, asked):
        self.glance.forget()
        self.variables = dict(self.constants)
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            return [self.exchange(request) for request in asked]
        finally:
            self.connection.close()

    def exchange(self, request):
        status, headers, body = self.ask(request)
        for name, key in request.get("keep", {}).items():
            if status >= 300:
                raise RuntimeError(f"{request['do']} was to give {name}, and was answered {status}:\n{body.decode()}")
            self.variables[name] = json.loads(body)[key]
        answer = answers.kept(status, headers, body, self.variables, self.glance.folder)
        return {**request, "answer": answer}

    def ask(self, request):
        method, path = request["do"].split(" ", 1)
        connection = self.connection
        connection.putrequest(method, self.filled(path), skip_accept_encoding=True)
        if request["as"] != "anyone":
            connection.putheader("X-Auth-Token", self.tokens[request["as"]])
        for name, value in FORWARDED.items():
            connection.putheader(name, value)
        for name, value in request.get("headers", {}).items():
            connection.putheader(name, self.filled(value).encode())
        body = self.body(request)
        if request.get("chunked"):
            connection.putheader("Transfer-Encoding", "chunked")
            body = [body] if body else []
        elif body is not None:
            connection.putheader("Content-Length", len(body))
        connection.endheaders(body, encode_chunked=bool(request.get("chunked")))
        answer = connection.getresponse()
        return answer.status, answer.getheaders(), answer.read()

    def body(self, request):
        if "hex" in request:
            return bytes.fromhex(request["hex"])
        return self.filled(request["body"]).encode() if "body" in request else None

    def filled(self, text):
        """Puts the values of variables into a text."""
        return VARIABLE.sub(lambda match: self.variables[match[1]], text)
