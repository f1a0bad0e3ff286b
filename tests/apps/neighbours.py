"""Two tenants side by side, each with everything in it, and the word of its own in every text that is free."""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tallystick.apps.compose import doors_of_identity_on
from tallystick.apps.identifying import IdentityDoors
from tallystick.apps.parts import Urls
from tallystick.governance.adapters.policies import load_catalogue
from tallystick.identity.api.people import AddPerson
from tallystick.identity.api.providers import SetOidcProvider
from tallystick.identity.api.rights import GiveRole
from tallystick.identity.api.substitutions import ReportCopies, ReportTrial, SwitchOver
from tallystick.identity.model import totp
from tallystick.identity.model.client_assertion import ASSERTION_TYPE
from tallystick.identity.model.jws import encoded
from tallystick.kernel.callers import Caller
from tallystick.kernel.ids import tenant_id_of
from tallystick.kernel.instants import DAY, render
from tallystick.runtime.configuration import read_settings
from tallystick.runtime.embedded.waiting import eventually
from tests.apps.houses import KEY
from tests.apps.platform import Reached
from tests.governance.clouds import plan_json, state_json
from tests.identity.authenticator import Passkey
from tests.identity.saml_provider import certificate_for
from tests.identity.signing import Signer
from tests.loops import to_end
from tests.payments.orders import Order, initiation

REDIRECT = "http://127.0.0.1:9/back"
ROLES = (
    "owner", "bank_manager", "treasurer", "approver", "auditor", "cloud_runner", "cloud_approver",
    "cloud_operator", "secret_rotator",
)  # fmt: skip
POSTS = 300
AGREED_MAX = 3
XML = {"content-type": "application/xml"}


class Seat:
    """Somebody of a tenant who asks over HTTP: a person in a session, or a key."""

    def __init__(self, up: Reached, credential: str, *, name: str) -> None:
        self.name, self.credential = name, credential
        self.client = up.client(credential)
        self.second: Seat | None = None
        self.passkey: Passkey | None = None

    def ask(self, method: str, path: str, body: Any = None, **words: Any) -> httpx.Response:
        """Ask, and where another person must agree, let them, and ask the very same again."""
        if body is not None:
            words["json"] = body
        for _ in range(AGREED_MAX):
            answer = self.client.request(method, path, **words)
            if self.second is None or code_of(answer) != "approval_needed":
                return answer
            self.second.agree(answer.json()["fields"]["approval"])
        return answer

    def done(self, method: str, path: str, body: Any = None, **words: Any) -> Any:
        """Ask for what must be done; answers the JSON of it."""
        answer = self.ask(method, path, body, **words)
        assert answer.is_success, (self.name, method, path, answer.text)
        return answer.json()

    def agree(self, approval: str) -> None:
        """Agree to what somebody asked for, by a passkey where nothing less will do."""
        path = f"/v1/approvals/{approval}"
        answer = self.client.post(f"{path}/approve", json={})
        if code_of(answer) == "passkey_needed":
            assert self.passkey is not None
            asked = self.done("POST", f"{path}/challenge")
            body = {
                "challenge": asked["challenge"],
                "credential": self.passkey.get(asked["options"]),
            }
            answer = self.client.post(f"{path}/approve", json=body)
        assert answer.is_success, answer.text


