"""Doubles of what gives tokens to a process: the metadata server of a machine or pod, and a token endpoint."""

import http.server
import ssl
import threading
from typing import Any
from urllib.parse import parse_qs

from tests.doubles.serving import Answer, Asked, Double, Route
from tests.governance.targets import TOKEN
from tests.runtime.authority import Authority


class Metadata(Double):
    """Google's metadata server and Azure's, in one.

    https://cloud.google.com/compute/docs/metadata/overview,
    https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
    """

    def routes(self) -> tuple[Route, ...]:
        """Give the routes of both."""
        account = "/computeMetadata/v1/instance/service-accounts/default"
        return (
            ("GET", "/", self.ping),
            ("GET", "/computeMetadata/v1/project/project-id", self.ping),
            ("GET", f"{account}/", self.account),
            ("GET", f"{account}/token", self.google),
            ("GET", "/metadata/identity/oauth2/token", self.azure),
        )

    def ping(self, asked: Asked) -> Answer:
        """Say who answers."""
        return _flavoured("project")

    def account(self, asked: Asked) -> Answer:
        """Say which service account there is."""
        return _flavoured({"email": "tallystick@project.example", "scopes": [], "aliases": []})

    def google(self, asked: Asked) -> Answer:
        """Give a token for the scopes."""
        return _flavoured({"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"})

    def azure(self, asked: Asked) -> Answer:
        """Give a token for the resource; every resource but Key Vault's has another."""
        resource = asked.query["resource"]
        token = TOKEN if resource == "https://vault.azure.net" else f"token-of-{resource}"
        return Answer(body={"access_token": token, "expires_in": "3600", "token_type": "Bearer"})


def _flavoured(body: Any) -> Answer:
    return Answer(body=body, headers={"Metadata-Flavor": "Google"})


class TokenEndpoint:
    """Entra's token endpoint, over TLS.

    https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
    """

    def __init__(self, authority: Authority) -> None:
        self.asked: list[dict[str, list[str]]] = []
        pair = authority.pair("entra")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        self._server = http.server.HTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://localhost:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}
        )

    def __enter__(self) -> "TokenEndpoint":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()


def _handler_of(endpoint: TokenEndpoint) -> type[http.server.BaseHTTPRequestHandler]:
    class Handling(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            at = f"{endpoint.url}/tenant"
            self._answer(
                f'{{"token_endpoint": "{at}/oauth2/v2.0/token", "issuer": "{at}/v2.0", '
                f'"authorization_endpoint": "{at}/oauth2/v2.0/authorize"}}'
            )

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            endpoint.asked.append(parse_qs(body.decode()))
            self._answer(
                f'{{"access_token": "{TOKEN}", "expires_in": 3600, "token_type": "Bearer"}}'
            )

        def _answer(self, text: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handling
