"""How every route is asked with names of another tenant: where names go, and what else a request needs."""

import json
import re
from typing import Any
from urllib.parse import quote

from tests.identity.saml_provider import certificate_for
from tests.identity.signing import Signer
from tests.payments.orders import Order, initiation

PLACE = re.compile(r"\{(\w+)\}")
POSTING = {"debit": "bank", "credit": "{address}", "amount": 1, "asset": "EUR"}
CREDENTIAL = {
    "id": "AAAA", "rawId": "AAAA", "type": "public-key",
    "response": {"clientDataJSON": "AAAA", "authenticatorData": "AAAA", "signature": "AAAA"},
}  # fmt: skip
ATTESTED = CREDENTIAL | {"response": {"clientDataJSON": "AAAA", "attestationObject": "AAAA"}}
OIDC = {"client_id": "us", "algorithms": ["ES256"]}
SAML = {
    "sign_in_url": "https://tried.example/in", "our_entity_id": "https://us.example/tried",
    "answer_url": "https://us.example/v1/sign-in/saml/x",
    "certificates": [certificate_for(Signer("ES256").private)],
}  # fmt: skip
SUBJECT = {"type": "person", "id": "{person}"}
PLANNED = {
    "estate": "{estate}", "commit": "a" * 40, "base": "a" * 40, "plan": "AAAA", "planfile": "AAAA", "tool": "tried",
}  # fmt: skip
EVALUATED = {
    "subject": SUBJECT, "action": {"name": "ledger.account.read"},
    "resource": {"type": "account", "id": "{address}"},
}  # fmt: skip
# The bodies of writes: each is sent with one name of the other tenant at a time, the rest one's own.
BODIES: dict[str, list[Any]] = {
    "POST /v1/ledgers": [{"name": "{ledger}"}],
    "POST /v1/ledgers/{ledger}/accounts": [
        {"address": "{address}", "asset": "{asset}", "exponent": 2, "normal_side": "credit"},
    ],
    "PUT /v1/ledgers/{ledger}/accounts/{address}/limits": [{"min_available": "-7"}],
    "PUT /v1/ledgers/{ledger}/accounts/{address}/status": [{"status": "frozen"}],
    "POST /v1/ledgers/{ledger}/transactions": [
        {"kind": "post", "id": "{id}", "postings": [POSTING], "reference": "{reference}"},
        {"kind": "hold", "id": "{id}", "postings": [POSTING], "group": "{group}"},
        {"kind": "capture", "id": "{new}", "target": "{target}", "amounts": ["1"]},
        {"kind": "void", "id": "{new}", "target": "{target}"},
        {"kind": "reverse", "id": "{new}", "target": "{id}", "amounts": ["1"]},
    ],
    "POST /v1/ledgers/{ledger}/batches": [
        {"items": [{"kind": "post", "id": "{id}", "postings": [POSTING]}]},
        {"items": [{"kind": "void", "id": "{new}", "target": "{target}"}]},
    ],
    "POST /v1/wallets": [
        {"id": "{wallet}", "name": "A wallet",
         "owner": {"kind": "person", "name": "A", "reference": "{owner_reference}"},
         "accounts": [{"asset": "EUR", "exponent": 2, "iban": "{iban}"}]},
    ],
    "POST /v1/wallets/{wallet}/accounts": [{"asset": "{asset}", "exponent": 2, "iban": "{iban}"}],
    "PUT /v1/wallets/{wallet}/accounts/{asset}/limits": [{"min_available": "-7"}],
    "POST /v1/payment-files": [
        initiation(Order(to="{iban}", end_to_end_id="{end_to_end_id}"), message_id="{message}", debtor="{iban}"),
    ],
    "POST /v1/payment-files/preview": [
        initiation(Order(to="{iban}", end_to_end_id="{end_to_end_id}"), message_id="{message}", debtor="{iban}"),
    ],
    "POST /v1/keys": [{"label": "tried", "roles": ["{role}"]}],
    "POST /v1/people": [{"name": "Tried", "issuer": "{entity}", "subject": "{subject}"}],
    "PUT /v1/people/{person}/status": [{"status": "suspended"}],
    "PUT /v1/people/{person}/risk": [{"risk": 5}],
    "POST /v1/people/{person}/recover": [{"reason": "tried"}],
    "POST /v1/roles": [{"role": "{role}", "title": "tried", "bundles": ["read_books"]}],
    "PUT /v1/access-rule": [{"step_up_minutes": 60}],
    "POST /v1/memberships": [
        {"holder": f"{{{holder}}}", "role": "{role}"} for holder in ("person", "key_id", "client_id")
    ],
    "POST /v1/delegations": [
        {"holder": f"{{{holder}}}", "actions": ["see"], "accounts": ["{address}"]}
        for holder in ("person", "key_id", "client_id")
    ],
    "POST /v1/explanations": [
        {"holder": "{person}", "action": "ledger.account.read", "account": "{address}"},
        {"holder": "{key_id}", "action": "wallets.wallet.read", "on": "{wallet}"},
        {"holder": "{client_id}", "action": "ledger.transaction.post", "account": "{address}",
         "credit": "{address}", "amount": "5", "asset": "EUR"},
    ],
    "POST /access/v1/evaluation": [EVALUATED],
    "POST /access/v1/evaluations": [{"subject": SUBJECT, "evaluations": [EVALUATED]}],
    "POST /v1/factors/totp": [{"label": "tried"}],
    "POST /v1/factors/{factor}/confirm": [{"code": "000000"}],
    "POST /v1/factors/passkeys": [
        {"challenge": "{offer}", "label": "tried", "credential": ATTESTED},
    ],
    "POST /v1/factors/prove": [{"challenge": "{challenge}", "credential": CREDENTIAL}],
    "POST /v1/approvals/{approval}/approve": [
        {}, {"challenge": "{challenge}", "credential": CREDENTIAL},
    ],
    "POST /v1/clients": [
        {"name": "tried", "key_set": {"keys": [Signer("ES256", kid="one").jwk]}, "scope": ["read_books"]},
    ],
    "POST /v1/consents/{consent_id}": [{"allow": False}],
    "PUT /v1/oidc-providers": [
        OIDC | {"provider": "{provider}", "issuer": "https://{new}.example/a"},
        OIDC | {"provider": "tried", "issuer": "{entity}"},
    ],
    "PUT /v1/saml-providers": [
        SAML | {"provider": "{provider}", "entity_id": "https://{new}.example/b"},
        SAML | {"provider": "tried", "entity_id": "{entity}/b"},
    ],
    "PUT /v1/substitutions": [{"context": "wallets", "substitute": "nobody", "mode": "shadow"}],
    "POST /v1/cloud/plans": [PLANNED],
    "POST /v1/cloud/plans/{plan}/approve": [{"hash": "{hash}"}],
    "POST /v1/cloud/plans/{plan}/apply": [{}, {"break_glass": "{break_glass}"}],
    "POST /v1/cloud/applies/{apply}/extend": [{"token": "{token}"}],
    "POST /v1/cloud/applies/{apply}/finish": [{"token": "{token}", "end": "failed"}],
    "POST /v1/cloud/estates/{estate}/state/read": [{}, {"token": "{token}"}],
    "PUT /v1/cloud/estates/{estate}/state": [{"token": "{token}", "content": "AAAA"}],
    "POST /v1/cloud/estates/{estate}/lock": [{"token": "{token}", "lock": "l"}],
    "POST /v1/cloud/estates/{estate}/unlock": [{"token": "{token}", "lock": "l"}],
    "POST /v1/cloud/estates/{estate}/state/restore": [{"serial": 1, "reason": "tried"}],
    "POST /v1/cloud/estates/{estate}/state/hand-in": [{"content": "AAAA", "reason": "tried"}],
    "POST /v1/cloud/estates/{estate}/free": [{"reason": "tried"}],
    "POST /v1/cloud/estates/{estate}/break-glass": [{"reason": "tried", "minutes": 1}],
    "POST /v1/cloud/break-glasses/{break_glass}/review": [{"opinion": "justified", "reason": "tried"}],
    "POST /v1/cloud/waivers": [
        {"estate": "{estate}", "control": "none", "subject": "x", "reason": "tried", "until": "2027-01-01T00:00:00Z"},
    ],
    "POST /v1/cloud/live-reports": [
        {"estate": "{estate}", "observed_at": "2026-01-01T00:00:00Z", "verdicts": []},
    ],
    "POST /v1/cloud/secret-steps": [
        {"secret": "staging/deployment-key", "home": "openbao", "step": "made", "version": 1},
    ],
    "POST /v1/sign-in": [
        {"tenant": "{tenant}", "redirect": "http://127.0.0.1:9/back", "provider": "{provider}"},
    ],
    "POST /v1/sign-in/finish": [
        {"tenant": "{tenant}", "flow": "{flow}", "code": "c", "state": "{state}", "device": "d" * 16},
    ],
    "POST /v1/sign-in/passkey/finish": [
        {"tenant": "{tenant}", "flow": "{flow}", "credential": CREDENTIAL, "device": "d" * 16},
    ],
    "POST /v1/sign-in/saml/{tenant}": [{"SAMLResponse": "AAAA", "RelayState": "{state}"}],
    "POST /oauth/token": [
        {"grant_type": "client_credentials", "client_id": "{client_id}"},
        {"grant_type": "authorization_code", "client_id": "{client_id}", "code": "{state}"},
    ],
    "POST /oauth/par": [{"client_id": "{client_id}", "response_type": "code", "request_uri": "{request_uri}"}],
    "POST /dev/issuer/authorize": [{"client_id": "{client_id}", "person": "owner", "state": "{state}"}],
    "POST /dev/issuer/token": [{"grant_type": "authorization_code", "code": "{state}"}],
}  # fmt: skip
# The questions of lists: by what name of the other tenant each may be narrowed, or what it needs.
QUERIES: dict[str, str] = {
    "address": "{address}", "account": "{address}", "asset": "{asset}", "metadata": "{word}",
    "reference": "{reference}", "begins": "{word}",
    "owner_reference": "{owner_reference}", "file_id": "{file}", "end_to_end_id": "{end_to_end_id}",
    "holder": "{person}", "by": "{person}", "on": "{on}", "mentions": "{on}",
    "client_id": "{client_id}", "request_uri": "{request_uri}",
    "after": "{after}", "estate": "{estate}", "tenant": "{tenant}", "debtor": "{iban}", "creditor_iban": "{iban}",
}  # fmt: skip
NEEDED: dict[str, dict[str, str]] = {
    "statement": {"from": "2026-01-01", "to": "2026-01-02"},
    "consistency": {"old": "1"},
    "sign-in": {"tenant": "{tenant}"},
}
# Questions that name nothing of a tenant: instants, sizes, words of a closed list.
PLAIN = {
    "limit", "since", "until", "effective_at", "recorded_at", "oldest_first", "from", "to", "format", "status", "state",
    "which", "action", "mine", "amount", "reason", "tag", "size", "old", "new", "Idempotency-Key",
    "outcome", "unreviewed",
}  # fmt: skip
# What is called or numbered the same in every tenant, and what is new with each request.
ALIKE = {"index", "place", "new", "context", "estate"}
# What anybody may ask before it is known who asks, about the tenant that they name: by whom people sign in there.
OPEN = {
    "GET /v1/sign-in", "POST /v1/sign-in", "POST /v1/sign-in/finish", "POST /v1/sign-in/saml/{tenant}",
    "POST /v1/sign-in/passkey/finish",
}  # fmt: skip
# The development issuer knows no tenants and stores nothing of them: it is asked without names.
APART = "/dev/issuer/"


def places_of(*parts: Any) -> list[str]:
    """The names that parts of a request have a place for, in order, each once."""
    texts = [one.decode() if isinstance(one, bytes) else json.dumps(one) for one in parts]
    return list(dict.fromkeys(PLACE.findall(" ".join(texts))))


def with_names(part: Any, names: dict[str, str]) -> Any:
    """A part of a request with its names filled in."""
    if isinstance(part, bytes):
        return with_names(part.decode(), names).encode()
    if isinstance(part, str):
        return PLACE.sub(lambda found: names[found[1]], part)
    if isinstance(part, dict):
        return {with_names(key, names): with_names(one, names) for key, one in part.items()}
    return [with_names(one, names) for one in part] if isinstance(part, list) else part


def path_with(path: str, names: dict[str, str]) -> str:
    """A path with its names filled in."""
    return PLACE.sub(lambda found: quote(names[found[1]], safe=""), path)
