"""What someone does to the example estate on GCP (`estates/gcp.tf`), by plain REST and no live kind of ours."""

from collections.abc import Callable
from typing import Any, Final

from tests.governance.gcp_serving import PROJECT, REGION
from tests.governance.tampering import Kind, Tampering, Values

Act = Callable[[Any, Values], Any]

COMPUTE: Final = f"/compute/v1/projects/{PROJECT}"
SQL: Final = f"/sql/v1beta4/projects/{PROJECT}/instances"
ANYONE: Final = ["0.0.0.0/0"]
MALLORY: Final = "user:mallory@example.test"


def _row(name: str, kind: Kind, subject: str, act: Act, attribute: str = "") -> Tampering:
    return Tampering(
        name=name, cloud="gcp", kind=kind, subject=subject, act=act, attribute=attribute
    )


def _bucket(change: dict[str, Any]) -> Act:
    return lambda hand, values: done(
        hand("storage").patch(f"/storage/v1/b/{values['name']}", json=change)
    )


def _reach(**changed: Any) -> Act:
    usual = {
        "publicAccessPrevention": "enforced",
        "uniformBucketLevelAccess": {"enabled": True},
    }
    return _bucket({"iamConfiguration": {**usual, **changed}})


def _firewall(**change: Any) -> Act:
    return lambda hand, values: done(
        hand("compute").patch(f"{COMPUTE}/global/firewalls/{values['name']}", json=change)
    )


def _subnet(**change: Any) -> Act:
    path = f"{COMPUTE}/regions/{REGION}/subnetworks"
    return lambda hand, values: done(hand("compute").patch(f"{path}/{values['name']}", json=change))


def _database(member: str, **change: Any) -> Act:
    """Change members of one part of an instance's settings, and leave that part's others."""

    def act(hand: Any, values: Values) -> None:
        path = f"{SQL}/{values['name']}"
        settings = hand("sql").get(path).json()["settings"]
        part = {**settings.get(member, {}), **change} if member else {}
        changed = {member: part} if member else change
        done(hand("sql").patch(path, json={"settings": changed}))

    return act


def _granted(service: str, path: str, role: str, member: str) -> Act:
    """Grant a role on something by its policy, beside what is granted already."""

    def act(hand: Any, _values: Values) -> None:
        _policy(hand(service), path, lambda policy: {**policy, "bindings": [
            *policy.get("bindings", []), {"role": role, "members": [member]}
        ]})  # fmt: skip

    return act


def _policy(client: Any, path: str, change: Callable[[Any], Any]) -> None:
    by_iam = path.startswith("/storage/")
    if by_iam:
        done(client.put(f"{path}/iam", json=change(client.get(f"{path}/iam").json())))
        return
    verb = "POST" if path.count("/") == 3 else "GET"
    policy = client.request(verb, f"{path}:getIamPolicy").json()
    done(client.post(f"{path}:setIamPolicy", json={"policy": change(policy)}))


def _without(member: str) -> Callable[[Any], Any]:
    def change(policy: Any) -> Any:
        bindings = [
            {**each, "members": [one for one in each["members"] if one != member]}
            for each in policy["bindings"]
        ]
        return {**policy, "bindings": bindings}

    return change


def _joined(role: str, member: str) -> Callable[[Any], Any]:
    def change(policy: Any) -> Any:
        bindings = [
            {**each, "members": [*each["members"], member]} if each["role"] == role else each
            for each in policy["bindings"]
        ]
        return {**policy, "bindings": bindings}

    return change


def _removed_from_bucket(hand: Any, values: Values) -> None:
    _policy(hand("storage"), f"/storage/v1/b/{values['bucket']}", _without(str(values["member"])))


def _removed_from_project(hand: Any, values: Values) -> None:
    _policy(hand("projects"), f"/v1/projects/{PROJECT}", _without(str(values["member"])))


def _joined_project(hand: Any, values: Values) -> None:
    _policy(hand("projects"), f"/v1/projects/{PROJECT}", _joined(str(values["role"]), MALLORY))


def _delete(service: str, path: str) -> Act:
    return lambda hand, _values: done(hand(service).delete(path))


def _post(service: str, path: str, body: dict[str, Any], **query: str) -> Act:
    return lambda hand, _values: done(hand(service).post(path, json=body, params=query))


