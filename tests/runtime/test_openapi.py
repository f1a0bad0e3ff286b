"""The OpenAPI document and its page say what the routes are."""

import json
import re
from html.parser import HTMLParser

import httpx
import jsonschema
import msgspec
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from tallystick.identity.api import Unauthenticated
from tallystick.identity.http.keys import routes as identity_routes
from tallystick.kernel.callers import Caller
from tallystick.kernel.problems import Problem
from tallystick.runtime.edge import Asked, Route, Shown, build_app
from tallystick.runtime.openapi import openapi_document
from tallystick.runtime.reading_page import PAGE_POLICY, reference_page


class Find(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Find things by ``name`` & <more>."""

    name: str
    metadata: dict[str, str] | None = None


class OneOfMany(Problem):
    """It stands for a closed list of codes."""


async def _handle(asked: Asked) -> None:
    return None


ROUTES = [
    *identity_routes(None),  # type: ignore[arg-type]
    Route(method="GET", path="/v1/things/{thing}", summary="Find <things>", handle=_handle, query=Find, answer=Find),
    Route(method="POST", path="/v1/files", summary="Take a file", handle=_handle, body=bytes, answer=bytes,
          answer_media="application/xml"),
    Route(method="GET", path="/v1/files/{file}", summary="Show a file", handle=_handle, answer=Find,
          answer_media="application/xml", other_media=("application/json",), problems=(OneOfMany,)),
]  # fmt: skip


@pytest.fixture(scope="module")
def document() -> dict:
    made = openapi_document(
        routes=ROUTES,
        title="Tallystick",
        version="1",
        problems=(Unauthenticated,),
        glossary={"some_code": "Some."},
    )
    return json.loads(msgspec.json.encode(made))


def _references(node) -> list[str]:
    if isinstance(node, list):
        return [found for each in node for found in _references(each)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return own + [found for each in node.values() for found in _references(each)]


def test_every_reference_leads_to_a_schema(document):
    schemas = document["components"]["schemas"]
    assert _references(document)
    for reference in _references(document):
        assert reference.removeprefix("#/components/schemas/") in schemas


def test_the_document_is_an_openapi_3_1_document(document):
    # schemathesis carries the schema of the specification, so that this needs no network.
    OPENAPI_31_VALIDATOR.validate(document)


def test_every_schema_is_a_json_schema_of_2020_12(document):
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_operation_has_its_own_id_and_all_its_parameters(document):
    assert document["openapi"].startswith("3.1.")
    ids = []
    for path, methods in document["paths"].items():
        for operation in methods.values():
            ids.append(operation["operationId"])
            named = {field["name"] for field in operation["parameters"] if field["in"] == "path"}
            assert named == set(re.findall(r"\{(\w+)\}", path))
            assert all(
                field["required"] for field in operation["parameters"] if field["in"] == "path"
            )
            assert all("description" in answer for answer in operation["responses"].values())
    assert len(ids) == len(set(ids)) == len(ROUTES)


def test_every_route_lists_every_problem_it_can_raise(document):
    for route in ROUTES:
        responses = document["paths"][route.path][route.method.lower()]["responses"]
        listed = {
            code
            for answer in responses.values()
            for code in answer.get("content", {})
            .get("application/problem+json", {})
            .get("examples", {})
        }
        assert {problem.code for problem in route.problems} - {Problem.code} <= listed
        assert {"api_key_not_accepted", "malformed_request", "internal_error"} <= listed
        assert ("body_too_large" in listed) == (route.body is not None)


def test_every_media_type_of_an_answer_is_listed_and_json_has_its_message(document):
    content = document["paths"]["/v1/files/{file}"]["get"]["responses"]["200"]["content"]
    assert content == {
        "application/xml": {"schema": {"type": "string"}},
        "application/json": {"schema": {"$ref": "#/components/schemas/Find"}},
    }


def test_a_class_that_stands_for_a_list_of_codes_is_told_by_the_glossary(document):
    responses = document["paths"]["/v1/files/{file}"]["get"]["responses"]
    assert responses["422"]["content"]["application/problem+json"]["examples"] == {}
    assert "some_code" in document["x-problems"]
    assert Problem.code not in document["x-problems"]


def test_problem_examples_have_the_shape_they_show(document):
    schemas = document["components"]["schemas"]
    validator = jsonschema.Draft202012Validator(
        {"$ref": "#/components/schemas/ProblemDocument", "components": {"schemas": schemas}}
    )
    answers = document["paths"]["/v1/keys"]["post"]["responses"]
    examples = answers["401"]["content"]["application/problem+json"]["examples"]
    validator.validate(examples["api_key_not_accepted"]["value"])


def test_a_mapping_in_a_query_is_a_deep_object_and_a_query_is_no_message(document):
    fields = {
        field["name"]: field
        for field in document["paths"]["/v1/things/{thing}"]["get"]["parameters"]
    }
    assert fields["name"]["required"]
    assert fields["metadata"]["style"] == "deepObject"
    assert "ListKeys" not in document["components"]["schemas"]


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.ids.extend(value or "" for name, value in attrs if name == "id")
        self.links.extend(value or "" for name, value in attrs if name == "href")


def test_the_page_stands_alone_and_its_links_lead_somewhere(document):
    text = reference_page(document)
    page = _Page()
    page.feed(text)
    assert page.tags.isdisjoint({"script", "link", "img", "iframe", "form", "object"})
    assert page.attributes.isdisjoint({"style", "src", "onclick"})
    assert len(page.ids) == len(set(page.ids))
    for link in page.links:
        assert link.startswith(("#", "/docs/problems", "/openapi.json")), link
        assert not link.startswith("#") or link[1:] in page.ids, link
    assert "Find &lt;things&gt;" in text
    assert "url(" not in text
    assert "script" not in PAGE_POLICY


async def test_document_and_pages_are_served_without_a_key(document):
    async def refuse(_: Shown, asking: Caller):
        raise AssertionError("a public route asked for a key")

    app = build_app(
        routes=ROUTES,
        authenticate=refuse,
        title="Tallystick",
        version="1",
        problems=(Unauthenticated,),
    )
    browser = {"accept": "text/html,application/xhtml+xml;q=0.9"}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://edge") as client:
        served = (await client.get("/openapi.json")).json()
        root = await client.get("/", headers=browser)
        assert (root.status_code, root.headers["location"], root.content) == (307, "/docs", b"")
        reference, problems = [
            await client.get(path, headers=browser) for path in ("/docs", "/docs/problems")
        ]
    assert set(document["paths"]) < set(served["paths"])
    assert served["paths"]["/healthz"]["get"]["security"] == []
    for page in (reference, problems):
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert page.headers["content-security-policy"] == PAGE_POLICY
    for code in served["x-problems"]:
        assert f'id="{code}"' in problems.text
