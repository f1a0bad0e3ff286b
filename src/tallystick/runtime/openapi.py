"""The OpenAPI 3.1 document, generated from the routes and the messages of the doors."""

import inspect
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from tallystick.kernel.problems import Malformed, Problem
from tallystick.runtime.refusals import (
    ALWAYS,
    OF_THE_EDGE,
    OF_WRITES,
    PROBLEM_JSON,
    WITH_BODY,
    KeyMissing,
    ProblemDocument,
    document_of,
    status_of,
    title_of,
)
from tallystick.runtime.routes import FORM, JSON, XML, Route

_PARAMETER = re.compile(r"\{(\w+)\}")
_REF = "#/components/schemas/{name}"
_STATUS_WORDS: Mapping[int, str] = {
    200: "Done.",
    201: "Committed.",
    204: "Done; there is nothing to say.",
    400: "The request does not have its shape.",
    401: "The key is not accepted.",
    403: "The key may not do this.",
    404: "There is no such thing.",
    406: "The answer would be of another media type.",
    408: "The body was too slow.",
    409: "It conflicts with what is there.",
    413: "The body is too large.",
    414: "The path is too long.",
    415: "The body is of another media type.",
    422: "Understood, and refused.",
    429: "Too many requests; come back after `Retry-After` seconds.",
    431: "The headers are too large.",
    500: "A defect of ours.",
    503: "Not now; repeat the same request.",
}

Document = dict[str, Any]


def openapi_document(
    *,
    routes: Iterable[Route],
    title: str,
    version: str,
    problems: tuple[type[Problem], ...] = (),
    glossary: Mapping[str, str] | None = None,
) -> Document:
    """Write the document. ``problems`` are what every route with a key can answer besides its own;
    ``glossary`` explains codes that no class carries. Both end in ``x-problems``, by code."""
    listed = list(routes)
    schemas = _Schemas(listed)
    paths: dict[str, Document] = {}
    for route in listed:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(
            route, schemas, problems
        )
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(map(_tag, listed))],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A key of a tenant, `tally_…`.",
                }
            },
        },
        "security": [{"key": []}],
        "x-problems": all_problems(listed, problems, glossary or {}),
    }


class _Schemas:
    """One set of components for all messages, so that a message has one name everywhere."""

    def __init__(self, routes: list[Route]) -> None:
        kinds = [
            kind
            for route in routes
            for kind in (route.body, route.query, route.answer, route.refusal)
        ]
        self._kinds: list[Any] = [ProblemDocument]
        for kind in kinds:
            if kind is not None and kind is not bytes and kind not in self._kinds:
                self._kinds.append(kind)
        found, components = msgspec.json.schema_components(self._kinds, ref_template=_REF)
        self._found = list(found)
        # A query is spelled out as parameters; as a message it would have no reader.
        spoken = [kind for route in routes for kind in (route.body, route.answer, route.refusal)]
        silent = {route.query for route in routes if route.query and route.query not in spoken}
        names = {self.of(kind)["$ref"].rpartition("/")[2] for kind in silent}
        self.queries = {name: components[name] for name in names}
        self.components = {name: schema for name, schema in components.items() if name not in names}

    def of(self, kind: Any) -> Document:
        """The schema of a type of one of the routes."""
        return self._found[self._kinds.index(kind)]

    def fields_of(self, kind: Any) -> tuple[Document, list[str]]:
        """The fields of a query, and which of them must be there."""
        name = self.of(kind)["$ref"].rpartition("/")[2]
        schema = self.queries.get(name) or self.components[name]
        return schema.get("properties", {}), schema.get("required", [])


def _operation(route: Route, schemas: _Schemas, problems: tuple[type[Problem], ...]) -> Document:
    operation: Document = {
        "tags": [_tag(route)],
        "summary": route.summary,
        "operationId": _operation_id(route),
        "parameters": _parameters(route, schemas),
        "responses": _responses(route, schemas, problems),
    }
    if route.public:
        operation["security"] = []
    if route.body is not None:
        media = FORM if route.form else XML if route.body is bytes else JSON
        operation["requestBody"] = {
            "required": True,
            "content": _content(route.body, schemas, (media,)),
        }
    return operation