class Neighbour:
    """A tenant with everything in it, made through what is open to those who use the platform."""

    def __init__(self, up: Reached, word: str) -> None:
        self.up, self.word, self.iban = up, word, iban_of(word)
        (key,) = KEY.findall(up.command("tenant", "create", f"{word} bank").out)
        self.first = Seat(up, key, name="first key")
        self.tenant = self.first.done("GET", "/v1/whoami")["tenant"]
        self.people = to_end(self._people())
        self.owner, self.other = self._enter("owner"), self._enter("other")
        self.owner.second, self.other.second = self.other, self.owner
        self.clerk = self._enter("clerk")
        self.key = self._key()
        self.names: dict[str, str] = {
            "tenant": self.tenant, "word": word, "reference": f"{word} held", "group": f"{word} group",
            "message": f"{word}-M", "owner_reference": f"{word}-c", "subject": f"{word}-clerk",
            "entity": f"https://{word}.example/idp", "context": "wallets",
        }  # fmt: skip
        for build in (self._rights, self._books, self._wallets, self._payments, self._clouds, self._third_party,
                      self._left_open):  # fmt: skip
            build()
        self._read_record()

    @property
    def seats(self) -> tuple[Seat, Seat]:
        """Who asks with every right: a key and a person."""
        return self.key, self.owner

    def close(self) -> None:
        """Close the connections of all its people and keys."""
        for seat in (self.first, self.owner, self.other, self.clerk, self.key):
            seat.client.close()

    async def _people(self) -> dict[str, str]:
        settings = read_settings(self.up.env | {"TALLYSTICK_DEVELOPMENT": "1"})
        caller = Caller(tenant_id=tenant_id_of(self.tenant), actor="operator")
        issuer, found = f"{self.up.url}/dev/issuer", {}
        async with doors_of_identity_on(Urls(self.up.database_url()), settings) as doors:
            provider = SetOidcProvider(
                provider=f"{self.word}_idp", issuer=issuer, client_id="tallystick-development",
                algorithms=("ES256",), trusts_mfa=True, mfa_contexts=(f"{self.word}-acr",),
            )  # fmt: skip
            await doors.providers.set_oidc(caller=caller, message=provider)
            for who, roles in (("owner", ROLES), ("other", ROLES), ("clerk", ("payment_clerk",))):
                message = AddPerson(
                    name=f"{self.word} {who}", issuer=issuer, subject=f"{self.word}-{who}"
                )
                found[who] = (await doors.people.add(caller=caller, message=message)).person
                for role in roles:
                    given = GiveRole(holder=found[who], role=role)
                    await doors.rights.give_role(caller=caller, message=given)
            await self._try_substitute(doors, caller)
        return found

    async def _try_substitute(self, doors: IdentityDoors, caller: Caller) -> None:
        """Have a substitute tried in shadow, and tell what came of it."""
        tried = ReportTrial(context="wallets", substitute="nobody", version="Z.1.0.0")
        platform = Caller(tenant_id=0, actor="job:substitutes")
        await doors.serving.tried(caller=platform, message=tried)
        over = SwitchOver(context="wallets", substitute="nobody", mode="shadow", share=1)
        made = await doors.substitutions.substitute(caller=caller, message=over)
        copies = ReportCopies(context="wallets", number=made.number, compared=1)
        await doors.serving.watched(caller=caller, message=copies)

    def _enter(self, who: str) -> Seat:
        """Let a person sign in by the development issuer, and prove a factor and a passkey of their own."""
        question = {"tenant": self.tenant, "redirect": REDIRECT, "provider": f"{self.word}_idp"}
        begun = self.first.done("POST", "/v1/sign-in", question)
        hint = {"login_hint": f"{self.word}-{who}"}
        sent = httpx.get(httpx.URL(begun["url"]).copy_merge_params(hint))
        back = httpx.URL(sent.headers["location"]).params
        finish = {
            "tenant": self.tenant, "flow": begun["flow"], "code": back["code"], "state": back["state"],
            "issuer": back["iss"], "device": secrets.token_urlsafe(32),
        }  # fmt: skip
        seat = Seat(
            self.up, self.first.done("POST", "/v1/sign-in/finish", finish)["session"], name=who
        )
        offered = seat.done("POST", "/v1/factors/totp", {"label": f"{self.word} phone"})
        secret = base64.b32decode(offered["secret"] + "=" * (-len(offered["secret"]) % 8))
        confirm = f"/v1/factors/{offered['factor']}/confirm"
        seat.done("POST", confirm, {"code": code_now(secret)})
        seat.done("POST", "/v1/factors/prove", {"code": code_now(secret, steps=1)})
        seat.passkey = Passkey(origin=self.up.url.replace("127.0.0.1", "localhost"))
        offered = seat.done("POST", "/v1/factors/passkey-offers")
        body = {"challenge": offered["challenge"], "label": f"{self.word} passkey"}
        body["credential"] = seat.passkey.create(offered["options"])
        seat.done("POST", "/v1/factors/passkeys", body)
        return seat

    def _key(self) -> Seat:
        body = {"label": f"{self.word} key", "roles": ["machine", *ROLES]}
        return Seat(self.up, self.owner.done("POST", "/v1/keys", body)["key"], name="key")

    def _rights(self) -> None:
        owner, word = self.owner, self.word
        owner.done("PUT", "/v1/access-rule", {"step_up_minutes": 60})
        role = {"role": f"{word}_role", "title": f"{word} role", "bundles": ["read_books"]}
        owner.done("POST", "/v1/roles", role)
        clerk = self.people["clerk"]
        held = owner.done("POST", "/v1/memberships", {"holder": clerk, "role": f"{word}_role"})
        delegation = {
            "holder": clerk, "actions": ["pay", "transfer", "see"], "accounts": [f"{word}:..."], "asset": "EUR",
            "cap_slot": "100000", "slot": "day",
        }  # fmt: skip
        given = owner.done("POST", "/v1/delegations", delegation)
        saml = {
            "provider": f"{word}_saml", "entity_id": f"https://{word}.example/idp",
            "sign_in_url": f"https://{word}.example/in", "our_entity_id": f"https://us.example/{word}",
            "answer_url": f"{self.up.url}/v1/sign-in/saml/{self.tenant}",
            "certificates": [certificate_for(Signer("ES256").private)],
        }  # fmt: skip
        owner.done("PUT", "/v1/saml-providers", saml)
        self.names |= {
            "person": clerk, "role": f"{word}_role", "membership": held["membership"],
            "delegation": given["delegation"], "provider": f"{word}_saml",
        }  # fmt: skip

    def _books(self) -> None:
        key, word = self.key, self.word
        self.names |= {"ledger": f"{word}-books", "address": f"{word}:ana"}
        key.done("POST", "/v1/ledgers", {"name": f"{word}-books"})
        for ledger in ("main", f"{word}-books"):
            for address in ("bank", f"{word}:ana", f"{word}:bob"):
                account = {
                    "address": address, "asset": "EUR", "exponent": 2, "metadata": {word: word},
                    "normal_side": "debit" if address == "bank" else "credit",
                }  # fmt: skip
                if ledger == "main" and address == "bank":
                    key.done("POST", "/v1/ledgers", {"name": "main"})
                key.done("POST", f"/v1/ledgers/{ledger}/accounts", account)
        base = f"/v1/ledgers/{word}-books"
        key.done("PUT", f"{base}/accounts/{word}:bob/limits", {"min_available": "-5"})
        old = {"kind": "post", "effective_at": "2001-01-01T00:00:00Z", "reference": f"{word} old"}
        items = [
            old | {"id": f"{word}-{number}", "postings": [self.posting()]}
            for number in range(POSTS)
        ]
        for start in range(0, POSTS, 100):
            key.done("POST", f"{base}/batches", {"items": items[start : start + 100]})
        acts = f"{base}/transactions"
        held = {"kind": "hold", "id": f"{word}-held", "postings": [self.posting(5)],
                "reference": f"{word} held", "metadata": {word: word}}  # fmt: skip
        key.done("POST", acts, held)
        key.done("POST", acts, held | {"id": f"{word}-left", "group": f"{word} group"})
        taken = {
            "kind": "capture",
            "id": f"{word}-taken",
            "target": f"{word}-held",
            "amounts": ["2"],
        }
        key.done("POST", acts, taken)
        back = {
            "kind": "reverse",
            "id": f"{word}-back",
            "target": f"{word}-taken",
            "amounts": ["1"],
        }
        key.done("POST", acts, back)
        paid = {"kind": "post", "id": f"{word}-paid",
                "postings": [self.posting() | {"debit": f"{word}:ana", "credit": f"{word}:bob"}]}  # fmt: skip
        self.clerk.done("POST", acts, paid)
        self.names |= {"id": f"{word}-0", "target": f"{word}-left"}

    def posting(self, amount: int = 10) -> dict[str, Any]:
        """Money from the bank to Ana."""
        return {"debit": "bank", "credit": f"{self.word}:ana", "amount": amount, "asset": "EUR"}

    def _wallets(self) -> None:
        key, word = self.key, self.word
        currency = word[:3].upper()
        for name, iban in (("shop", self.iban), ("payee", iban_of(f"{word} payee"))):
            wallet = {
                "id": f"{word}-{name}", "name": f"{word} {name}",
                "owner": {"kind": "person", "name": f"{word} Ana", "reference": f"{word}-c"},
                "accounts": [
                    {"asset": "EUR", "exponent": 2, "iban": iban}, {"asset": currency, "exponent": 2},
                ],
            }  # fmt: skip
            key.done("POST", "/v1/wallets", wallet)
        key.done("POST", f"/v1/wallets/{word}-payee/freeze")
        key.done("POST", f"/v1/wallets/{word}-payee/unfreeze")
        posting = self.posting(9_000) | {"credit": f"wallets:{word}-shop:eur"}
        opening = {"kind": "post", "id": f"{word}-opening", "postings": [posting]}
        key.done("POST", "/v1/ledgers/main/transactions", opening)
        self.names |= {"wallet": f"{word}-shop", "asset": currency, "iban": self.iban}

    def _payments(self) -> None:
        order = Order(
            to=iban_of(f"{self.word} payee"), amount="1.00", end_to_end_id=f"{self.word}-e2e",
            instruction_id=self.word,
        )  # fmt: skip
        content = initiation(order, message_id=f"{self.word}-M", debtor=self.iban)
        for text in (b"As the payer wrote it", b"Payee", b"For frames"):
            content = content.replace(text, self.word.encode() + b" " + text)
        path = "/v1/payment-files?format=json"
        file = self.key.done("POST", path, content=content, headers=XML)
        (payment,) = self.key.done("GET", f"/v1/payment-files/{file['file_id']}")["payments"]
        self.names |= {"file": file["file_id"], "payment": payment["payment_id"]}
        self.names["end_to_end_id"] = f"{self.word}-e2e"

    def _clouds(self) -> None:
        """A plan that is being applied behind a broken glass, and all that comes of it."""
        key, owner, estate = self.key, self.owner, "development-aws"
        plan = {
            "estate": estate, "commit": "a" * 40, "base": "a" * 40, "tool": f"terraform {self.word}",
            "plan": based(plan_of(self.word)), "planfile": based(self.word.encode()),
        }  # fmt: skip
        made = key.done("POST", "/v1/cloud/plans", plan)
        self.other.done("POST", f"/v1/cloud/plans/{made['plan']}/approve", {"hash": made["hash"]})
        why = {"reason": f"{self.word} reason", "minutes": 30}
        glass = owner.done("POST", f"/v1/cloud/estates/{estate}/break-glass", why)
        begin = {"break_glass": glass["break_glass"]}
        lent = owner.done("POST", f"/v1/cloud/plans/{made['plan']}/apply", begin)
        state = state_json(estate, 1, lineage=f"line-{self.word}")
        written = {"token": lent["token"], "content": based(state)}
        owner.done("PUT", f"/v1/cloud/estates/{estate}/state", written)
        waiver = {
            "estate": "staging-aws", "control": next(iter(load_catalogue().of_cloud("aws"))).id,
            "subject": f"aws_s3_bucket.{self.word}", "reason": f"{self.word} reason", "until": in_days(7),
        }  # fmt: skip
        waived = owner.done("POST", "/v1/cloud/waivers", waiver)
        report = {"estate": estate, "observed_at": in_days(0), "verdicts": []}
        key.done("POST", "/v1/cloud/live-reports", report)
        self.names |= {
            "estate": estate, "plan": made["plan"], "hash": made["hash"], "apply": lent["apply"]["apply"],
            "token": lent["token"], "break_glass": glass["break_glass"], "waiver": waived["waiver"],
        }  # fmt: skip

    def _third_party(self) -> None:
        """A client, and what it asks two people for: the answered one is listed, the other is open."""
        signer, proof, word = Signer("ES256", kid="one"), Signer("ES256"), self.word
        body = {
            "name": f"{word} app", "key_set": {"keys": [signer.jwk]}, "scope": ["read_books"],
            "redirect_uris": [f"https://{word}.example/back"],
        }  # fmt: skip
        made = self.owner.done("POST", "/v1/clients", body)
        self.client_id, self.signer, self.proof = made["client_id"], signer, proof
        consents = []
        for _ in range(2):
            answer = self.push()
            assert answer.status_code == 201, answer.text
            uri = answer.json()["request_uri"]
            question = {"client_id": self.client_id, "request_uri": uri}
            consents.append(self.first.done("GET", "/oauth/authorize", params=question))
        self.names |= {"client_id": self.client_id, "request_uri": uri}
        first, left = (one["consent"].rpartition("/")[2] for one in consents)
        self.owner.done("POST", f"/v1/consents/{first}", {"allow": True})
        self.names |= {"consent_id": left, "decided": first}

    def push(self, **changes: str) -> httpx.Response:
        """Push a request of the client; ``changes`` replace fields of the form."""
        now = int(time.time())
        claims = {"iss": self.client_id, "sub": self.client_id, "aud": self.up.url, "iat": now,
                  "jti": secrets.token_hex(8), "exp": now + 60}  # fmt: skip
        proof = {"htm": "POST", "htu": f"{self.up.url}/oauth/par", "iat": now,
                 "jti": secrets.token_hex(8)}  # fmt: skip
        form = {
            "client_assertion_type": ASSERTION_TYPE, "client_assertion": self.signer.token(claims),
            "response_type": "code", "redirect_uri": f"https://{self.word}.example/back",
            "scope": "read_books", "state": f"{self.word}-state", "code_challenge_method": "S256",
            "code_challenge": encoded(hashlib.sha256(b"verifier" * 6).digest()),
        }  # fmt: skip
        dpop = self.proof.token(proof, typ="dpop+jwt", jwk=self.proof.jwk)
        address = f"{self.up.url}/oauth/par"
        return httpx.post(address, data=form | changes, headers={"dpop": dpop})

    def _left_open(self) -> None:
        """What is under way: an approval, a challenge, a wrong code, an answer that is kept, a sign-in, a key."""
        owner, word = self.owner, self.word
        body = {"reason": f"{word} reason"}
        refused = owner.client.post(f"/v1/people/{self.people['clerk']}/recover", json=body)
        assert code_of(refused) == "approval_needed", refused.text
        offered = owner.done("POST", "/v1/factors/passkey-offers")
        asked = owner.done("POST", "/v1/factors/challenge")
        wrong = owner.client.post("/v1/factors/prove", json={"code": "000000"})
        assert code_of(wrong) == "code_not_accepted", wrong.text
        headers = {"idempotency-key": f"{word}-kept"}
        added = {"name": f"{word} added"}
        owner.done("POST", "/v1/people", added, headers=headers)
        question = {"tenant": self.tenant, "redirect": REDIRECT, "provider": f"{word}_idp"}
        begun = self.first.done("POST", "/v1/sign-in", question)
        session = owner.done("GET", "/v1/sessions")["items"][0]["session_id"]
        self.names |= {
            "approval": refused.json()["fields"]["approval"], "challenge": asked["challenge"],
            "offer": offered["challenge"], "kept": f"{word}-kept", "flow": begun["flow"],
            "state": httpx.URL(begun["url"]).params["state"], "session_id": session,
            "factor": owner.done("GET", "/v1/factors")["items"][0]["factor"],
            "key_id": owner.done("GET", "/v1/keys")["items"][0]["key_id"],
            "decision": refused.json()["fields"]["decision"],
        }  # fmt: skip

    def _read_record(self) -> None:
        self.names |= {"index": "0", "place": "0/000.p/1"}
        books, first = self.names["ledger"], self.names["id"]
        receipts = (f"/v1/ledgers/{books}/transactions/{first}/receipt",
                    f"/v1/payments/{self.names['payment']}/receipt")  # fmt: skip
        for path in receipts:
            done = eventually(lambda path=path: self.key.client.get(path).is_success, timeout_s=30)
            assert done, self.key.client.get(path).text
        self.names["on"] = self.key.done("GET", "/v1/log/entries")["items"][0]["entry"]["on"]
        # Whoever takes a copy of the record is on it.
        today, copy = time.strftime("%Y-%m-%d", time.gmtime()), self.up.home / f"{self.word}-copy"
        words = ("--tenant", self.tenant, "--from", today, "--to", today, "--out", str(copy))
        said = self.up.command("audit", "export", *words)
        assert said.code == 0, said


