"""The record as people search it, and the check of receipts in the browser, which a lying server cannot pass."""

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from playwright.sync_api import BrowserContext, Page, Route
from playwright.sync_api import Request as Asked

from tallystick.audit.model.merkle import consistency_ranges, inclusion_ranges, leaf_hash, root_of
from tallystick.audit.model.notes import (
    Checkpoint,
    Ed25519Signer,
    parse_checkpoint,
    parse_note,
    render_checkpoint,
    render_signature,
)
from tallystick.audit.model.proof_file import LogProof, parse_proof, render_proof
from tests.apps.platform import ROOT
from tests.browser.house import NARROW, House, axe

WAIT_MS = 20_000
HOSTILE = '"><img src=x onerror=document.title="owned"><script>document.title="owned"</script>'
Change = Callable[[bytes], bytes]


@pytest.fixture(scope="module")
def act(whole_house: House) -> str:
    """The receipt's page of a transaction that the demonstration posted."""
    with whole_house.running.client() as client:
        done = client.post(
            "/v1/ledgers/main/transactions",
            json={
                "kind": "post", "id": "receipt-me", "reference": HOSTILE[:100],
                "postings": [
                    {"debit": "bank:nostro:eur", "credit": "wallets:emma-peeters:eur", "amount": 500, "asset": "EUR"}
                ],
            },
        )  # fmt: skip
        assert done.is_success, done.text
    return "/receipts/transactions/main/receipt-me"


def check(page: Page, path: str = "") -> str:
    """Press "check this"; answers what the verdict is."""
    if path:
        page.goto(path)
    page.get_by_role("button", name="Check this").click()
    page.locator("#check[data-verdict]").wait_for(timeout=WAIT_MS)
    return page.locator("#check").get_attribute("data-verdict") or ""


def grow(house: House, page: Page) -> None:
    """Have something recorded, and wait until a checkpoint covers more than the browser keeps."""
    kept, number = pin(page)["size"], uuid4().hex
    moved = {"debit": "bank:nostro:eur", "credit": "wallets:emma-peeters:eur"}
    posting = moved | {"amount": 1, "asset": "EUR"}
    with house.running.client() as client:
        body = {"kind": "post", "id": number, "postings": [posting]}
        assert client.post("/v1/ledgers/main/transactions", json=body).is_success
        for _ in range(80):
            if client.get("/v1/log").json()["published_size"] > kept:
                return
            page.wait_for_timeout(250)
    pytest.fail("no checkpoint was published")


def reasons(page: Page) -> list[str]:
    """The steps of the last check that were red."""
    found = page.locator("#check li.bad")
    return [one.get_attribute("data-step") or "" for one in found.all()]


def pin(page: Page) -> dict[str, Any]:
    """What the browser keeps of the log of this tenant; nothing else is kept."""
    if page.url == "about:blank":
        page.goto("/record/log")
    kept = json.loads(page.evaluate("localStorage.getItem('tallystick-record')"))
    ((_, found),) = kept["pins"].items()
    return found


@pytest.fixture(scope="module")
def kept(whole_house: House, act: str) -> Any:
    """What a browser keeps that checked the receipt once: its session, the key and a checkpoint."""
    page = whole_house.page("owner")
    assert check(page, act) == "first"
    assert "compare the key" in page.locator("[data-status]").inner_text()
    state = page.context.storage_state()
    whole_house.close_contexts()
    return state


@pytest.fixture
def checked(house: House, kept: Any) -> Page:
    """A browser that checked the receipt once."""
    return house.context(storage_state=kept).new_page()


def tampering(context: BrowserContext, pattern: str, change: Change) -> None:
    """Let a server between lie: what it answers at this address is changed."""

    def lie(route: Route, request: Asked) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=change(answer.body()))

    context.route(pattern, lie)


def of_receipt(change: Callable[[LogProof], LogProof]) -> Change:
    """A change of the parts of a receipt."""
    return lambda body: render_proof(change(parse_proof(body)))


def with_entry(old: str, new: str) -> Change:
    """A change of the entry's bytes."""

    def changed(proof: LogProof) -> LogProof:
        assert proof.extra is not None
        entry = proof.extra.decode()
        assert old in entry
        return replaced(proof, extra=entry.replace(old, new, 1).encode())

    return of_receipt(changed)


def replaced(proof: LogProof, **changes: Any) -> LogProof:
    kept = {name: getattr(proof, name) for name in ("index", "hashes", "checkpoint", "extra")}
    return LogProof(**kept | changes)


