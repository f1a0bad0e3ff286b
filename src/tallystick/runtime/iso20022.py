"""Read and write ISO 20022 messages: untrusted XML in, schema-valid XML out."""

import functools
import re
import threading
import unicodedata
from dataclasses import dataclass
from importlib import resources
from typing import Any

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - it has no types

from tallystick.kernel.refusals import (
    MessageNotSupported,
    SchemaViolation,
    XmlHasForbiddenConstruct,
    XmlIsMalformed,
    XmlIsTooLarge,
)

# Max35Text, which is what most ids are.
ID_MAX = 35
# What ISO 20022 messages carry where an id is demanded and none was given.
NOT_PROVIDED = "NOTPROVIDED"
NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
# About 12,000 credit transfers. A larger batch is sent as several messages.
BYTES_MAX = 10 * 1024 * 1024
# A real message needs some twenty bytes per tag; `<a/>` repeated needs four and costs the parser
# most. Opening and closing tags count, and attributes apart from them.
MARKUP_MAX = 1_000_000
# The deepest path of the messages we read is 13 (structured remittance with tax records).
DEPTH_MAX = 64
ERRORS_MAX = 10
# One fault repeats itself: a stray character in every element is told once for each element.
ERRORS_READ_MAX = 200
ERROR_TEXT_MAX = 300
FOUND_TEXT_MAX = 200

# All write markup as ASCII writes it, once the zero bytes of UTF-16 are out: `_FORBIDDEN` relies on
# that.
_ENCODINGS = frozenset(
    "utf-8 utf8 utf-16 utf-16le utf-16be us-ascii ascii iso-8859-1 iso-8859-15 windows-1252".split()
)
_BYTE_ORDER_MARK = re.compile(rb"\A(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)")
_DECLARED = re.compile(rb"""\A<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']""")
_FORBIDDEN = {
    b"<!DOCTYPE": "a document type declaration",
    b"<!ENTITY": "an entity declaration",
    b"<?xml-stylesheet": "a reference to a style sheet",
    b"http://www.w3.org/2001/XInclude": "a reference to another document (XInclude)",
}
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Namespaces in names; not the repetitions in patterns that the validator quotes.
_IN_BRACES = re.compile(r"\{[a-z]+:[^}]*\}")
_TOO_DEEP = "boolean(/" + "/".join(["*"] * (DEPTH_MAX + 1)) + ")"
# A compiled schema keeps its error log in itself, so two threads may not validate with it at once. Nor may they compile
# two at once: libxml2 makes its built-in types on the first occasion, and two first occasions spoil them for good.
_validating = threading.Lock()


@dataclass(frozen=True, slots=True)
class Document:
    """A message that follows its schema: its name (``pain.001.001.09``) and its root element."""

    message: str
    root: Any


def parse(xml: bytes, *, messages: frozenset[str]) -> Document:
    """Read one of ``messages`` from untrusted bytes and check it against its schema.

    Raises XmlIsTooLarge, XmlIsMalformed, XmlHasForbiddenConstruct, MessageNotSupported and
    SchemaViolation.
    """
    _check_bytes(xml)
    root = _parsed(xml)
    message = _message_of(root, messages=messages)
    _check_schema(root, message=message)
    return Document(message=message, root=root)


def validate(xml: bytes, *, message: str) -> None:
    """Check a message of our own making against its schema, whatever its size.

    Raises XmlIsMalformed, MessageNotSupported and SchemaViolation.
    """
    root = _parsed(xml)
    _message_of(root, messages=frozenset({message}))
    _check_schema(root, message=message)


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────


def _check_bytes(xml: bytes) -> None:
    # Before the parser sees anything: it expands entities in attributes even when told not to.
    if len(xml) > BYTES_MAX:
        raise XmlIsTooLarge(f"The file has {len(xml)} bytes; at most {BYTES_MAX} are read.")
    plain = _BYTE_ORDER_MARK.sub(b"", xml.replace(b"\0", b""))
    if not plain.lstrip().startswith(b"<"):
        raise XmlIsMalformed("The file does not start as XML in UTF-8 or UTF-16 does.")
    declared = _DECLARED.match(plain)
    encoding = declared[1].decode("latin-1")[:FOUND_TEXT_MAX] if declared else "utf-8"
    if encoding.lower() not in _ENCODINGS:
        raise XmlIsMalformed(f"The encoding {encoding!r} is not read: use UTF-8.")
    for construct, name in _FORBIDDEN.items():
        if construct in plain:
            raise XmlHasForbiddenConstruct(f"The file has {name}: remove it.")
    if plain.count(b"<") > MARKUP_MAX or plain.count(b"=") > MARKUP_MAX:
        raise XmlIsTooLarge(f"The file has more than {MARKUP_MAX} tags or attributes.")


