"""TLS 1.3 on every hop: what the server shows, what PostgreSQL must show, what the command line trusts.

On the loopback of one machine there may be none. Everywhere else there is, nothing older, and the other side is
verified by name; with a certificate of our own too, where one is set (mutual TLS).
"""

import os
import ssl
import stat
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from tallystick.kernel.hosts import is_loopback

FILE_BYTES_MAX = 65_536
CERTIFICATES_MAX = 50
RSA_BITS_MIN, RSA_BITS_MAX = 2_048, 8_192
_POSTGRES_ALPN = "postgresql"


class ServerFiles(NamedTuple):
    """What the server shows, and whose certificates it asks for; ``client_ca`` None asks for none."""

    certificate: Path
    key: Path
    client_ca: Path | None


def server_files(
    *, host: str, certificate: str, key: str, client_ca: str, now: datetime | None = None
) -> ServerFiles | None:
    """The files a server at this address needs, looked at; None on the loopback without any.

    Raises ValueError with what is wrong and how to mend it.
    """
    if not certificate:
        if key or client_ca:
            raise ValueError(
                "TALLYSTICK_TLS_KEY and TALLYSTICK_TLS_CLIENT_CA need TALLYSTICK_TLS_CERTIFICATE beside them"
            )
        if not is_loopback(host):
            raise ValueError(
                f"{host} can be reached from elsewhere, and that is done over TLS only: set "
                "TALLYSTICK_TLS_CERTIFICATE and TALLYSTICK_TLS_KEY, or TALLYSTICK_HOST to 127.0.0.1"
            )
        return None
    if not key:
        raise ValueError("TALLYSTICK_TLS_CERTIFICATE needs TALLYSTICK_TLS_KEY beside it")
    demand_pair("TALLYSTICK_TLS_CERTIFICATE", certificate, "TALLYSTICK_TLS_KEY", key, now=now)
    if client_ca:
        _certificates("TALLYSTICK_TLS_CLIENT_CA", client_ca, now=now)
    return ServerFiles(Path(certificate), Path(key), Path(client_ca) if client_ca else None)


def demand_pair(
    setting: str, certificate: str, key_setting: str, key: str, *, now: datetime | None = None
) -> None:
    """Raise ValueError unless a certificate is in force and a private key is the one it was made for."""
    shown = _certificates(setting, certificate, now=now)[0].public_key()
    if isinstance(shown, rsa.RSAPublicKey) and not RSA_BITS_MIN <= shown.key_size <= RSA_BITS_MAX:
        raise ValueError(
            f"{setting}: an RSA key has {RSA_BITS_MIN} to {RSA_BITS_MAX} bits, not {shown.key_size}"
        )
    content = _content(key_setting, key)
    if Path(key).stat().st_mode & stat.S_IRWXO:
        raise ValueError(f"{key_setting}: everybody can read {key}: chmod o-rwx it")
    try:
        private = load_pem_private_key(content, password=None)
    except TypeError:
        raise ValueError(f"{key_setting}: {key} has a password; give it without one") from None
    except (ValueError, x509.UnsupportedGeneralNameType):
        raise ValueError(f"{key_setting}: {key} is no private key in PEM") from None
    except Exception as error:
        # What cryptography does not know is told by exceptions of its own, without one name for all.
        raise ValueError(f"{key_setting}: {key} cannot be used ({error})") from None
    if _der(private.public_key()) != _der(shown):
        raise ValueError(f"{key_setting}: {key} is not the key of the certificate {certificate}")


def _der(key: Any) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _content(setting: str, path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise ValueError(f"{setting}: cannot read {path} ({error.strerror})") from None
    if len(content) > FILE_BYTES_MAX:
        raise ValueError(f"{setting}: {path} has over {FILE_BYTES_MAX} bytes: it is no certificate")
    return content


def _certificates(
    setting: str, path: str, *, now: datetime | None = None
) -> list[x509.Certificate]:
    """Read certificates in PEM, each in force. Raises ValueError."""
    try:
        found = x509.load_pem_x509_certificates(_content(setting, path))
    except ValueError as error:
        if str(error).startswith(setting):
            raise
        raise ValueError(f"{setting}: {path} is no certificate in PEM") from None
    if len(found) > CERTIFICATES_MAX:
        raise ValueError(f"{setting}: {path} has over {CERTIFICATES_MAX} certificates")
    at = now or datetime.now(UTC)
    for one in found:
        name = one.subject.rfc4514_string() or "without a name"
        if at >= one.not_valid_after_utc:
            ended = f"{one.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
            raise ValueError(f"{setting}: the certificate {name} in {path} ended on {ended}")
        if at < one.not_valid_before_utc:
            begins = f"{one.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
            raise ValueError(f"{setting}: the certificate {name} in {path} begins on {begins}")
    return found


def _client(
    *, ca_setting: str, certificate_setting: str, key_setting: str, given: Mapping[str, str]
) -> ssl.SSLContext:
    """What verifies the other side by name, from TLS 1.3 on, and shows our certificate where one is set."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    authorities = given.get(ca_setting, "")
    if authorities:
        _certificates(ca_setting, authorities)
        context.load_verify_locations(cafile=authorities)
    else:
        context.load_default_certs()
    certificate, key = given.get(certificate_setting, ""), given.get(key_setting, "")
    if bool(certificate) != bool(key):
        raise ValueError(f"{certificate_setting} and {key_setting} are set together, or neither")
    if certificate:
        demand_pair(certificate_setting, certificate, key_setting, key)
        context.load_cert_chain(certificate, key)
    return context


def client_context(environment: Mapping[str, str] | None = None) -> ssl.SSLContext:
    """What the command line trusts and shows. Raises ValueError for files that cannot be used."""
    return _client(
        ca_setting="TALLYSTICK_CA",
        certificate_setting="TALLYSTICK_CLIENT_CERTIFICATE",
        key_setting="TALLYSTICK_CLIENT_KEY",
        given=os.environ if environment is None else environment,
    )


def database_context(
    url: str, environment: Mapping[str, str] | None = None
) -> ssl.SSLContext | None:
    """What PostgreSQL at a URL is spoken to with: None on the loopback, unless a CA for it is set.

    Whatever ``sslmode`` the URL asks for, elsewhere it is this. Raises ValueError for files that cannot be used.
    """
    given = os.environ if environment is None else environment
    if not given.get("TALLYSTICK_DATABASE_CA") and all(map(is_loopback, _hosts(url, given))):
        return None
    context = _client(
        ca_setting="TALLYSTICK_DATABASE_CA",
        certificate_setting="TALLYSTICK_DATABASE_CERTIFICATE",
        key_setting="TALLYSTICK_DATABASE_KEY",
        given=given,
    )
    context.set_alpn_protocols([_POSTGRES_ALPN])
    return context


def _hosts(url: str, given: Mapping[str, str]) -> Iterator[str]:
    """The hosts that asyncpg takes from a URL: from its middle, its query, a service, or the environment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        # It is no URL, and says so when it is used.
        return
    query = parse_qs(parts.query)
    named = parts.netloc.rpartition("@")[2] or query.get("host", [""])[-1]
    if not named and ("service" in query or "PGSERVICE" in given):
        # What a file names is not looked up here, so it is not taken for this machine.
        yield "service"
    for one in (named or given.get("PGHOST", "") or "localhost").split(","):
        host = unquote(one)
        yield (
            host[: host.find("]") + 1]
            if host.startswith("[")
            else (host if host.startswith("/") else host.partition(":")[0])
        )
