"""The server that Terraform starts as a plugin: one line on standard output, then gRPC over a socket of its own.

Source: hashicorp/go-plugin, docs/guide-plugin-write-non-go.md. The certificate lives as long as the process.
"""

import base64
import datetime
import os
import tempfile
import threading
from concurrent import futures
from typing import Any, Final

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from tf.gen import grpc_controller_pb2 as controller_pb
from tf.gen import grpc_controller_pb2_grpc as controller_rpc
from tf.gen import grpc_stdio_pb2_grpc as stdio_rpc
from tf.gen import tfplugin_pb2_grpc as rpc

from tallystick.governance.adapters.provider import pack
from tallystick.governance.adapters.provider.servicer import Servicer

WORKERS: Final = 10  # as many calls as Terraform makes at once
LONGEST: Final = 6 * 3600  # seconds; a provider that outlives its Terraform ends by itself
BIGGEST: Final = 64 << 20  # bytes of one message, as Terraform has it


def serve(name: str) -> None:
    """Serve one provider until Terraform says that it is done."""
    done = threading.Event()
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=WORKERS),
        options=[
            ("grpc.max_send_message_length", BIGGEST),
            ("grpc.max_receive_message_length", BIGGEST),
        ],
    )
    rpc.add_ProviderServicer_to_server(Servicer(pack=pack.load(name)), server)
    controller_rpc.add_GRPCControllerServicer_to_server(_Controller(done), server)
    stdio_rpc.add_GRPCStdioServicer_to_server(_Stdio(done), server)
    with tempfile.TemporaryDirectory(prefix="tallystick-") as folder:
        socket = f"{folder}/plugin"
        shown, key, certificate = _certificate()
        server.add_secure_port(f"unix:{socket}", grpc.ssl_server_credentials([(key, certificate)]))
        server.start()
        line = f"1|6|unix|{socket}|grpc|{base64.b64encode(shown).decode().rstrip('=')}"
        print(line, flush=True)  # noqa: T201 - the handshake is this line
        _wait(done, parent=os.getppid())
        server.stop(grace=1).wait(1)


def _wait(done: threading.Event, *, parent: int) -> None:
    """Wait until Terraform says that it is done, or is gone without a word, such as by a kill."""
    for _ in range(LONGEST):
        if done.wait(1) or os.getppid() != parent:
            return


class _Controller(controller_rpc.GRPCControllerServicer):
    def __init__(self, done: threading.Event):
        self._done = done

    def Shutdown(self, request: Any, context: Any) -> Any:
        self._done.set()
        return controller_pb.Empty()


class _Stdio(stdio_rpc.GRPCStdioServicer):
    """We print nothing; the stream is open as long as Terraform listens."""

    def __init__(self, done: threading.Event):
        self._done = done

    def StreamStdio(self, request: Any, context: Any) -> Any:
        return iter([])


def _certificate() -> tuple[bytes, bytes, bytes]:
    """Give a certificate for this process alone: as shown in the handshake, its key and itself as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    usage = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=1))
        .not_valid_after(now + datetime.timedelta(seconds=LONGEST))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.ExtendedKeyUsage(usage), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    encoding = serialization.Encoding
    return made.public_bytes(encoding.DER), secret, made.public_bytes(encoding.PEM)
