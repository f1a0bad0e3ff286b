"""GCP's kinds against gcplocal, drongo and our double: what is made reads back, changes, is listed and goes again."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tallystick.governance.adapters.live.gcp import KINDS
from tallystick.governance.adapters.live.gcp.ground import Gcp, close_all
from tallystick.governance.adapters.live.gcp.kinds import Live
from tallystick.governance.adapters.live.gcp.served import SERVED, unkept
from tallystick.governance.adapters.live.gcp.storage import KINDS as STORAGE
from tallystick.governance.adapters.live.rest.client import TRIES_MAX
from tallystick.governance.adapters.provider.targets import Target, TargetRefused
from tallystick.governance.model.drift.echoes import without_echoes
from tallystick.governance.model.values import UNKNOWN, Estate, Resource
from tests.doubles.serving import Answer, Fault
from tests.governance import servers
from tests.governance.gcp_serving import PROJECT, REGION, Served, serving_gcp
from tests.governance.live_gcp import ASKED, CHANGED, KEPT, RING, said
from tests.governance.targets import TOKEN

Values = dict[str, Any]


class Made:
    """Everything made, by its type, and the target that has it."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.made = {kind: self.target(kind).create(kind, dict(ASKED[kind])) for kind in ASKED}

    def target(self, kind: str) -> Target:
        target = KINDS[kind](self.served.setting)
        assert target is not None, f"{kind} has no target"
        return target


@pytest.fixture(scope="module")
def made() -> Iterator[Made]:
    with pytest.MonkeyPatch.context() as patch, serving_gcp() as served:
        patch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", TOKEN)
        yield Made(served)


@pytest.mark.parametrize("kind", ASKED)
def test_what_is_made_reads_back_as_it_was_asked_for(made: Made, kind: str) -> None:
    told = made.made[kind]
    asked = {name: value for name, value in ASKED[kind].items() if name != "project"}
    assert said(asked, told), told
    assert told["id"]
    assert made.target(kind).read(kind, told) == told


@pytest.mark.parametrize("kind", ASKED)
def test_an_id_is_enough_to_find_it(made: Made, kind: str) -> None:
    told = made.target(kind).read(kind, {"id": made.made[kind]["id"]})
    assert told is not None
    assert told["id"] == made.made[kind]["id"]


@pytest.mark.parametrize("kind", [each for each in ASKED if not each.endswith("_binding")])
def test_it_is_listed_with_what_it_is(made: Made, kind: str) -> None:
    ids = [each["id"] for each in made.target(kind).list(kind)]
    assert ids.count(made.made[kind]["id"]) == 1


@pytest.mark.parametrize("kind", CHANGED)
def test_it_is_changed_in_place(made: Made, kind: str) -> None:
    target, prior = made.target(kind), made.made[kind]
    wanted = {**prior, **CHANGED[kind]}
    told = target.update(kind, prior, wanted)
    assert said(CHANGED[kind], told), told
    assert target.read(kind, told) == told
    assert target.update(kind, told, prior)["id"] == prior["id"]
    assert said({name: prior[name] for name in CHANGED[kind]}, target.read(kind, prior))


def test_what_stands_there_already_is_not_made_again(made: Made) -> None:
    with pytest.raises(TargetRefused, match="import it"):
        made.target("google_kms_key_ring").create(
            "google_kms_key_ring", ASKED["google_kms_key_ring"]
        )


def test_a_locked_retention_stays_locked_by_a_call_of_its_own(made: Made) -> None:
    with made.served.hand(TOKEN) as hand:
        bucket = hand("storage").get("/storage/v1/b/bucket").json()
    assert bucket["retentionPolicy"] == {"retentionPeriod": "86400", "isLocked": True}


def test_of_two_who_write_a_policy_the_second_tries_again(made: Made) -> None:
    kind = "google_kms_key_ring_iam_member"
    double, target = made.served.double, made.target(kind)
    double.spoil(Fault(answer=Answer(status=409, body={}), path=":setIamPolicy"))
    other = {**ASKED[kind], "role": "roles/cloudkms.importer"}
    told = target.create(kind, other)
    assert target.read(kind, made.made[kind]) is not None
    target.delete(kind, told)
    assert target.read(kind, told) is None


def test_everything_can_be_deleted_and_deleted_again(made: Made) -> None:
    for kind in reversed(ASKED):
        target, values = made.target(kind), made.made[kind]
        target.delete(kind, values)
        target.delete(kind, values)
        if kind not in KEPT:
            assert target.read(kind, values) is None, kind
            assert values["id"] not in [each["id"] for each in target.list(kind)]


def test_every_kind_is_tried_here_or_is_another_s_twin() -> None:
    pairs = {each.rsplit("_", 1)[0] for each in ASKED if "_iam_" in each}
    tried = {*ASKED, *(f"{each}_{sort}" for each in pairs for sort in ("member", "binding"))}
    unserved = {each for each in KINDS if not any(each in kinds for kinds in SERVED.values())}
    assert set(KINDS) - tried == unserved