def _parsed(xml: bytes) -> Any:
    try:
        root = etree.fromstring(xml, _parser())
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.ERR_RESOURCE_LIMIT:
            raise XmlIsTooLarge(f"The file is nested deeper than {DEPTH_MAX} levels.") from None
        reason = error.msg[:ERROR_TEXT_MAX]
        raise XmlIsMalformed(f"The file is not well-formed XML: {reason}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise XmlHasForbiddenConstruct("The file has a document type declaration: remove it.")
    if root.xpath(_TOO_DEEP):
        raise XmlIsTooLarge(f"The file is nested deeper than {DEPTH_MAX} levels.")
    return root


def _parser() -> etree.XMLParser:
    # Comments go, because a comment inside an amount would make the text that we read another one
    # than the text that the schema saw.
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        strip_cdata=True,
    )


def _message_of(root: Any, *, messages: frozenset[str]) -> str:
    name = etree.QName(root)
    message = (name.namespace or "").removeprefix(NAMESPACE)
    if message in messages and etree.QName(NAMESPACE + message, "Document").text == name.text:
        return message
    found = f"{name.localname} in {name.namespace or 'no namespace'}"[:FOUND_TEXT_MAX]
    read = ", ".join(sorted(messages))
    detail = f"The file is {found}: {_difference(name)}. Read here: {read}."
    raise MessageNotSupported(detail, {"found": found, "supported": read})


def _difference(name: etree.QName) -> str:
    if name.namespace is None:
        return f"it names no message, its xmlns should begin with {NAMESPACE}"
    if name.namespace.startswith(NAMESPACE):
        return "an ISO 20022 message of another kind or version"
    if re.search(r"(?:pain|camt|pacs)\.[0-9]{3}\.[0-9]{3}\.[0-9]{2}", name.namespace):
        return "a national variant, and only the ISO 20022 original is read"
    return "no ISO 20022 message"


# ── Schemas ──────────────────────────────────────────────────────────────────────────────────────


@functools.cache
def _schema(message: str) -> etree.XMLSchema:
    file = resources.files("tallystick.runtime").joinpath("schemas", f"{message}.xsd")
    return etree.XMLSchema(etree.fromstring(file.read_bytes(), _parser()))


def _check_schema(root: Any, *, message: str) -> None:
    with _validating:
        schema = _schema(message)
        if schema.validate(root):
            return
        log = schema.error_log
        count, errors = len(log), [log[at] for at in range(min(len(log), ERRORS_READ_MAX))]
    fields: dict[str, str] = {}
    for error in errors:
        if len(fields) < ERRORS_MAX:
            # The first error of an element says what is wrong; later ones are its consequences.
            fields.setdefault(_path(root, error.path), _words(error))
    path, first = next(iter(fields.items()))
    detail = f"The file breaks the schema of {message}: {path}, {first}"
    raise SchemaViolation(f"{detail} ({count} errors in all)" if count > 1 else detail, fields)


def _words(error: Any) -> str:
    return f"line {error.line}: {_IN_BRACES.sub('', error.message)}"[:ERROR_TEXT_MAX]


def _path(root: Any, xpath: str | None) -> str:
    """Turn the validator's ``/*/*/*[2]`` into ``Document/CstmrCdtTrfInitn/PmtInf``."""
    found = root.xpath(xpath) if xpath else []
    if not found:
        return xpath or "?"
    below = root.getroottree().getelementpath(found[0])
    name = etree.QName(root).localname
    return name if below == "." else f"{name}/{_IN_BRACES.sub('', below)}"


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────


def document(message: str) -> Any:
    """Make the empty ``Document`` of a message."""
    namespace = NAMESPACE + message
    return etree.Element(f"{{{namespace}}}Document", nsmap={None: namespace})


def branch(parent: Any, name: str) -> Any:
    """Append an element in the parent's namespace and give it."""
    tag: str = parent.tag
    return etree.SubElement(parent, tag[: tag.index("}") + 1] + name)


def leaf(parent: Any, name: str, text: str | None) -> Any:
    """Append an element with a text that its schema already allows; nothing for None."""
    if text is None:
        return None
    child = branch(parent, name)
    child.text = text
    return child


def words(parent: Any, name: str, text: str | None, *, length_max: int) -> None:
    """Append an element with free text made legal and short enough; nothing for a blank one."""
    if text and not text.isspace():
        leaf(parent, name, legal(text, length_max=length_max))


def identifier(parent: Any, name: str, text: str, *, length_max: int = ID_MAX) -> None:
    """Append an id that the schema demands; a blank one is ``NOTPROVIDED``, as ISO 20022 writes it."""
    words(parent, name, text if text.strip() else NOT_PROVIDED, length_max=length_max)


def serialised(root: Any) -> bytes:
    """Write a document as UTF-8 bytes with its declaration."""
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def legal(text: str, *, length_max: int) -> str:
    """Give the text with ``?`` for every character XML forbids, cut to ``length_max`` characters.

    The cut is before a letter rather than between a letter and its accents.
    """
    allowed = _ILLEGAL.sub("?", text)
    if len(allowed) <= length_max:
        return allowed
    end = length_max
    while end > 0 and unicodedata.category(allowed[end]).startswith("M"):
        end -= 1
    return allowed[: end or length_max]
