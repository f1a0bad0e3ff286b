"""Second factors and approvals from the command line, before a running platform."""

import base64
import io
import json
import re
import secrets
import sys
import time
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from tallystick.identity.model import session_texts, totp
from tallystick.kernel.ids import make, tenant_id_of
from tests.apps.platform import Running, Said
from tests.identity.authenticator import Passkey


class Seat:
    """A person of the demonstration who has signed in."""

    def __init__(self, up: Running, name: str, *roles: str) -> None:
        self._up = up
        self.tenant_id = tenant_id_of(up.known["tenant"])
        self.person, session = _id("per"), _id("ses")
        self._text = session_texts.session_text(
            session_id=session, secret=secrets.token_bytes(session_texts.SECRET_BYTES)
        )
        up.rows(
            "INSERT INTO identity.person (tenant_id, person_id, name, status, risk, created_at) "
            "VALUES ($1, $2, $3, 'active', 0, now())",
            self.tenant_id, self.person, name,
        )  # fmt: skip
        for role in roles:
            up.rows(
                "INSERT INTO identity.membership (tenant_id, membership_id, holder, role, from_at, given_by, given_at) "
                "VALUES ($1, $2, $3, $4, now() - interval '1 minute', 'operator', now())",
                self.tenant_id, _id("mem"), self.person, role,
            )  # fmt: skip
        up.rows(
            "INSERT INTO identity.session (tenant_id, session_id, person_id, hash, issuer, methods, device, "
            "device_known, network, country, started_at, expires_at, seen_at) "
            "VALUES ($1, $2, $3, $4, 'x', '{oidc}', '', true, '127.0.0.1', '', now(), "
            "now() + interval '1 hour', now())",
            self.tenant_id, session, self.person, session_texts.hash_of(self._text),
        )  # fmt: skip

    def says(self, *arguments: str) -> Said:
        return self._up.command(*arguments, TALLYSTICK_API_KEY=self._text)

    def asks(self, method: str, path: str, body: Any = None) -> Any:
        with self._up.client(self._text) as client:
            return client.request(method, path, json=body).json()

    def enrol_passkey(self, passkey: Passkey) -> None:
        offered = self.asks("POST", "/v1/factors/passkey-offers")
        body = {"challenge": offered["challenge"], "label": "key"}
        body["credential"] = passkey.create(offered["options"])
        assert self.asks("POST", "/v1/factors/passkeys", body)["kind"] == "passkey"

    def enrol_app(self) -> bytes:
        """Enrol an app as the command does, which asks for the code when it has shown the secret."""
        found: list[bytes] = []

        def prompt(_: str) -> str:
            assert isinstance(sys.stdout, io.StringIO)
            text = re.findall(r"secret  (\w+)", sys.stdout.getvalue())[0]
            found.append(base64.b32decode(text + "=" * (-len(text) % 8)))
            return code(found[0])

        with mock.patch("typer.prompt", prompt):
            said = self.says("factors", "add-totp", "phone")
        assert (said.code, said.err) == (0, "")
        return found[0]


