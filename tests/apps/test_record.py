"""The record from the outside: who did what stands in a tenant's log, and whoever has its key can check it alone."""

import base64
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tallystick.audit.model import tiles
from tallystick.audit.model.merkle import leaf_hash, root_of, verify_consistency, verify_inclusion
from tallystick.audit.model.notes import (
    Checkpoint,
    Ed25519Signer,
    Note,
    VerifierKey,
    parse_checkpoint,
    parse_note,
    render_checkpoint,
    render_note,
    signed_by,
)
from tallystick.audit.model.proof_file import LogProof, parse_proof, render_proof
from tallystick.kernel.ids import tenant_id_of
from tallystick.runtime.embedded.waiting import eventually
from tests.apps.houses import ACTS, BOOK, House, assert_problem
from tests.apps.platform import SCHEMAS, Running
from tests.ports import free_port

LOG = "/v1/log"


def tagged(client: httpx.Client, **query: Any) -> list[dict[str, Any]]:
    """The newest entries that fit."""
    return [item["entry"] for item in client.get(f"{LOG}/entries", params=query).json()["items"]]


def published(house: House) -> int:
    return house.client.get(LOG).json()["published_size"]


def settled(house: House) -> int:
    """Wait until everything done until now is published; answers the size."""
    made = house.client.post("/v1/keys", json={"label": "mark"}).json()["key_id"]
    assert eventually(
        lambda: bool(tagged(house.client, tag="identity.key.create", on=made)), timeout_s=30
    )
    return published(house)


# ── What is on record ────────────────────────────────────────────────────────────────────────────


def test_an_act_is_told_by_whom_and_from_which_request(house: House) -> None:
    made = house.client.post("/v1/keys", json={"label": "who"})
    settled(house)
    (entry,) = tagged(house.client, on=made.json()["key_id"])
    assert entry["tag"] == "identity.key.create"
    assert entry["by"] == house.names["key_id"]
    assert entry["from"] == made.headers["x-request-id"]
    assert entry["outcome"] == "done"
    assert entry["at"].endswith("Z")
    assert len(entry["sealed"]) == 64


def test_an_id_that_a_client_gave_its_request_is_sealed_like_its_address(house: House) -> None:
    given = "ana.martin@example.com"
    made = house.client.post("/v1/keys", json={"label": "id"}, headers={"x-request-id": given})
    assert made.headers["x-request-id"] == given
    settled(house)
    (entry,) = tagged(house.client, on=made.json()["key_id"])
    assert entry["from"].startswith("req_")
    assert given not in house.client.get(f"{LOG}/entries?limit=200").text


def test_reading_personal_data_and_refusals_are_on_record(house: House) -> None:
    name = house.names["wallet"]
    before = settled(house)
    assert house.client.get(f"/v1/wallets/{name}").status_code == 200
    assert house.client.get(f"/v1/payments/{house.names['payment']}").status_code == 200
    assert house.client.post(f"/v1/wallets/{name}/unfreeze").status_code == 200  # is open: nothing
    assert house.client.post(f"/v1/wallets/{name}/reopen").status_code == 200
    assert house.client.get("/v1/wallets/nobody").status_code == 404
    assert house.client.post("/v1/wallets/nobody/freeze").status_code == 404
    malformed = house.client.post("/v1/wallets", json={"id": "a b"})
    assert malformed.status_code == 400
    after = settled(house)
    seen = [
        (entry["tag"], entry["outcome"])
        for entry in tagged(house.client, limit=after - before)
        if entry["tag"].startswith(("wallets.", "payments."))
    ]
    assert sorted(seen) == [
        ("payments.payment.read", "done"),
        ("wallets.wallet.freeze", "wallet_not_found"),
        ("wallets.wallet.read", "done"),
        ("wallets.wallet.read", "wallet_not_found"),
    ]


def test_no_entry_has_anything_that_people_chose(up: Running, house: House) -> None:
    body = {"kind": "post", "reference": "für Ana Martín", "metadata": {"note": "ana@example.com"}}
    posting = {"debit": "bank", "credit": "ana", "amount": 3, "asset": "EUR"}
    made = house.client.post(ACTS, json=body | {"id": "ana-martin-1", "postings": [posting]})
    assert made.status_code == 201
    settled(house)
    tenant_id = tenant_id_of(house.tenant)
    leaves = [
        row["entries"]
        for context in (*SCHEMAS, "audit")
        for row in up.rows(f"SELECT entries FROM {context}.leaf WHERE tenant_id = $1", tenant_id)
    ]
    written = b"".join(leaves)
    assert len(leaves) > 10
    assert b"payments.payment.decide" in written
    chosen = [
        "first secret",
        "first-",
        "Ana",
        "ana",
        "c-1",
        "main",
        "bank",
        "Martín",
        house.names["iban"],
    ]
    chosen += [
        "127.0.0.1",
        "::1",
        "example.com",
        "first key",
        "DE89",
        *map(str, house.names["iban"].split()),
    ]
    assert [text for text in chosen if text.encode() in written] == []