def _still(hand: Any, values: Values) -> None:
    mask = {"updateMask": "rotationPeriod,nextRotationTime"}
    done(hand("kms").patch(f"/v1/{values['id']}", params=mask, json={}))


def _relabelled(hand: Any, values: Values) -> None:
    body = {"includedPermissions": ["storage.objects.get", "storage.objects.delete"]}
    done(hand("iam").patch(f"/v1/{values['name']}", json=body))


def done(answer: Any) -> None:
    """Fail where the cloud did not take it: what was not tampered with cannot be found."""
    assert answer.status_code < 300, (answer.request.method, answer.request.url, answer.text)


KEYS: Final = f"projects/{PROJECT}/locations/{REGION}/keyRings/tallystick/cryptoKeys"
ACCOUNTS: Final = f"/v1/projects/{PROJECT}/serviceAccounts"
LEDGER: Final = f"tallystick-ledger@{PROJECT}.iam.gserviceaccount.com"
STRANGER: Final = f"tallystick-stranger@{PROJECT}.iam.gserviceaccount.com"
GONE: Final = f"tallystick-gone@{PROJECT}.iam.gserviceaccount.com"
WALL: Final = {
    "name": "tallystick-stranger",
    "network": f"projects/{PROJECT}/global/networks/tallystick",
    "sourceRanges": ANYONE,
    "allowed": [{"IPProtocol": "all"}],
}
DECRYPTS: Final = "roles/cloudkms.cryptoKeyDecrypter"
READS: Final = "roles/secretmanager.secretAccessor"
SECRET: Final = f"projects/{PROJECT}/secrets/tallystick-read"
ENTERED: Final = [{"name": "home", "value": "0.0.0.0/0"}]

