"""Key rings, keys and secrets.

Sources: https://cloud.google.com/kms/docs/reference/rest and https://cloud.google.com/secret-manager/docs/reference/rest.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from tallystick.governance.adapters.live.gcp.ground import Gcp
from tallystick.governance.adapters.live.gcp.kinds import Json, Kind, located
from tallystick.governance.adapters.live.rest.shapes import At, Block, Shape, Values, told

RINGS: Final = "/v1/projects/{project}/locations/{location}/keyRings"


def name_of(path: str) -> str:
    """Give the last part of a resource's name."""
    return path.rsplit("/", 1)[-1]


def key_rings(gcp: Gcp) -> Iterable[Values]:
    """Give every key ring of every location, by its whole name."""
    for parent in located(gcp):
        path = RINGS.format(**parent)
        for ring in gcp.pages("kms", path, "keyRings"):
            yield {"key_ring": ring["name"]}


KEY: Final[Shape] = {
    "name": At(place="name", back=name_of, told=True),
    "purpose": At(place="purpose", default="ENCRYPT_DECRYPT", fixed=True),
    "labels": "labels",
    "rotation_period": At(place="rotationPeriod", fixed=True),
    "destroy_scheduled_duration": At(
        # Thirty days: https://cloud.google.com/kms/docs/destroy-restore.
        place="destroyScheduledDuration",
        default="2592000s",
        fixed=True,
    ),
    "import_only": At(place="importOnly", default=False, fixed=True),
    "version_template": Block(
        place="versionTemplate",
        shape={
            "algorithm": "algorithm",
            "protection_level": At(place="protectionLevel", default="SOFTWARE", fixed=True),
        },
        default={"algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION", "protection_level": "SOFTWARE"},
    ),
    "primary": Block(place="primary", shape={"name": told("name"), "state": told("state")}),
}


def _turning(gcp: Gcp, period: str) -> Values:
    """Say how often a key is renewed, and the first time: GCP wants both."""
    at = gcp.clock() + int(period.rstrip("s").split(".")[0])
    first = datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
    return {"rotationPeriod": period, "nextRotationTime": first}


def _turned(gcp: Gcp, body: Json, first: bool) -> Json:
    period = body.get("rotationPeriod")
    return {**body, **_turning(gcp, str(period))} if period else body


def _turn(gcp: Gcp, path: str, prior: Values, values: Values) -> None:
    """Change how often a key is renewed: two fields that go together."""
    period = values.get("rotation_period")
    if period != prior.get("rotation_period"):
        fields = {"updateMask": "rotationPeriod,nextRotationTime"}
        body = _turning(gcp, str(period)) if period else {}
        gcp.client("kms").ask("PATCH", path, query=fields, body=body)


def _destroyed(body: Json) -> bool:
    """Tell whether a key's only use is past: GCP keeps its name for ever."""
    return (body.get("primary") or {}).get("state") in ("DESTROYED", "DESTROY_SCHEDULED")


def _destroy(gcp: Gcp, path: str) -> None:
    """Destroy a key's versions and stop its rotation: GCP keeps the key's name for ever."""
    if gcp.find("kms", path) is None:
        return
    client = gcp.client("kms")
    for version in gcp.pages("kms", f"{path}/cryptoKeyVersions", "cryptoKeyVersions"):
        if version.get("state") not in ("DESTROYED", "DESTROY_SCHEDULED"):
            client.ask("POST", f"/v1/{version['name']}:destroy", body={})
    fields = {"updateMask": "rotationPeriod,nextRotationTime"}
    client.ask("PATCH", path, query=fields, body={}, good=(404,))


def _leave(gcp: Gcp, path: str) -> None:
    """Leave a key ring where it is: GCP deletes none."""


_REPLICA: Final[Shape] = {
    "location": "location",
    "customer_managed_encryption": Block(
        place="customerManagedEncryption", shape={"kms_key_name": "kmsKeyName"}
    ),
}
SECRET: Final[Shape] = {
    "secret_id": At(place="name", back=name_of, told=True),
    "name": told("name"),
    "labels": "labels",
    "annotations": "annotations",
    "expire_time": "expireTime",
    "ttl": At(place="ttl", fixed=True),
    "version_destroy_ttl": "versionDestroyTtl",
    "create_time": told("createTime"),
    "replication": Block(
        place="replication",
        shape={
            "auto": Block(
                place="automatic",
                bare=True,
                shape={
                    "customer_managed_encryption": Block(
                        place="customerManagedEncryption", shape={"kms_key_name": "kmsKeyName"}
                    )
                },
            ),
            "user_managed": Block(
                place="userManaged",
                shape={"replicas": Block(place="replicas", many=True, shape=_REPLICA)},
            ),
        },
    ),
    "rotation": Block(
        place="rotation",
        shape={"next_rotation_time": "nextRotationTime", "rotation_period": "rotationPeriod"},
    ),
    "topics": Block(place="topics", many=True, shape={"name": "name"}),
}

KINDS: Final[dict[str, Kind]] = {
    "google_kms_key_ring": Kind(
        service="kms",
        id="projects/{project}/locations/{location}/keyRings/{name}",
        at=RINGS + "/{name}",
        within=RINGS,
        items="keyRings",
        named="keyRingId",
        parents=located,
        shape={"name": At(place="name", back=name_of, told=True)},
        drop=_leave,
    ),
    "google_kms_crypto_key": Kind(
        service="kms",
        id="{key_ring}/cryptoKeys/{name}",
        at="/v1/{key_ring}/cryptoKeys/{name}",
        within="/v1/{key_ring}/cryptoKeys",
        items="cryptoKeys",
        named="cryptoKeyId",
        parents=key_rings,
        shape=KEY,
        masked=True,
        dress=_turned,
        change=_turn,
        drop=_destroy,
        gone=_destroyed,
        labelled=True,
    ),
    "google_secret_manager_secret": Kind(
        service="secretmanager",
        id="projects/{project}/secrets/{secret_id}",
        at="/v1/projects/{project}/secrets/{secret_id}",
        within="/v1/projects/{project}/secrets",
        items="secrets",
        named="secretId",
        shape=SECRET,
        masked=True,
        labelled=True,
        also=lambda live: {
            "effective_annotations": live.get("annotations"),
        },
    ),
}
