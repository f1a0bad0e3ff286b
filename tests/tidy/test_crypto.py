"""Cryptography comes from a closed list: these libraries, these hashes, one cipher, chance of the system alone."""

import ast
import re
from collections.abc import Iterator

from tests.tidy import tree

# What is used, and why; docs/operating/security.md tells where.
LIBRARIES = {"cryptography", "hashlib", "hmac", "joserfc", "secrets", "signxml", "ssl", "webauthn"}
OTHERS = {
    "Crypto", "Cryptodome", "OpenSSL", "authlib", "bcrypt", "crypt", "ecdsa", "jose", "jwcrypto", "jwt", "nacl",
    "passlib", "pyotp", "rsa", "xmlsec",
}  # fmt: skip
# blake2b tells whether content is the same as before; it signs nothing. SHA-512 is that of Ed25519.
HASHES = {"sha256", "sha512", "blake2b"}
CIPHERS = {"AESGCM"}
# HMAC-SHA-1 of RFC 6238 is what every app that shows codes computes.
SHA1_IN = "identity/model/totp.py"
# Names for draft files, ports and processes may be anything; these draw from no other chance either.
NO_CHANCE = {"random", "uuid"}


def imported(module: ast.Module) -> Iterator[tuple[int, str, str]]:
    """Give the line, the package and the name of every import."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, ""
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield node.lineno, node.module, alias.name


def strangers(module: ast.Module, *, place: str) -> Iterator[tuple[int, str]]:
    """Give line and complaint of cryptography that is not on the list."""
    for line, package, name in imported(module):
        top = package.partition(".")[0]
        if top in OTHERS | NO_CHANCE:
            yield line, f"{top} is no source of cryptography here"
        if top == "hashlib" and name and name not in HASHES:
            yield line, f"{name} is no hash of ours"
        if ".ciphers" in package and name not in CIPHERS:
            yield line, f"{name} is no cipher of ours"
        if name in {"SHA1", "MD5"} and not place.endswith(SHA1_IN):
            yield line, f"{name} is broken"
        if "asymmetric" in package and name in {"padding", "dh", "dsa"}:
            yield line, f"{name}: keys encrypt nothing here, and libraries choose how they sign"
    for node in ast.walk(module):
        match node:
            case ast.Attribute(value=ast.Name(id="hashlib"), attr=name) if name not in HASHES:
                yield node.lineno, f"hashlib.{name} is no hash of ours"


def test_the_rule_sees_what_is_not_on_the_list() -> None:
    for bad in (
        "import random",
        "from uuid import uuid4",
        "import jwt",
        "from hashlib import md5",
        "import hashlib\nhashlib.sha1(b'')",
        "from cryptography.hazmat.primitives.ciphers import Cipher",
        "from cryptography.hazmat.primitives.hashes import SHA1",
        "from cryptography.hazmat.primitives.asymmetric import padding",
    ):
        assert list(strangers(ast.parse(bad), place="x.py")), bad
    assert not list(strangers(ast.parse("from hashlib import sha256"), place="x.py"))


def test_cryptography_is_of_the_list_and_no_other() -> None:
    tree.refuse(
        f"{tree.place(path, line)} {complaint}"
        for path in tree.modules()
        for line, complaint in strangers(tree.parsed(path), place=path.as_posix())
    )


def test_every_library_of_the_list_is_used_and_told() -> None:
    used = {
        package.partition(".")[0]
        for path in tree.modules()
        for _, package, _ in imported(tree.parsed(path))
    }
    assert used >= LIBRARIES
    page = tree.text(tree.ROOT / "docs" / "operating" / "security.md")
    assert [name for name in sorted(LIBRARIES) if not re.search(rf"`{name}`", page)] == []