TAMPERINGS: Final = (
    _row(
        "prevention lifted",
        "access",
        'google_storage_bucket.main["prevented"]',
        _reach(publicAccessPrevention="inherited"),
        "public_access_prevention",
    ),
    _row(
        "access by object",
        "access",
        'google_storage_bucket.main["uniform"]',
        _reach(uniformBucketLevelAccess={"enabled": False}),
        "uniform_bucket_level_access",
    ),
    _row(
        "versions stopped",
        "other",
        'google_storage_bucket.main["unversioned"]',
        _bucket({"versioning": {"enabled": False}}),
        "versioning.0.enabled",
    ),
    _row(
        "bucket's key taken away",
        "encryption",
        'google_storage_bucket.main["unencrypted"]',
        _bucket({"encryption": {}}),
    ),
    _row(
        "bucket deleted",
        "deleted",
        'google_storage_bucket.main["deleted"]',
        _delete("storage", "/storage/v1/b/tallystick-deleted"),
    ),
    _row(
        "bucket made",
        "created",
        "google_storage_bucket:tallystick-stranger",
        lambda hand, values: done(
            hand("storage").post(
                "/storage/v1/b",
                params={"project": PROJECT},
                json={"name": "tallystick-stranger", "location": REGION},
            )
        ),
    ),
    _row(
        "bucket shown to everybody",
        "created",
        "google_storage_bucket_iam_member:tallystick-shared/roles/storage.objectViewer/allUsers",
        _granted(
            "storage",
            "/storage/v1/b/tallystick-shared",
            "roles/storage.objectViewer",
            "allUsers",
        ),
    ),
    _row(
        "reader removed",
        "deleted",
        'google_storage_bucket_iam_member.main["removed"]',
        _removed_from_bucket,
    ),
    _row(
        "firewall opened",
        "network",
        'google_compute_firewall.main["opened"]',
        _firewall(sourceRanges=ANYONE),
        "source_ranges",
    ),
    _row(
        "ports widened",
        "network",
        'google_compute_firewall.main["widened"]',
        _firewall(allowed=[{"IPProtocol": "tcp", "ports": ["0-65535"]}]),
        "allow.0.ports",
    ),
    _row(
        "rule switched off",
        "network",
        'google_compute_firewall.main["off"]',
        _firewall(disabled=True),
        "disabled",
    ),
    _row(
        "rule deleted",
        "deleted",
        'google_compute_firewall.main["deleted"]',
        _delete("compute", f"{COMPUTE}/global/firewalls/tallystick-deleted"),
    ),
    _row(
        "rule made",
        "created",
        f"google_compute_firewall:projects/{PROJECT}/global/firewalls/tallystick-stranger",
        _post("compute", f"{COMPUTE}/global/firewalls", WALL),
    ),
    _row(
        "flows no longer logged",
        "network",
        'google_compute_subnetwork.main["deaf"]',
        _subnet(logConfig={"enable": False}),
    ),
    _row(
        "Google by the internet",
        "network",
        'google_compute_subnetwork.main["astray"]',
        _subnet(privateIpGoogleAccess=False),
        "private_ip_google_access",
    ),
    _row(
        "database on the internet",
        "network",
        'google_sql_database_instance.main["public"]',
        _database("ipConfiguration", ipv4Enabled=True),
        "settings.0.ip_configuration.0.ipv4_enabled",
    ),
    _row(
        "database without TLS",
        "encryption",
        'google_sql_database_instance.main["clear"]',
        _database("ipConfiguration", sslMode="ALLOW_UNENCRYPTED_AND_ENCRYPTED"),
        "settings.0.ip_configuration.0.ssl_mode",
    ),
    _row(
        "database let in from anywhere",
        "network",
        'google_sql_database_instance.main["entered"]',
        _database("ipConfiguration", authorizedNetworks=ENTERED),
    ),
    _row(
        "backups stopped",
        "other",
        'google_sql_database_instance.main["unsaved"]',
        _database("backupConfiguration", enabled=False, pointInTimeRecoveryEnabled=False),
        "settings.0.backup_configuration.0.enabled",
    ),
    _row(
        "standby taken away",
        "other",
        'google_sql_database_instance.main["single"]',
        _database("", availabilityType="ZONAL"),
        "settings.0.availability_type",
    ),
    _row(
        "database deleted",
        "deleted",
        'google_sql_database_instance.main["deleted"]',
        _delete("sql", f"{SQL}/tallystick-deleted"),
    ),
    _row(
        "rotation stopped",
        "encryption",
        'google_kms_crypto_key.main["still"]',
        _still,
        "rotation_period",
    ),
    _row(
        "decrypter added",
        "created",
        f"google_kms_crypto_key_iam_member:{KEYS}/shared/{DECRYPTS}/{MALLORY}",
        _granted("kms", f"/v1/{KEYS}/shared", DECRYPTS, MALLORY),
    ),
    _row(
        "secret deleted",
        "deleted",
        'google_secret_manager_secret.main["deleted"]',
        _delete("secretmanager", f"/v1/projects/{PROJECT}/secrets/tallystick-deleted"),
    ),
    _row(
        "secret made",
        "created",
        f"google_secret_manager_secret:projects/{PROJECT}/secrets/stranger",
        _post(
            "secretmanager",
            f"/v1/projects/{PROJECT}/secrets",
            {"replication": {"automatic": {}}},
            secretId="stranger",
        ),
    ),
    _row(
        "secret shown",
        "created",
        f"google_secret_manager_secret_iam_member:{SECRET}/{READS}/{MALLORY}",
        _granted("secretmanager", f"/v1/{SECRET}", READS, MALLORY),
    ),
    _row(
        "account's key made",
        "created",
        f"google_service_account_key:projects/{PROJECT}/serviceAccounts/{LEDGER}/keys/*",
        _post("iam", f"{ACCOUNTS}/{LEDGER}/keys", {}),
    ),
    _row(
        "account made",
        "created",
        f"google_service_account:projects/{PROJECT}/serviceAccounts/{STRANGER}",
        _post("iam", ACCOUNTS, {"accountId": "tallystick-stranger"}),
    ),
    _row(
        "account deleted",
        "deleted",
        'google_service_account.main["gone"]',
        _delete("iam", f"{ACCOUNTS}/{GONE}"),
    ),
    _row(
        "role widened",
        "access",
        "google_project_iam_custom_role.main",
        _relabelled,
        "permissions",
    ),
    _row(
        "owner made",
        "created",
        f"google_project_iam_member:{PROJECT}/roles/owner/{MALLORY}",
        _granted("projects", f"/v1/projects/{PROJECT}", "roles/owner", MALLORY),
    ),
    _row(
        "project's member removed",
        "deleted",
        'google_project_iam_member.main["removed"]',
        _removed_from_project,
    ),
    _row(
        "joined a role",
        "access",
        "google_project_iam_binding.main",
        _joined_project,
    ),
)