def test_a_receipt_is_checked_and_the_pin_moves_on(house: House, checked: Page, act: str) -> None:
    first = pin(checked)
    origin = first["origin"]
    grow(house, checked)
    assert check(checked, act) == "good"
    shown = checked.locator("[data-shown=key]").inner_text()
    assert shown.startswith(f"{origin}+")
    with house.running.client() as client:
        keys = client.get("/v1/log").json()["keys"]
    assert shown in keys
    later = pin(checked)
    assert (later["origin"], later["key"]) == (origin, first["key"])
    assert later["size"] > first["size"]
    said = checked.locator("#check").inner_text()
    assert "The log only grew" in said
    assert "ML-DSA" in said
    assert "ledger.transaction.post" in said
    assert "amounts, in minor units" in said
    assert "reference were not checked" in said
    axe(checked)


def a_payment(house: House, page: Page) -> str:
    """The id of a payment that is on record."""
    page.goto("/record?tag=payments.payment.decide")
    rows = page.locator("tbody tr")
    if rows.count() == 0:
        pay(house)
        for _ in range(20):
            page.goto("/record?tag=payments.payment.decide")
            if rows.count():
                break
            page.wait_for_timeout(500)
    payment = rows.first.locator("td").nth(3).inner_text()
    assert payment.startswith("pay_")
    return payment


def test_a_payment_has_a_receipt_that_is_checked_too(house: House, checked: Page) -> None:
    page, payment = checked, a_payment(house, checked)
    assert check(page, f"/receipts/payments/{payment}") == "good"
    assert page.locator("[data-shown=on]").inner_text() == payment
    said = page.locator("#check").inner_text()
    assert "the state since" in said
    assert "Amount, payer, payee and reference lie under the seal" in said
    axe(page)


def test_a_page_that_says_something_else_than_the_entry_is_red(checked: Page, act: str) -> None:
    for old, new in (
        ("outcome&#34;:&#34;done", "outcome&#34;:&#34;gone"),
        ("ledger.transaction.post&#34;", "ledger.transaction.void&#34;"),
        ("amounts&#34;:[500]", "amounts&#34;:[501]"),
    ):

        def changed(body: bytes, old: str = old, new: str = new) -> bytes:
            assert old in body.decode()
            return body.decode().replace(old, new).encode()

        checked.context.unroute_all()
        tampering(checked.context, f"**{act}", changed)
        assert check(checked, act) == "bad"
        assert reasons(checked) == ["differs"]


def pay(house: House) -> None:
    """Make a payment by the API."""
    file = (ROOT / "examples/pay-supplier.pain.001.001.09.xml").read_bytes()
    with house.running.client() as client:
        done = client.post(
            "/v1/payment-files", content=file, headers={"content-type": "application/xml"}
        )
        assert done.is_success, done.text


