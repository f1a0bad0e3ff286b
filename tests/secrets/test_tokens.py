"""The process's own identity, by the clouds' own libraries, against doubles of what gives tokens to a machine."""

import asyncio
import logging
import secrets
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.auth.compute_engine import _metadata

from tallystick.governance.adapters import tokens
from tallystick.governance.adapters.homes.rest import token_of_process
from tallystick.governance.adapters.live.rest.bearing import token_of
from tallystick.governance.adapters.provider.targets import TargetRefused
from tallystick.governance.adapters.tokens import NoIdentity, Tokens
from tallystick.governance.model.homes import HomeDenied, Place
from tallystick.governance.service.secrets.opening import ground_of
from tests.doubles.serving import Answer, Asked, Double, Fault
from tests.governance.targets import TOKEN
from tests.runtime.authority import Authority
from tests.secrets.identities import Metadata, TokenEndpoint
from tests.secrets.test_syncing import CLOUDS, synced, written

ARM = "https://management.azure.com/.default"
STORAGE = "https://storage.azure.com/.default"


@pytest.fixture
def metadata(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Metadata]:
    """A machine of both clouds at once, and nothing else that says who we are."""
    double = Metadata()
    host = double.start().removeprefix("http://")
    monkeypatch.setattr(_metadata, "_GCE_METADATA_HOST", host)
    monkeypatch.setenv("GCE_METADATA_IP", host)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "none"))
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", double.url)
    for name in (
        "GOOGLE_APPLICATION_CREDENTIALS", "NO_GCE_CHECK", "AZURE_CLIENT_ID", "AZURE_TENANT_ID",
        "AZURE_CLIENT_SECRET", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_AUTHORITY_HOST", "ARM_CLIENT_SECRET",
    ):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    yield double
    double.stop()


def asked_for_token(double: Double) -> list[Asked]:
    return [one for one in double.asked if one.path.endswith("/token")]


class Issuer:
    """Gives tokens that are counted, and end at a second; refuses when told to."""

    def __init__(self, *, ends: int) -> None:
        self.ends, self.given, self.refuses = ends, 0, False

    def __call__(self, scope: str) -> tuple[str, int]:
        """Give the next token of a scope."""
        if self.refuses:
            raise NoIdentity("nobody")
        self.given += 1
        return f"{scope}-{self.given}", self.ends