def test_a_key_that_is_used_signs_in_once(up: Running, house: House) -> None:
    made = house.client.post("/v1/keys", json={"label": "used"}).json()
    with up.client(made["key"]) as client:
        for _ in range(3):
            assert client.get("/v1/whoami").status_code == 200
    settled(house)
    tags = [entry["tag"] for entry in tagged(house.client, by=made["key_id"])]
    assert tags == ["identity.decision.make", "identity.caller.sign_in"]


def test_lists_are_narrowed_by_tag_subject_and_actor_and_go_on_by_their_cursor(
    house: House,
) -> None:
    settled(house)
    mine = tagged(house.client, tag="ledger.", limit=200)
    assert {entry["tag"] for entry in mine} >= {"ledger.account.open", "ledger.transaction.post"}
    assert all(entry["tag"].startswith("ledger.") for entry in mine)
    assert tagged(house.client, tag="ledger") == []
    assert tagged(house.client, by="nobody") == []
    found, after = [], None
    for _ in range(1_000):
        query = {"limit": 7} | ({} if after is None else {"after": after})
        page = house.client.get(f"{LOG}/entries", params=query).json()
        found += [item["index"] for item in page["items"]]
        after = page.get("after")
        if after is None:
            break
    assert found == sorted(found, reverse=True)
    assert len(set(found)) == len(found) >= 30
    assert found[-1] == 0


# ── Anybody can check it ─────────────────────────────────────────────────────────────────────────


def test_the_root_is_that_of_the_entries_and_signed_with_both_keys(house: House) -> None:
    state = house.client.get(LOG).json()
    answer = house.client.get(f"{LOG}/checkpoint")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    note = parse_note(answer.content)
    keys = [VerifierKey.parse(text) for text in state["keys"]]
    assert sorted(key.algorithm for key in keys) == [0x01, 0x06]
    assert all(signed_by(note, key) for key in keys)
    checkpoint = parse_checkpoint(note.text)
    assert checkpoint.origin == state["origin"] == f"tallystick.local/{house.tenant}"
    hashes, entries = list[bytes](), list[bytes]()
    for tile, width in tiles.tiles_of(checkpoint.size):
        found = house.client.get(f"{LOG}/{tiles.path_of(tile, width=width)}")
        assert found.headers["content-type"] == "application/octet-stream"
        assert "immutable" in found.headers["cache-control"]
        if tile.level == tiles.ENTRIES:
            entries += tiles.unpack(found.content)
        elif tile.level == 0:
            hashes += tiles.hashes_in(found.content)
    assert [leaf_hash(entry) for entry in entries] == hashes
    assert root_of(hashes) == checkpoint.root