LIES = {
    "entry": (with_entry('"outcome":"done"', '"outcome":"gone"'), "proof"),
    "amount": (with_entry('"amounts":[500]', '"amounts":[900]'), "proof"),
    "seal": (with_entry('"sealed":"', '"sealed":"00'), "proof"),
    "place": (of_receipt(lambda one: replaced(one, index=one.index - 1)), "proof"),
    "proof": (
        of_receipt(lambda one: replaced(one, hashes=(bytes(32), *one.hashes[1:]))),
        "proof",
    ),
    "short proof": (of_receipt(lambda one: replaced(one, hashes=one.hashes[:-1])), "proof"),
    "long proof": (of_receipt(lambda one: replaced(one, hashes=(*one.hashes, bytes(32)))), "proof"),
    "no proof": (of_receipt(lambda one: replaced(one, hashes=())), "proof"),
    "not a receipt": (lambda body: b"<!doctype html>", "malformed"),
    "empty": (lambda body: b"", "malformed"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_receipt_that_was_changed_is_red(checked: Page, act: str, lie: str) -> None:
    change, reason = LIES[lie]
    before = pin(checked)
    tampering(checked.context, "**/file", change)
    assert check(checked, act) == "bad"
    assert reasons(checked) == [reason]
    assert "It does not hold" in checked.locator("[data-status]").inner_text()
    assert pin(checked) == before


def changed_note(body: bytes, change: Callable[[str, list[str]], tuple[str, list[str]]]) -> bytes:
    """A receipt whose checkpoint's text or signature lines were changed."""
    proof = parse_proof(body)
    text, _, lines = proof.checkpoint.decode().rpartition("\n\n")
    text, signatures = change(f"{text}\n", lines.splitlines())
    note = f"{text}\n" + "".join(f"{line}\n" for line in signatures)
    cut = body.index(b"\n\n") + 2
    return body[:cut] + note.encode()


def flipped(line: str) -> str:
    """A signature line with another signature of the same key."""
    head, _, coded = line.rpartition(" ")
    content = bytearray(base64.b64decode(coded))
    content[-1] ^= 1
    return f"{head} {base64.b64encode(bytes(content)).decode()}"


NOTES: dict[str, tuple[Callable[[str, list[str]], tuple[str, list[str]]], str]] = {
    "signature": (lambda text, lines: (text, [flipped(one) for one in lines]), "signature"),
    "no signature of the key": (lambda text, lines: (text, lines[1:]), "not_signed"),
    "size": (
        lambda text, lines: (text.replace(size_of(text), str(int(size_of(text)) + 1)), lines),
        "signature",
    ),
    "root": (
        lambda text, lines: (text.replace(text.split("\n")[2], base64.b64encode(bytes(32)).decode()), lines),
        "signature",
    ),
    "origin": (lambda text, lines: (f"another.{text}", lines), "origin"),
}  # fmt: skip


def size_of(text: str) -> str:
    """The size in a checkpoint's text."""
    return text.split("\n")[1]


@pytest.mark.parametrize("lie", NOTES)
def test_a_checkpoint_that_was_changed_is_red(checked: Page, act: str, lie: str) -> None:
    change, reason = NOTES[lie]
    tampering(checked.context, "**/file", lambda body: changed_note(body, change))
    assert check(checked, act) == "bad"
    assert reasons(checked) == [reason]


class Liar:
    """A server with a key of its own, or with the platform's, that shows another history of one entry and others."""

    def __init__(self, entry: bytes, origin: str, size: int, *, private: bytes, place: int) -> None:
        self.signer = Ed25519Signer(origin, private)
        self.leaves = [leaf_hash(b"%d" % number) for number in range(size)]
        self.leaves[place] = leaf_hash(entry)
        self.entry, self.origin, self.place = entry, origin, place

    def hashes(self, ranges: list[tuple[int, int]]) -> list[bytes]:
        return [root_of(self.leaves[start:end]) for start, end in ranges]

    def receipt(self) -> bytes:
        size = len(self.leaves)
        text = render_checkpoint(Checkpoint(self.origin, size, root_of(self.leaves)))
        signature = render_signature(self.signer.sign(text, at_s=0))
        note = f"{text}\n{signature}".encode()
        if not note.endswith(b"\n"):
            note += b"\n"
        hashes = tuple(self.hashes(inclusion_ranges(self.place, size)))
        return render_proof(LogProof(self.place, hashes, note, self.entry))

    def grown(self, url: str) -> bytes:
        asked = {name: int(found[0]) for name, found in parse_qs(urlsplit(url).query).items()}
        ranges = consistency_ranges(asked["old"], asked["new"])
        return json.dumps(asked | {"hashes": [one.hex() for one in self.hashes(ranges)]}).encode()

    def log(self) -> bytes:
        return json.dumps({"origin": self.origin, "keys": [self.signer.key.render()]}).encode()

    def takes_over(self, context: BrowserContext) -> None:
        context.route(
            "**/file", lambda route: route.fulfill(body=self.receipt(), content_type="text/plain")
        )
        context.route(
            "**/record/log",
            lambda route: route.fulfill(body=self.log(), content_type="application/json"),
        )
        context.route("**/record/grown*", lambda route: route.fulfill(
            body=self.grown(route.request.url), content_type="application/json"))  # fmt: skip


def private_key(house: House) -> bytes:
    """The key that the platform's log is signed with: the owner of all of it lies."""
    lines = (house.running.home / "record-keys").read_text().splitlines()
    (spelled,) = (line.split("+", 2)[2] for line in lines if line.split("+")[1] == "01")
    return base64.b64decode(spelled)


def real(page: Page, act: str) -> LogProof:
    """The receipt as it is."""
    return parse_proof(page.context.request.get(f"{act}/file").body())


def test_another_key_is_red(checked: Page, act: str) -> None:
    proof = real(checked, act)
    assert proof.extra is not None
    found = parse_checkpoint(parse_note(proof.checkpoint).text)
    liar = Liar(proof.extra, found.origin, found.size, private=b"\7" * 32, place=proof.index)
    liar.takes_over(checked.context)
    assert check(checked, act) == "bad"
    assert reasons(checked) == ["key_changed"]
    # Not even when it stays with what it said about the key, and signs with another.
    checked.context.unroute("**/record/log")
    assert check(checked, act) == "bad"
    assert reasons(checked) == ["not_signed"]


@pytest.mark.parametrize(("more", "reason"), [(-5, "shrunk"), (0, "forked"), (7, "forked")])
def test_a_fork_signed_with_the_right_key_is_red(
    house: House, checked: Page, act: str, more: int, reason: str
) -> None:
    proof = real(checked, act)
    assert proof.extra is not None
    origin, size = pin(checked)["origin"], pin(checked)["size"] + more
    key = private_key(house)
    liar = Liar(proof.extra, origin, size, private=key, place=min(proof.index, size - 1))
    liar.takes_over(checked.context)
    assert check(checked, act) == "bad"
    assert reasons(checked) == [reason]
    # What was shown is no less red for being shown again, and the browser keeps what it kept.
    assert pin(checked)["size"] == size - more
    assert check(checked, act) == "bad"


def test_a_fork_under_another_origin_signed_with_the_right_key_is_red(
    house: House, checked: Page, act: str
) -> None:
    proof, before = real(checked, act), pin(checked)
    assert proof.extra is not None
    size, key = before["size"] + 7, private_key(house)
    liar = Liar(proof.extra, "log.example/other", size, private=key, place=proof.index)
    liar.takes_over(checked.context)
    for _ in range(2):
        assert check(checked, act) == "bad"
        assert reasons(checked) == ["origin_changed"]
        assert pin(checked) == before


def test_another_key_is_accepted_on_purpose_and_the_log_must_go_on(checked: Page, act: str) -> None:
    proof, before = real(checked, act), pin(checked)
    assert proof.extra is not None
    # The log is what it was, and a new key signs it.
    signer = Ed25519Signer(before["origin"], b"\7" * 32)

    def signed_anew(body: bytes) -> bytes:
        found = parse_proof(body)
        text = parse_note(found.checkpoint).text
        line = render_signature(signer.sign(text, at_s=0))
        return body[: body.index(b"\n\n") + 2] + f"{text}\n{line}".rstrip("\n").encode() + b"\n"

    told = json.dumps({"origin": before["origin"], "keys": [signer.key.render()]}).encode()
    tampering(checked.context, "**/file", signed_anew)
    tampering(checked.context, "**/record/log", lambda body: told)
    assert check(checked, act) == "bad"
    assert reasons(checked) == ["key_changed"]
    shown = checked.locator("[data-shown=told]")
    assert shown.inner_text() == signer.key.render()
    axe(checked)
    checked.get_by_role("button", name="Accept what is shown now").click()
    checked.get_by_role("button", name="No, keep what is kept").click()
    assert pin(checked) == before
    checked.get_by_role("button", name="Accept what is shown now").click()
    checked.get_by_role("button", name="Yes, it is the same").click()
    checked.locator("#check[data-verdict=good]").wait_for(timeout=WAIT_MS)
    assert pin(checked)["key"] != before["key"]
    # The new key signs another past: that is no less red than before.
    size = pin(checked)["size"] + 7
    liar = Liar(proof.extra, before["origin"], size, private=b"\7" * 32, place=proof.index)
    checked.context.unroute_all()
    liar.takes_over(checked.context)
    assert check(checked, act) == "bad"
    assert reasons(checked) == ["forked"]


def test_an_older_checkpoint_is_good_when_what_was_kept_continues_it(
    house: House, checked: Page, act: str
) -> None:
    old = checked.context.request.get(f"{act}/file").body()
    assert check(checked, act) == "good"
    grow(house, checked)
    assert check(checked, act) == "good"
    before = pin(checked)
    tampering(checked.context, "**/file", lambda body: old)
    assert check(checked, act) == "good"
    assert pin(checked) == before
    # A server that answers nothing of the sizes between has lost them.
    checked.context.route("**/record/grown*", lambda route: route.fulfill(status=422, body=""))
    assert check(checked, act) == "bad"
    assert reasons(checked) == ["shrunk"]


def test_of_two_windows_the_larger_checkpoint_is_kept(
    house: House, checked: Page, act: str
) -> None:
    stored = "localStorage.getItem('tallystick-record')"
    checked.goto(act)
    small = checked.evaluate(stored)
    grow(house, checked)
    old = checked.context.request.get(f"{act}/file").body()
    other = checked.context.new_page()
    assert check(other, act) == "good"
    grow(house, other)
    assert check(other) == "good"
    large, larger = other.evaluate(stored), pin(other)
    put = "(kept) => localStorage.setItem('tallystick-record', kept)"
    other.evaluate(put, small)

    def meanwhile(route: Route) -> None:
        other.evaluate(put, large)
        route.continue_()

    # The first window began with the smaller pin, and the larger is written while it asks.
    tampering(checked.context, "**/file", lambda body: old)
    checked.context.route("**/record/grown*", meanwhile, times=1)
    assert check(checked) == "good"
    assert checked.locator("[data-step=behind]").count() == 1
    assert pin(checked) == larger


def test_a_consistency_proof_that_was_changed_is_red(checked: Page, act: str) -> None:
    def shortened(body: bytes) -> bytes:
        told = json.loads(body)
        return json.dumps(told | {"hashes": told["hashes"][:-1]}).encode()

    tampering(checked.context, "**/record/grown*", shortened)
    assert check(checked, act) == "bad"
    assert reasons(checked) == ["forked"]


def test_the_receipt_of_another_act_is_red(house: House, checked: Page, act: str) -> None:
    other = checked.context.request.get("/record/12/receipt").body()
    tampering(checked.context, "**/file", lambda body: other)
    assert check(checked, act) == "bad"
    assert reasons(checked) == ["another"]


def test_no_answer_is_neither_red_nor_green(checked: Page, act: str) -> None:
    checked.context.route("**/file", lambda route: route.fulfill(status=500, body=""))
    assert check(checked, act) == "wait"
    assert "nothing was checked" in checked.locator("[data-status]").inner_text()


def test_an_entry_is_checked_on_its_own_page(checked: Page) -> None:
    page = checked
    assert check(page, "/record/3") == "good"
    assert check(page, "/record/5") == "good"
    axe(page)


def test_the_record_is_searched_and_an_object_followed(checked: Page) -> None:
    page = checked
    page.goto("/record")
    axe(page)
    page.get_by_label("What").select_option("identity.person.add")
    page.get_by_role("button", name="Search").click()
    assert page.locator("tbody tr").count() == 4
    page.get_by_label("By").fill("nobody")
    page.get_by_role("button", name="Search").click()
    assert "No published entry fits" in page.locator("main").inner_text()
    page.goto("/record?tag=identity.person.add&until=2020-01-01")
    assert page.locator("tbody tr").count() == 0
    page.goto("/record?tag=identity.person.add")
    person = page.locator("tbody tr").first.locator("td").nth(3).inner_text()
    page.goto(f"/record/of/{person}")
    titles = page.locator("ol.life li p:first-child a").all_inner_texts()
    assert titles[0] == "Person added"
    assert "Role given" in titles
    places = [
        int(one.get_attribute("href").rpartition("/")[2])  # type: ignore[union-attr]
        for one in page.locator("ol.life li p:first-child a").all()
    ]
    assert places == sorted(places)
    axe(page)


def test_what_somebody_types_into_a_search_stays_text(checked: Page) -> None:
    page = checked
    for path in ("/record?on=", "/record?by=", "/record?tag=", "/record/of/"):
        page.goto(
            path
            + HOSTILE.replace("/", "%2F")
            .replace('"', "%22")
            .replace("<", "%3C")
            .replace(">", "%3E")
        )
        page.wait_for_load_state()
        assert page.title() != "owned"
        assert page.locator("main img").count() == 0


def test_who_may_not_read_the_record_is_told_so(house: House) -> None:
    page = house.page("clerk")
    answer = page.goto("/record")
    assert answer is not None
    assert answer.status == 403
    axe(page)


def test_the_record_fits_a_phone(checked: Page, act: str) -> None:
    page = checked
    page.set_viewport_size({"width": NARROW["width"], "height": NARROW["height"]})
    for path in ("/record", "/record/4", act):
        page.goto(path)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= NARROW["width"], path


@pytest.mark.parametrize("who", ["clerk", "approver", "bookkeeper"])
def test_whoever_may_read_a_payment_checks_its_receipt_without_the_record(
    house: House, checked: Page, who: str
) -> None:
    payment, page = a_payment(house, checked), house.page(who)
    assert check(page, f"/receipts/payments/{payment}") == "first"
    assert check(page) == "good"
    assert page.request.get("/record/3/receipt").status == 403
    assert house.asks(page, "GET", "/v1/log/tile/entries/000").status_code == 403