def test_a_token_is_renewed_before_its_end_once_however_many_ask() -> None:
    now, issuer = 0, Issuer(ends=3600)
    kept = Tokens(issuer, clock=lambda: now)
    assert kept.held("a") is None
    for at, token in ((0, "a-1"), (3359, "a-1"), (3360, "a-2")):
        now = at
        if token == "a-2":
            issuer.ends = 7200
        found = list[str]()
        ready = threading.Barrier(20)

        def ask(found: list[str] = found, ready: threading.Barrier = ready) -> None:
            ready.wait()
            found.append(kept.get("a"))

        threads = [threading.Thread(target=ask) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [token] * 20
    assert issuer.given == 2
    assert kept.get("b") == "b-3"
    assert "a-2" not in repr(kept.__dict__)


def test_a_token_that_cannot_be_renewed_is_used_to_its_end_and_asked_for_now_and_then() -> None:
    now, issuer = 0, Issuer(ends=3600)
    kept = Tokens(issuer, clock=lambda: now)
    assert kept.get("a") == "a-1"
    issuer.refuses, now = True, 3400
    assert kept.get("a") == "a-1"
    assert kept.held("a") == "a-1"
    now = 3430
    assert kept.held("a") is None
    now = 3599
    assert kept.get("a") == "a-1"
    now = 3600
    with pytest.raises(NoIdentity):
        kept.get("a")
    issuer.refuses = False
    assert kept.get("a") == "a-2"


async def test_a_pod_at_google_asks_its_metadata_server_once_for_all(
    metadata: Metadata, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = token_of_process(tokens.google(), scope=tokens.GOOGLE)
    assert set(await asyncio.gather(*(token() for _ in range(20)))) == {TOKEN}
    (asked,) = asked_for_token(metadata)
    assert asked.query["scopes"] == tokens.GOOGLE
    assert TOKEN not in caplog.text


async def test_a_pod_at_azure_has_a_token_of_its_own_for_each_service(
    metadata: Metadata, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    own = tokens.azure(is_production=True)
    for scope, told in ((tokens.KEY_VAULT, TOKEN), (ARM, None), (STORAGE, None)):
        token = token_of_process(own, scope=scope)
        resource = scope.removesuffix("/.default")
        assert set(await asyncio.gather(*(token() for _ in range(20)))) == {
            told or f"token-of-{resource}"
        }
    assert [one.query["resource"] for one in asked_for_token(metadata)] == [
        "https://vault.azure.net", "https://management.azure.com", "https://storage.azure.com",
    ]  # fmt: skip
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("cloud", ["gcp", "azure"])
async def test_who_is_given_no_token_is_told_what_to_do(metadata: Metadata, cloud: str) -> None:
    answer = Answer(
        status=403 if cloud == "gcp" else 400,
        body={"error": "invalid_request", "error_description": "Identity not found"},
        headers={"Metadata-Flavor": "Google"},
    )
    metadata.spoil(Fault(answer=answer, times=1000, path="/token$"))
    own = tokens.google() if cloud == "gcp" else tokens.azure(is_production=True)
    scope = tokens.GOOGLE if cloud == "gcp" else tokens.KEY_VAULT
    with pytest.raises(HomeDenied, match=f"{cloud} gives this process no token") as refused:
        await token_of_process(own, scope=scope)()
    assert "Identity not found" not in str(refused.value)


@pytest.mark.parametrize(
    ("cloud", "package"), [("gcp", "google.auth"), ("azure", "azure.identity")]
)
def test_a_library_that_is_not_installed_is_named_with_its_extra(
    cloud: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ValueError, match=rf"pip install 'tallystick\[{cloud}\]'"):
        tokens.google() if cloud == "gcp" else tokens.azure(is_production=True)


@pytest.fixture
def entra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TokenEndpoint]:
    """The token endpoint that the variables of a pod name."""
    authority = Authority(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.file))
    with TokenEndpoint(authority) as endpoint:
        monkeypatch.setenv("AZURE_AUTHORITY_HOST", endpoint.url)
        yield endpoint


async def test_a_workload_identity_brings_the_token_of_its_service_account(
    metadata: Metadata, entra: TokenEndpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    federated = tmp_path / "federated"
    federated.write_text("token-of-the-cluster")
    for name, value in {
        "AZURE_AUTHORITY_HOST": entra.url,
        "AZURE_TENANT_ID": "tenant",
        "AZURE_CLIENT_ID": "client",
        "AZURE_FEDERATED_TOKEN_FILE": str(federated),
    }.items():
        monkeypatch.setenv(name, value)
    own = tokens.azure(is_production=True)
    assert await token_of_process(own, scope=tokens.KEY_VAULT)() == TOKEN
    (asked,) = entra.asked
    assert asked["client_assertion"] == ["token-of-the-cluster"]
    assert asked["scope"] == [tokens.KEY_VAULT]
    assert not metadata.asked


def test_a_client_secret_that_was_lent_comes_before_what_runs_the_process(
    metadata: Metadata, entra: TokenEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", entra.url)
    lent = {"ARM_TENANT_ID": "tenant", "ARM_CLIENT_ID": "lent", "ARM_CLIENT_SECRET": "secret"}
    assert tokens.azure(is_production=True, given=lent).get(ARM) == TOKEN
    assert [one["client_id"] for one in entra.asked] == [["lent"]]
    assert not metadata.asked


def test_a_live_target_is_sent_the_token_that_is_meant_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def own() -> Tokens:
        return Tokens(lambda scope: (f"own-{scope}", 0))

    monkeypatch.setenv("ARM_ACCESS_TOKEN", "of-the-variable")
    at_azure = token_of(variable="ARM_ACCESS_TOKEN", own=own, endpoints=None, only=ARM)
    assert at_azure(ARM) == "of-the-variable"
    assert at_azure(STORAGE) == f"own-{STORAGE}"
    here = {"management": "http://127.0.0.1:1"}
    standing_in = token_of(variable="ARM_ACCESS_TOKEN", own=own, endpoints=here, only=ARM)
    assert standing_in(STORAGE) == "of-the-variable"
    monkeypatch.delenv("ARM_ACCESS_TOKEN")
    assert at_azure(ARM) == f"own-{ARM}"
    with pytest.raises(TargetRefused, match="over https alone: set ARM_ACCESS_TOKEN"):
        standing_in(ARM)


def test_a_live_target_says_that_there_is_no_identity() -> None:
    def own() -> Tokens:
        return Tokens(Issuer(ends=0))

    def nobody() -> Tokens:
        raise ValueError("needs azure-identity")

    assert token_of(variable="NONE_SUCH", own=own, endpoints=None)("a") == "a-1"
    with pytest.raises(TargetRefused, match="needs azure-identity"):
        token_of(variable="NONE_SUCH", own=nobody, endpoints=None)("a")


async def test_a_sync_without_files_of_tokens_tells_who_is_refused_and_goes_on_later(
    metadata: Metadata, homes_file: Path
) -> None:
    lines = homes_file.read_text().splitlines(keepends=True)  # noqa: ASYNC240
    aws = next(index for index, line in enumerate(lines) if line.startswith("[production.aws]"))
    kept = lines[:aws] + [line for line in lines[aws:] if not line.startswith("token_file")]
    homes_file.write_text("".join(kept))  # noqa: ASYNC240
    fault = Fault(answer=Answer(status=400, body={"error": "refused"}), times=1000, path="/oauth2/")
    metadata.spoil(fault)
    place = Place(environment="production", name=f"token-{secrets.token_hex(4)}")
    async with ground_of(
        homes_file=str(homes_file), environment="production", url="", key=""
    ) as ground:
        await written(ground, place, "first", "1")
        done, known = await synced(ground, place)
        assert [done[name].did for name in CLOUDS] == ["written", "written", "not_reached"]
        assert "azure gives this process no token" in done["azure"].why
        assert set(known.homes) == {"openbao", "aws", "gcp"}
        fault.times = 0
        done, _ = await synced(ground, place)
        assert [done[name].did for name in CLOUDS] == ["in_sync", "in_sync", "written"]