def _id(prefix: str) -> str:
    return make(prefix, now_ms=time.time_ns() // 1_000_000, entropy=secrets.token_bytes(10))


def code(secret: bytes, *, steps: int = 0) -> str:
    return totp.code_of(secret, totp.step_of(time.time_ns() // 1_000) + steps)


def asked_for(said: Said) -> str:
    assert said.code == 1
    assert said.err.startswith("tallystick: approval_needed")
    return re.findall(r"apr_\w+", said.err)[0]


@pytest.fixture
def people(up: Running) -> tuple[Seat, Seat, Seat]:
    return Seat(up, "Olga", "owner"), Seat(up, "Bea", "approver"), Seat(up, "Lou", "payment_clerk")


def test_factors_are_enrolled_proven_and_removed(up: Running) -> None:
    lou = Seat(up, "Lou", "bookkeeper")
    assert lou.says("factors", "list").out.startswith("none")
    secret = lou.enrol_app()
    listed = lou.says("factors", "list").out
    factor = listed.split()[0]
    assert "totp" in listed
    assert lou.says("factors", "prove", code(secret, steps=1)).out.startswith("proven; fresh until")
    again = lou.says("factors", "prove", code(secret, steps=1))
    assert (again.code, "code_not_accepted" in again.err) == (1, True)
    last = lou.says("factors", "remove", factor)
    assert (last.code, last.err.startswith("tallystick: last_factor")) == (1, True)
    passkey = Passkey(origin=up.url.replace("127.0.0.1", "localhost"))
    lou.enrol_passkey(passkey)
    assert lou.says("factors", "remove", factor).out == f"{factor} removed\n"
    machine = up.command("factors", "list")
    assert (machine.code, machine.err.startswith("tallystick: only_people")) == (1, True)


def test_a_recovery_is_asked_for_agreed_to_and_done(people: tuple[Seat, Seat, Seat]) -> None:
    olga, bea, lou = people
    lou.enrol_app()
    olga.enrol_app()
    secret = bea.enrol_app()
    wanted = ("factors", "recover", lou.person, "stood before me")
    approval = asked_for(olga.says(*wanted))
    assert approval in olga.says("approvals", "list", "--which", "mine").out
    assert "waiting" in olga.says("approvals", "show", approval, "--mine").out
    assert approval in bea.says("approvals", "list").out
    shown = bea.says("approvals", "show", approval).out
    assert (lou.person in shown, "identity.factor.recover" in shown) == (True, True)
    own = olga.says("approvals", "approve", approval, "--yes")
    assert own.code == 1
    with mock.patch("typer.confirm", return_value=False):
        assert bea.says("approvals", "approve", approval).code == 1
    agreed = bea.says("approvals", "approve", approval, "--code", code(secret, steps=1), "--yes")
    assert agreed.out.endswith("agreed, 1 of 1 agreed\n")
    assert "1 factors and 1 sessions ended" in olga.says(*wanted).out
    checked = bea.says("approvals", "verify", approval)
    assert (checked.code, checked.out.endswith("good\n")) == (0, True)
    assert "not signed" in checked.out


def test_a_passkey_elsewhere_agrees_by_files(
    people: tuple[Seat, Seat, Seat], up: Running, tmp_path: Path
) -> None:
    olga, bea, lou = people
    olga.enrol_app()
    passkey = Passkey(origin=up.url.replace("127.0.0.1", "localhost"))
    bea.enrol_passkey(passkey)
    approval = asked_for(olga.says("factors", "recover", lou.person, "on the phone"))
    asked, answer = tmp_path / "asked.json", tmp_path / "answer.json"
    assert bea.says("approvals", "challenge", approval, "--out", str(asked)).code == 0
    challenge = json.loads(asked.read_text())
    answer.write_text(json.dumps(passkey.get(challenge["options"])))
    said = bea.says(
        "approvals", "approve", approval, "--challenge", challenge["challenge"],
        "--answer", str(answer), "--yes",
    )  # fmt: skip
    assert said.code == 0, said.err
    checked = bea.says("approvals", "verify", approval)
    assert "signed on http://localhost:" in checked.out
    up.rows(
        "UPDATE identity.approval SET asked = replace(asked, 'recover', 'prove') WHERE approval_id = $1",
        approval,
    )
    checked = bea.says("approvals", "verify", approval)
    assert (checked.code, "FLAW" in checked.out, "NOT GOOD" in checked.out) == (1, True, True)
    assert olga.says("approvals", "withdraw", approval).out == f"{approval}: withdrawn\n"
    ended = bea.says("approvals", "reject", approval)
    assert (ended.code, "approval_has_ended" in ended.err) == (1, True)


def test_what_is_no_answer_is_said_in_one_line(
    people: tuple[Seat, Seat, Seat], tmp_path: Path
) -> None:
    olga, bea, lou = people
    olga.enrol_app()
    bea.enrol_app()
    approval = asked_for(olga.says("factors", "recover", lou.person, "by letter"))
    broken = tmp_path / "broken.json"
    broken.write_text("not json")
    for path in (broken, tmp_path / "nothing.json"):
        said = bea.says("approvals", "approve", approval, "--answer", str(path), "--yes")
        assert (said.code, len(said.err.strip().splitlines())) == (1, 1)
    assert bea.says("approvals", "reject", approval).out == f"{approval}: rejected\n"
    none = bea.says("approvals", "show", "apr_nothing")
    assert (none.code, "approval_not_found" in none.err) == (1, True)