def echoes(kind: str, values: Values, *, listed: list[Values]) -> set[str]:
    """Give the attributes that nobody claims for live."""
    made = Resource(address=f"{kind}.made", type=kind, name="made", values=values, target="drongo")
    live = Estate(cloud="gcp", environment="staging", moment="live", resources=(made,))
    (heard,) = without_echoes(live=live, listed={kind: listed}).resources
    return {name for name, value in heard.values.items() if value is UNKNOWN}


def test_drongo_keeps_what_is_claimed_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", TOKEN)
    with servers.drongo() as url:
        services = ("storage", "kms", "secretmanager")
        setting = {
            "project": PROJECT,
            "regions": [REGION],
            "endpoints": dict.fromkeys(services, url),
            "names": dict.fromkeys(services, "drongo"),
        }
        try:
            for kind in [each for each in ASKED if each in SERVED["drongo"]]:
                target = KINDS[kind](setting)
                assert target is not None
                told = target.create(kind, ASKED[kind])
                assert target.name == "drongo"
                again = target.read(kind, {"id": told["id"]})
                assert again is not None
                dropped = unkept("drongo", kind)
                asked = {k: v for k, v in ASKED[kind].items() if k != "project"}
                assert said(asked, told)
                assert target.read(kind, told) == told
                assert not any(again.get(each) for each in dropped), "it is kept after all"
                echoed = echoes(kind, told, listed=target.list(kind))
                assert set(dropped) & set(told) <= echoed, kind
                # Terraform's own word on destroying, which no cloud knows.
                assert echoed & set(asked) <= {*dropped, "force_destroy"}, kind
        finally:
            close_all()
        assert KINDS["google_kms_crypto_key_iam_member"](setting) is None
        assert KINDS["google_compute_network"](setting) is None


# Refusals: nothing half made, nothing tried for ever, and what to do next.


def _bucket_at(url: str, pauses: list[int]) -> tuple[Gcp, Live]:
    gcp = Gcp(
        project=PROJECT,
        endpoints={"storage": url},
        names={"storage": "gcplocal"},
        token=lambda: TOKEN,
        pause=pauses.append,
    )
    return gcp, Live(gcp=gcp, kind=STORAGE["google_storage_bucket"])


def test_a_server_that_is_down_is_told_after_few_tries() -> None:
    pauses: list[int] = []
    gcp, live = _bucket_at(f"http://127.0.0.1:{servers.free_port()}", pauses)
    with pytest.raises(TargetRefused, match=r"does not answer.*run the same again"):
        live.read("google_storage_bucket", {"id": "b"})
    gcp.close()
    assert len(pauses) == TRIES_MAX - 1


@pytest.mark.parametrize(
    ("status", "words"), [(401, "get a new one"), (403, "ask for the role"), (429, "wait a minute")]
)
def test_a_refusal_says_how_to_go_on(made: Made, status: int, words: str) -> None:
    double, pauses = made.served.double, list[int]()
    error = {"error": {"code": status, "message": "no, not you"}}
    double.spoil(Fault(answer=Answer(status=status, body=error), times=TRIES_MAX, path="/secrets/"))
    gcp = Gcp(
        project=PROJECT,
        endpoints={"secretmanager": double.url},
        token=lambda: TOKEN,
        pause=pauses.append,
    )
    with pytest.raises(TargetRefused, match=f"no, not you.*{words}"):
        gcp.find("secretmanager", f"/v1/projects/{PROJECT}/secrets/x")
    gcp.close()
    double.faults.clear()
    assert len(pauses) == (TRIES_MAX - 1 if status == 429 else 0)


def test_patience_that_is_asked_for_is_given_within_bounds(made: Made) -> None:
    double, pauses = made.served.double, list[int]()
    for asked in ("3", "86400"):
        answer = Answer(status=503, headers={"Retry-After": asked})
        double.spoil(Fault(answer=answer, path="/keyRings/ring$"))
    gcp = Gcp(
        project=PROJECT, endpoints={"kms": double.url}, token=lambda: TOKEN, pause=pauses.append
    )
    assert gcp.find("kms", f"/v1/{RING}") is not None
    gcp.close()
    assert pauses == [3, 8]


def test_what_cannot_be_finished_is_taken_away_again(made: Made) -> None:
    """The retention cannot be locked, so the bucket that was made for it goes."""
    asked: list[str] = []

    def answers(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.method} {request.url.path}")
        if request.url.path.endswith("lockRetentionPolicy"):
            return httpx.Response(403, json={"error": {"message": "not you"}})
        body = {"name": "b", "location": REGION, "metageneration": "1"}
        return httpx.Response(200, json={**body, "retentionPolicy": {"retentionPeriod": "1"}})

    gcp, live = _bucket_at("http://127.0.0.1:1", [])
    client = gcp.client("storage")
    client.close()
    client._http = httpx.Client(transport=httpx.MockTransport(answers))
    policy = [{"retention_period": 1, "is_locked": True}]
    with pytest.raises(TargetRefused, match="not you"):
        live.create("google_storage_bucket", {"name": "b", "retention_policy": policy})
    gcp.close()
    assert asked[-1] == "DELETE /storage/v1/b/b"
