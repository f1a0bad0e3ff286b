"""The operator's page: figures that come anew, alarms of the record, and every problem code explained."""

import re

import httpx
from playwright.sync_api import Page, expect

from tallystick.apps.parts import CONTEXTS
from tests.browser.house import NARROW, House, axe

HOSTILE = "<script>document.title='owned'</script>"


def test_an_operator_sees_how_the_platform_does(house: House) -> None:
    page = house.page("owner")
    page.goto("/record/of/nothing")
    page.goto("/operator")
    # A platform that has just begun, on a busy machine, may say for some seconds that its record lags.
    expect(page.locator("main")).to_contain_text("No alarm.")
    said = page.locator("main").inner_text()
    for part in ("The record", "People and rights", "The books", "Wallets", "Payments"):
        assert part in said
    assert said.count("answers") == len(CONTEXTS)
    assert "No alarm." in said
    row = page.get_by_role("row", name=re.compile("^record "))
    assert row.count() == 1
    assert int(row.locator("td").first.inner_text()) >= 1
    axe(page)


def test_the_figures_come_anew_by_themselves_and_end(house: House) -> None:
    page = house.page("owner")
    page.goto("/operator")
    with page.expect_response(re.compile(r"/operator\?turn=1$")) as answer:
        pass
    assert answer.value.status == 200
    page.locator('#figures[hx-get="/operator?turn=2"]').wait_for()
    over = page.context.request.get("/operator?turn=180", headers={"hx-request": "true"})
    assert over.status == 286
    assert "hx-get" not in over.text()


def test_whoever_reads_lets_the_figures_stand_still(house: House) -> None:
    page = house.page("owner")
    page.clock.install()
    page.goto("/operator")
    page.locator('#figures[hx-get="/operator?turn=2"]').wait_for()
    link = page.locator("#to-record")
    link.focus()
    page.get_by_role("button", name="Let the figures stand still").click()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    # Four rounds of five seconds would have come.
    page.clock.fast_forward(20_000)
    assert asked == []
    page.get_by_role("button", name="Let the figures come anew").click()
    link.focus()
    page.locator('#figures[hx-get="/operator?turn=3"]').wait_for()
    # Whoever goes by keys stays where they are.
    expect(link).to_be_focused()


def test_who_may_not_see_it_is_told_so(house: House) -> None:
    for who in ("clerk", "bookkeeper"):
        page = house.page(who)
        answer = page.goto("/operator")
        assert answer is not None
        assert answer.status == 403
    axe(page)


def test_every_problem_code_is_explained_and_found(house: House) -> None:
    page = house.page("clerk")
    page.goto("/operator/problems")
    codes = page.locator("article code.id").all_text_contents()
    assert {"not_allowed", "step_up_needed", "insufficient_funds"} & set(codes)
    official = httpx.get(f"{house.running.url}/openapi.json").json()["x-problems"]
    assert set(codes) == set(official)
    assert page.evaluate("document.documentElement.scrollHeight") < 1_600
    # Whoever follows a code comes to it, though its part is closed.
    page.goto("/operator/problems#step_up_needed")
    expect(page.locator("article:target")).to_be_visible()
    axe(page)
    page.get_by_role("searchbox").fill("fresh proof second factor")
    page.get_by_role("button", name="Search").click()
    found = page.locator("article code.id").all_text_contents()
    assert "step_up_needed" in found
    assert len(found) < len(codes)
    shown(page, "no such words at all", 0)


def shown(page: Page, text: str, count: int) -> None:
    """Search for a text, and see so many codes."""
    page.get_by_role("searchbox").fill(text)
    page.get_by_role("button", name="Search").click()
    assert page.locator("article").count() == count
    assert page.get_by_role("searchbox").input_value() == text


def test_what_is_searched_for_stays_text(house: House) -> None:
    page = house.page("clerk")
    page.goto("/operator/problems")
    shown(page, HOSTILE, 0)
    assert page.title() != "owned"


def test_prometheus_reads_it_from_this_machine_alone(house: House) -> None:
    url = f"{house.running.url}/metrics"
    near = httpx.get(url)
    assert near.status_code == 200
    assert near.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'tallystick_requests_total{group="overview"}' in near.text
    forwarded = {"x-forwarded-for": "192.0.2.1"}
    assert httpx.get(url, headers=forwarded).status_code == 401
    with house.running.client() as client:
        assert client.get("/metrics", headers=forwarded).status_code == 403


def test_it_fits_a_phone(house: House) -> None:
    page = house.page("owner", viewport=NARROW)
    for path in ("/operator", "/operator/problems"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], path