def test_proofs_lead_to_the_root(house: House) -> None:
    size = settled(house)
    for index in (0, 1, size // 2, size - 1):
        proof = house.client.get(f"{LOG}/entries/{index}/proof", params={"size": size}).json()
        entry = house.client.get(f"{LOG}/entries/{index}").json()
        assert proof["leaf"] == entry["hash"]
        assert verify_inclusion(
            leaf=bytes.fromhex(proof["leaf"]),
            index=index,
            size=size,
            root=bytes.fromhex(proof["root"]),
            proof=[bytes.fromhex(one) for one in proof["hashes"]],
        )
    for old in (1, size // 2, size):
        found = house.client.get(f"{LOG}/consistency", params={"old": old, "new": size}).json()
        assert verify_consistency(
            old=old,
            new=size,
            old_root=bytes.fromhex(found["old_root"]),
            new_root=bytes.fromhex(found["new_root"]),
            proof=[bytes.fromhex(one) for one in found["hashes"]],
        )


def test_a_receipt_proves_a_transaction_and_a_payment(house: House) -> None:
    for path, tag in (
        (f"{ACTS}/{house.names['id']}/receipt", "ledger.transaction.post"),
        (f"/v1/payments/{house.names['payment']}/receipt", "payments.payment.decide"),
    ):
        proof = parse_proof(house.client.get(path).content)
        checkpoint = parse_checkpoint(parse_note(proof.checkpoint).text)
        assert proof.extra is not None
        assert f'"tag":"{tag}"'.encode() in proof.extra
        assert verify_inclusion(
            leaf=leaf_hash(proof.extra),
            index=proof.index,
            size=checkpoint.size,
            root=checkpoint.root,
            proof=proof.hashes,
        )


def test_a_refused_act_has_its_receipt_too(house: House) -> None:
    posting = {"debit": "none", "credit": "ana", "amount": 1, "asset": "EUR"}
    act = {"kind": "post", "id": "refused-1", "postings": [posting]}
    assert_problem(house.client.post(ACTS, json=act), 422, "debit_account_not_found")
    settled(house)
    proof = parse_proof(house.client.get(f"{ACTS}/refused-1/receipt").content)
    assert proof.extra is not None
    assert b'"outcome":"debit_account_not_found"' in proof.extra


# ── What is not there ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("entries/999999999", 404, "entry_not_found"),
        ("entries/-1", 400, "malformed_request"),
        ("entries/x", 400, "malformed_request"),
        ("entries/9999999999999999", 400, "malformed_request"),
        ("entries/999999999/proof", 404, "entry_not_found"),
        ("entries/5/proof?size=5", 404, "entry_not_found"),
        ("entries/0/proof?size=999999999", 422, "size_beyond_the_log"),
        ("entries/0/proof?size=-1", 400, "malformed_request"),
        ("consistency?old=1&new=999999999", 422, "size_beyond_the_log"),
        ("consistency?old=5&new=2", 400, "malformed_request"),
        ("consistency?old=-1", 400, "malformed_request"),
        ("consistency", 400, "malformed_request"),
        ("entries?limit=0", 400, "malformed_request"),
        ("entries?limit=201", 400, "malformed_request"),
        ("entries?after=-1", 400, "malformed_request"),
        ("tile/0/000", 404, "tile_not_found"),
        ("tile/0/999", 404, "tile_not_found"),
        ("tile/0/x000/000", 404, "tile_not_found"),
        ("tile/00/000.p/1", 404, "tile_not_found"),
        ("tile/64/000.p/1", 404, "tile_not_found"),
        ("tile/0/000.p/0", 404, "tile_not_found"),
        ("tile/0/000.p/256", 404, "tile_not_found"),
        ("tile/entries/0", 404, "tile_not_found"),
        ("tile/entries/000.p/255", 404, "tile_not_found"),
        ("tile/-1/000.p/1", 404, "tile_not_found"),
        ("tile/" + "x000/" * 200 + "000", 400, "malformed_request"),
        ("tile/%2e%2e/%2e%2e/checkpoint", 404, "tile_not_found"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_refused_with_its_reason(
    stranger: House, path: str, status: int, code: str
) -> None:
    problem = assert_problem(stranger.client.get(f"{LOG}/{path}"), status, code)
    assert problem["retry"] == "never"


def test_a_receipt_asked_for_at_once_is_there_or_says_when_to_come_back(house: House) -> None:
    for number in range(5):
        posting = {"debit": "bank", "credit": "ana", "amount": 1, "asset": "EUR"}
        act = {"kind": "post", "id": f"soon-{number}", "postings": [posting]}
        assert house.client.post(ACTS, json=act).status_code == 201
        answer = house.client.get(f"{ACTS}/soon-{number}/receipt")
        if answer.status_code != 200:
            problem = assert_problem(answer, 503, "not_yet_published")
            assert problem["retry"] == "later"
            assert int(answer.headers["retry-after"]) >= 1


def test_receipts_of_what_is_not_there_are_refused_by_whoever_looked(house: House) -> None:
    assert_problem(house.client.get(f"{ACTS}/none/receipt"), 404, "transaction_not_found")
    assert_problem(house.client.get(f"{BOOK}x/transactions/a/receipt"), 404, "ledger_not_found")
    assert_problem(house.client.get("/v1/payments/pay_x/receipt"), 404, "payment_not_found")


# ── On the command line ──────────────────────────────────────────────────────────────────────────


@pytest.fixture
def log(up: Running, house: House) -> list[str]:
    """Commands' words for the house's key, from the file of keys and not from the log."""
    (first, _) = up.command("audit", "keys", "--tenant", house.tenant).out.splitlines()
    return ["--key", first]


def test_a_log_is_verified_from_its_folder_its_address_and_a_package(
    up: Running, house: House, log: list[str], tmp_path: Path
) -> None:
    size = settled(house)
    mirror = up.home / "record" / house.tenant
    assert eventually(lambda: shown(mirror) >= size, timeout_s=30)
    key = str(house.client.headers["authorization"]).removeprefix("Bearer ")
    kept = tmp_path / "kept"
    kept.write_bytes((mirror / "checkpoint").read_bytes())
    package = tmp_path / "package"
    today = time.strftime("%Y-%m-%d", time.gmtime())
    made = up.command(
        "audit", "export", "--tenant", house.tenant, "--from", today, "--to", today, "--out", str(package)
    )  # fmt: skip
    assert made.code == 0, made
    for words in (
        [str(mirror)],
        [f"{up.url}/v1/log", "--token", key],
        [str(package)],
        [str(package), "--checkpoint", str(kept)],
    ):
        said = up.command("audit", "verify", *words, *log)
        assert said.code == 0, said
        assert "holds" in said.out
    assert (package / "README.md").read_text().startswith("# How to check this record")
    settled(house)
    (entry,) = tagged(house.client, tag="audit.package.export", limit=1)
    assert (entry["by"], entry["on"]) == ("operator", f"audit:log:{house.tenant}")


def shown(mirror: Path) -> int:
    """The size that a folder shows; 0 for none yet."""
    try:
        return parse_checkpoint(parse_note((mirror / "checkpoint").read_bytes()).text).size
    except FileNotFoundError:
        return 0


def test_a_changed_byte_ends_in_its_name_and_exit_code_1(
    up: Running, house: House, log: list[str], tmp_path: Path
) -> None:
    settled(house)
    package, today = tmp_path / "package", time.strftime("%Y-%m-%d", time.gmtime())
    words = ("--tenant", house.tenant, "--from", today, "--to", today, "--out", str(package))
    assert up.command("audit", "export", *words).code == 0
    whole = package / "tile" / "entries" / "000"
    bundle = whole if whole.is_file() else next(whole.parent.glob("000.p/*"))
    content = bundle.read_bytes().replace(b'"outcome":"done"', b'"outcome":"gone"', 1)
    bundle.chmod(0o644)
    bundle.write_bytes(content)
    said = up.command("audit", "verify", str(package), *log)
    assert said.code == 1
    assert "entry_does_not_fit: entry 0" in said.out


def test_a_key_is_asked_for_and_another_one_does_not_do(
    up: Running, house: House, stranger: House
) -> None:
    mirror = str(up.home / "record" / house.tenant)
    assert eventually(lambda: shown(Path(mirror)) > 0, timeout_s=30)
    said = up.command("audit", "verify", mirror)
    assert (said.code, "elsewhere" in said.err) == (1, True)
    (theirs, _) = up.command("audit", "keys", "--tenant", stranger.tenant).out.splitlines()
    said = up.command("audit", "verify", mirror, "--key", theirs)
    assert said.code == 1
    assert "wrong_origin" in said.out or "signature_missing" in said.out
    said = up.command("audit", "verify", mirror, "--key", "nonsense")
    assert (said.code, "nonsense" in said.err) == (1, True)
    said = up.command("audit", "verify", str(up.home / "nowhere"), "--key", theirs)
    assert (said.code, "no folder" in said.err) == (1, True)


def test_a_receipt_is_checked_offline(
    up: Running, house: House, log: list[str], tmp_path: Path
) -> None:
    receipt = tmp_path / "a.tlog-proof"
    receipt.write_bytes(house.client.get(f"{ACTS}/{house.names['id']}/receipt").content)
    said = up.command("audit", "check-receipt", str(receipt), *log)
    assert said.code == 0, said
    assert "proven" in said.out
    assert '"tag":"ledger.transaction.post"' in said.out
    proof = parse_proof(receipt.read_bytes())
    assert proof.extra is not None
    forged = base64.b64encode(proof.extra.replace(b'"done"', b'"gone"')).decode()
    genuine = base64.b64encode(proof.extra).decode()
    receipt.write_bytes(receipt.read_bytes().replace(genuine.encode(), forged.encode()))
    said = up.command("audit", "check-receipt", str(receipt), *log)
    assert (said.code, "is not in the log" in said.err) == (1, True)


def test_a_receipt_needs_the_key_of_its_own_log(
    up: Running, house: House, log: list[str], tmp_path: Path
) -> None:
    """The key of another log that signed in this one's name proves nothing."""
    receipt = tmp_path / "forged.tlog-proof"
    own = Ed25519Signer(f"tallystick.local/{house.tenant}", b"o" * 32)
    other = Ed25519Signer("other.example/log", b"x" * 32)
    entry = b'{"forged":true}'
    text = render_checkpoint(Checkpoint(own.key.name, 1, leaf_hash(entry)))
    for signer, code in ((other, 1), (own, 0)):
        note = Note(text, (signer.sign(text, at_s=1),))
        proof = LogProof(index=0, hashes=(), checkpoint=render_note(note), extra=entry)
        receipt.write_bytes(render_proof(proof))
        keys = ["--key", own.key.render(), "--key", other.key.render()]
        assert up.command("audit", "check-receipt", str(receipt), *keys).code == code


def test_a_folder_in_use_and_days_the_wrong_way_round_are_refused(
    up: Running, house: House, tmp_path: Path
) -> None:
    words = ("--tenant", house.tenant, "--from", "2026-01-02", "--to", "2026-01-01")
    said = up.command("audit", "export", *words, "--out", str(tmp_path / "new"))
    assert (said.code, "before --from" in said.err) == (1, True)
    words = ("--tenant", house.tenant, "--from", "2026-01-01", "--to", "2026-01-02")
    said = up.command("audit", "export", *words, "--out", str(tmp_path))
    assert (said.code, "is there" in said.err) == (1, True)
    said = up.command("audit", "export", *words, "--out", str(tmp_path / "new"))
    assert (said.code, "nothing published" in said.err) == (1, True)
    words = ("--tenant", house.tenant, "--from", "2026-01-01", "--to", "9999-12-31")
    said = up.command("audit", "export", *words, "--out", str(tmp_path / "new"))
    assert (said.code, "between 1900 and 2199" in said.err) == (1, True)
    words = ("--tenant", "tnt_0000000000001", "--from", "2026-01-01", "--to", "2199-12-31")
    said = up.command("audit", "export", *words, "--out", str(tmp_path / "new"))
    assert (said.code, "nothing published" in said.err) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_the_state_of_a_log_is_shown(up: Running, house: House) -> None:
    key = str(house.client.headers["authorization"]).removeprefix("Bearer ")
    said = up.command("audit", "state", TALLYSTICK_API_KEY=key, TALLYSTICK_URL=up.url)
    assert said.code == 0, said
    assert f"tallystick.local/{house.tenant}" in said.out
    assert "none" in said.out
    said = up.command(
        "audit", "entries", "--tag", "ledger.", TALLYSTICK_API_KEY=key, TALLYSTICK_URL=up.url
    )
    assert "ledger.transaction.post" in said.out


def test_the_platform_has_a_log_of_its_own_with_who_was_not_let_in(up: Running) -> None:
    url = f"{up.url}/v1/whoami"
    wrong = up.known["key"][:-1] + ("0" if up.known["key"][-1] != "0" else "1")
    assert httpx.get(url, headers={"authorization": f"Bearer {wrong}"}).status_code == 401
    (key, _) = up.command("audit", "keys").out.splitlines()
    mirror = up.home / "record" / "platform"

    def has_refusal() -> bool:
        bundles = mirror.glob("tile/entries/000*") if mirror.exists() else ()
        texts = [
            path.read_bytes()
            for one in bundles
            for path in (one.glob("*") if one.is_dir() else [one])
        ]
        return any(b'"outcome":"api_key_not_accepted"' in text for text in texts)

    assert eventually(has_refusal, timeout_s=30)
    assert eventually(
        lambda: up.command("audit", "verify", str(mirror), "--key", key).code == 0, timeout_s=30
    )


def test_tables_and_record_agree_and_a_name_that_nobody_has_is_refused(
    up: Running, house: House
) -> None:
    settled(house)
    said = up.command("audit", "compare", "--tenant", house.tenant, "--settle", "1")
    assert said.code == 0, said
    assert "agree" in said.out
    said = up.command("audit", "compare", "--tenant", "platform", "--settle", "1")
    assert (said.code, "agree" in said.out) == (0, True), said
    said = up.command("audit", "compare", "--tenant", "tnt_0000000000001")
    assert (said.code, "no tenant" in said.err) == (1, True)


def test_a_sequencer_without_a_database_says_so(up: Running) -> None:
    said = up.command(
        "sequence", TALLYSTICK_DATABASE_URL=f"postgresql://x:y@127.0.0.1:{free_port()}/z"
    )
    assert (said.code, "no PostgreSQL answers" in said.err) == (1, True)
