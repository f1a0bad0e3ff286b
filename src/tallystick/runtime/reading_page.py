"""The OpenAPI document as a page: rendered here, without a script and without anything from elsewhere."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from html import escape
from importlib.resources import files
from typing import Any

Document = Mapping[str, Any]

_STYLE = (files("tallystick.runtime") / "reading_page.css").read_text("utf-8").strip()
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
PAGE_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


def reference_page(document: Document) -> str:
    """Write the page of all routes and all messages."""
    info = document["info"]
    lead = (
        f'<p>Version {escape(info["version"])} · <a href="/openapi.json">OpenAPI {document["openapi"]}</a> · '
        '<a href="/docs/problems">Problems</a></p>'
        "<p>Send your key as <code>Authorization: Bearer tally_…</code>. Amounts are whole minor units; "
        "from 2<sup>53</sup> on they come as strings of digits. Times are RFC 3339.</p>"
    )
    body = "".join(_operations(document)) + _messages(document)
    return _page(info["title"], lead=lead, nav=_nav(document), body=body)


def problems_page(document: Document) -> str:
    """Write the page of all problems, one anchor per code."""
    problems: Mapping[str, Document] = document["x-problems"]
    links = "".join(
        f'<li><a href="#{code}">{escape(entry["title"])}</a></li>'
        for code, entry in problems.items()
    )
    lead = (
        '<p><a href="/docs">Reference</a></p><p>Every refusal is <code>application/problem+json</code> (RFC 9457). '
        "Its <code>code</code> never changes its meaning; its <code>detail</code> is for people.</p>"
    )
    body = "".join(_problem(code, entry) for code, entry in problems.items())
    return _page("Problems", lead=lead, nav=f"<h2>Codes</h2><ul>{links}</ul>", body=body)


def _page(title: str, *, lead: str, nav: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
        '<a class="skip" href="#content">To the content</a>'
        f'<div class="page"><header><h1>{escape(title)}</h1>{lead}</header>'
        f'<nav aria-label="Contents">{nav}</nav><main id="content">{body}</main></div></body></html>'
    )


def _each(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def _nav(document: Document) -> str:
    parts: list[str] = []
    for tag in document["tags"]:
        links = "".join(
            f'<li><a href="#{operation["operationId"]}">{escape(operation["summary"])}</a></li>'
            for _, _, operation in _each(document)
            if tag["name"] in operation["tags"]
        )
        parts.append(f"<h2>{escape(_tag_words(tag))}</h2><ul>{links}</ul>")
    return "".join(parts) + '<h2>more</h2><ul><li><a href="#messages">Messages</a></li></ul>'


def _tag_words(tag: Document) -> str:
    return str(tag["name"]).replace("-", " ").capitalize()


def _operations(document: Document) -> Iterator[str]:
    for tag in document["tags"]:
        yield f'<h2 class="tag">{escape(_tag_words(tag))}</h2>'
        for path, method, operation in _each(document):
            if tag["name"] in operation["tags"]:
                yield _operation(path, method, operation)


def _operation(path: str, method: str, operation: Document) -> str:
    parts = [
        f'<article id="{operation["operationId"]}"><h3>{escape(operation["summary"])}</h3>'
        f'<p class="call"><span class="method {method}">{method}</span><span class="path">{_breakable(path)}</span></p>'
    ]
    if operation["parameters"]:
        rows = "".join(
            _row(
                field["name"],
                field["schema"],
                must=field.get("required", False),
                note=f"in {field['in']}",
            )
            for field in operation["parameters"]
        )
        parts.append(_details("Parameters", f"<table>{rows}</table>"))
    if "requestBody" in operation:
        parts.append(_details("Body", _contents(operation["requestBody"]["content"])))
    parts.extend(_answers(operation["responses"]))
    return "".join(parts) + "</article>"


def _answers(responses: Mapping[str, Document]) -> Iterator[str]:
    rows: list[str] = []
    for status, response in responses.items():
        content: Mapping[str, Document] = response.get("content", {})
        examples = next(iter(content.values()), {}).get("examples", {})
        links = ", ".join(
            f'<a href="/docs/problems#{code}"><code>{_breakable(code)}</code></a>'
            for code in examples
        )
        if not links and int(status) >= 400:
            links = f'{escape(response["description"])} <a href="/docs/problems">See the list</a>'
        if links:
            rows.append(f"<tr><th>{status}</th><td>{links}</td></tr>")
        else:
            yield _details(
                f"Answer {status}", _contents(content) or escape(response["description"])
            )
    if rows:
        yield _details("Problems", f'<table class="codes">{"".join(rows)}</table>')


def _contents(content: Mapping[str, Document]) -> str:
    return "".join(
        f'<p class="note">{escape(media)}: {_type(part.get("schema", {}))}</p>'
        for media, part in content.items()
    )


def _messages(document: Document) -> str:
    parts = ['<h2 class="tag" id="messages">Messages</h2>']
    for name, schema in document["components"]["schemas"].items():
        must = schema.get("required", [])
        fields: Mapping[str, Document] = schema.get("properties", {})
        rows = "".join(_row(field, kind, must=field in must) for field, kind in fields.items())
        words = f'<p class="note">{_prose(schema.get("description", ""))}</p>'
        if "enum" in schema:
            words += (
                "<p>"
                + " ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
                + "</p>"
            )
        table = f"<table>{rows}</table>" if rows else ""
        parts.append(
            f'<article id="message-{escape(name)}"><h3>{escape(name)}</h3>{words}{table}</article>'
        )
    return "".join(parts)


def _problem(code: str, entry: Document) -> str:
    facts = (
        f"HTTP {entry['status']} · retry: {entry['retry']}"
        if "status" in entry
        else "in the verdict of an act; HTTP 422 where it was sent alone"
    )
    words = str(entry["description"]).rstrip(".")
    return (
        f'<article id="{code}"><h3>{escape(entry["title"])}</h3><p class="call"><code>{_breakable(code)}</code></p>'
        f'<p>{_prose(words[:1].upper() + words[1:])}.</p><p class="note">{facts}</p></article>'
    )


def _row(name: str, schema: Document, *, must: bool, note: str = "") -> str:
    required = '<span class="must">required</span>' if must else ""
    extra = f' <span class="note">{note}</span>' if note else ""
    told = _told(schema)
    words = f'<br><span class="note">{_prose(told)}</span>' if told else ""
    return f"<tr><th><code>{_breakable(name)}</code>{required}</th><td>{_type(schema)}{extra}{words}</td></tr>"


def _told(schema: Document) -> str:
    """What a field is; one that may be null says it in what it is otherwise."""
    otherwise = (part.get("description", "") for part in schema.get("anyOf", ()))
    return schema.get("description") or next(filter(None, otherwise), "")


def _details(words: str, inside: str) -> str:
    return f"<details><summary>{escape(words)}</summary>{inside}</details>"


def _breakable(name: str) -> str:
    """Escape a name and let a narrow screen break it after a slash or underscore, nowhere else."""
    return escape(name).replace("/", "/<wbr>").replace("_", "_<wbr>")


def _prose(text: str) -> str:
    """Escape text; what stands between double backticks becomes code."""
    pieces = escape(" ".join(text.split())).split("``")
    return "".join(
        f"<code>{piece}</code>" if odd % 2 else piece for odd, piece in enumerate(pieces)
    )


def _type(schema: Document) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#message-{name}">{name}</a>'
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " or ".join(map(_type, schema[key]))
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return " ".join(f"<code>{escape(str(value))}</code>" for value in values)
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        inner = schema.get("items") or {}
        return "list of " + (_type(inner) if isinstance(inner, dict) else "anything")
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return (
            "text by name"
            if schema["additionalProperties"].get("type") == "string"
            else "values by name"
        )
    return f'<span class="type">{escape(kind)}</span>'