def based(content: bytes) -> str:
    """Bytes as JSON carries them."""
    return base64.b64encode(content).decode()


def plan_of(word: str) -> bytes:
    """A plan for development with a key that nobody knows yet whether it rotates."""
    bucket: dict[str, Any] = {word: False}
    said = json.loads(plan_json("development", **bucket))
    (made,) = said["resource_changes"]
    change = {
        "actions": ["create"],
        "before": None,
        "after": {},
        "after_unknown": {"enable_key_rotation": True},
    }
    key = {"address": f"aws_kms_key.{word}", "type": "aws_kms_key", "change": change}
    return json.dumps(said | {"resource_changes": [made, made | key]}).encode()


def in_days(days: int) -> str:
    """A time so many days from now."""
    return render(time.time_ns() // 1_000 + days * DAY)


def code_of(answer: httpx.Response) -> str:
    """The code of a problem; '' for what is none."""
    is_problem = answer.headers.get("content-type") == "application/problem+json"
    return answer.json()["code"] if is_problem else ""


def iban_of(word: str) -> str:
    """An IBAN that is valid and this word's own (ISO 13616-1: two check digits by ISO 7064)."""
    account = str(int.from_bytes(hashlib.sha256(word.encode()).digest()[:7], "big")).zfill(18)[:18]
    return f"DE{98 - int(account + '131400') % 97:02}{account}"


def code_now(secret: bytes, *, steps: int = 0) -> str:
    """The code an app shows now, or so many steps later."""
    return totp.code_of(secret, totp.step_of(time.time_ns() // 1_000) + steps)


@contextmanager
def neighbours(up: Reached) -> Iterator[tuple[Neighbour, Neighbour]]:
    """The two: whose walls are tried, and who tries them. Their words are in each of their texts."""
    first, second = Neighbour(up, "zqalpha"), Neighbour(up, "zqbeta")
    yield first, second
    first.close()
    second.close()