def _parameters(route: Route, schemas: _Schemas) -> list[Document]:
    found: list[Document] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in _PARAMETER.findall(route.path)
    ]
    if route.query is not None:
        fields, required = schemas.fields_of(route.query)
        for name, schema in fields.items():
            parameter = {
                "name": name,
                "in": "query",
                "required": name in required,
                "schema": schema,
            }
            if "description" in schema:
                parameter["description"] = schema["description"]
            if '"object"' in msgspec.json.encode(schema).decode():
                parameter |= {"style": "deepObject", "explode": True}
            found.append(parameter)
    if _takes_key(route):
        text = "Your id of this request, 1 to 64 printable ASCII characters: sent again, it is done once"
        text += "." if route.keyed else " and answered as before, for 24 hours."
        schema = {"type": "string", "pattern": "^[!-~]{1,64}$"}
        found.append(
            {"name": "Idempotency-Key", "in": "header", "description": text, "schema": schema}
        )
    return found


def _takes_key(route: Route) -> bool:
    """Every write takes a key, unless nobody is known whose it could be."""
    return route.method != "GET" and not route.public


def _responses(route: Route, schemas: _Schemas, problems: tuple[type[Problem], ...]) -> Document:
    answer: Document = {"description": _STATUS_WORDS.get(route.status, "Done.")}
    if route.answer is not None:
        answer["content"] = _content(route.answer, schemas, route.every_media)
    responses = {str(route.status): answer}
    if route.replays:
        responses["200"] = answer | {"description": "Done before; the first answer again."}
    by_status: dict[int, list[type[Problem]]] = {}
    for problem in problems_of(route, problems):
        by_status.setdefault(status_of(problem), []).append(problem)
    for status, group in sorted(by_status.items()):
        responses[str(status)] = {
            "description": _STATUS_WORDS.get(status, "Refused."),
            "content": {
                PROBLEM_JSON: {
                    "schema": schemas.of(ProblemDocument),
                    "examples": {
                        problem.code: _example(problem)
                        for problem in group
                        if _has_one_code(problem)
                    },
                }
            },
        }
    if route.refusal is not None:
        for status in ("400", "401"):
            told = responses.setdefault(status, {"description": _STATUS_WORDS[int(status)]})
            content = told.get("content", {}) | _content(route.refusal, schemas, (JSON,))
            responses[status] = told | {"content": content}
    return responses


def problems_of(route: Route, problems: tuple[type[Problem], ...]) -> list[type[Problem]]:
    """Everything a route can refuse with, each once."""
    mine = [*(() if route.public else problems), Malformed, *route.problems, *ALWAYS]
    if route.body is not None:
        mine.extend(WITH_BODY)
    if _takes_key(route) and not route.keyed:
        mine.extend(OF_WRITES)
    if route.needs_key is not None:
        mine.append(KeyMissing)
    return list(dict.fromkeys(mine))


def _example(problem: type[Problem]) -> Document:
    sentence = _sentence(problem)
    example = document_of(problem(sentence), request_id="req_1")
    return {"summary": title_of(problem.code), "value": msgspec.to_builtins(example)}


def _content(kind: Any, schemas: _Schemas, every_media: Iterable[str]) -> Document:
    return {media: {"schema": _schema(kind, schemas, media)} for media in every_media}


def _schema(kind: Any, schemas: _Schemas, media: str) -> Document:
    is_message = media == JSON and kind is not bytes
    return schemas.of(kind) if is_message else {"type": "string"}


def all_problems(
    routes: list[Route], problems: tuple[type[Problem], ...], glossary: Mapping[str, str]
) -> Document:
    """Every problem that can be answered, by its code: title, what it means, status, and whether to ask again."""
    every = [*OF_THE_EDGE, *problems, *(problem for route in routes for problem in route.problems)]
    found = {problem.code: _problem_entry(problem) for problem in every if _has_one_code(problem)}
    for code, words in glossary.items():
        found.setdefault(code, {"title": title_of(code), "description": words})
    return dict(sorted(found.items()))


def _has_one_code(problem: type[Problem]) -> bool:
    """Tell a class with a code from one that stands for a closed list, which the glossary explains."""
    return problem.code != Problem.code


def _problem_entry(problem: type[Problem]) -> Document:
    return {
        "title": title_of(problem.code),
        "description": _sentence(problem),
        "status": status_of(problem),
        "retry": str(problem.retry),
    }


def _sentence(problem: type[Problem]) -> str:
    return " ".join((inspect.getdoc(problem) or title_of(problem.code)).split())


def _tag(route: Route) -> str:
    segments = [part for part in route.path.split("/") if part and not part.startswith("{")]
    return segments[1] if len(segments) > 1 and segments[0].startswith("v") else "process"


def _operation_id(route: Route) -> str:
    words = re.sub(r"[^a-z0-9]+", "_", route.path.lower()).strip("_")
    return f"{route.method.lower()}_{words}"
