"""Clouds in the console: what a plan would lose is said first, and somebody else agrees to exactly it."""

import re

from playwright.sync_api import expect

from tests.browser.clouds import handed_in
from tests.browser.house import House
from tests.browser.places import APPROVER, OWNER


def test_what_a_plan_loses_is_said_first_and_an_approver_agrees_to_it(house: House) -> None:
    plan = handed_in(house)
    page = house.page(APPROVER)
    house.prove(page)
    page.goto("/clouds")
    page.get_by_role("link", name="Staging on AWS").first.click()
    page.wait_for_url(f"**/clouds/plans/{plan}")
    expect(page.get_by_role("alert")).to_contain_text("Data is lost for good")
    first = page.locator(".changes > li").first
    expect(first).to_contain_text("module.database.aws_db_instance.books")
    expect(first).to_contain_text(re.compile("This loses", re.IGNORECASE))
    first.locator("summary").click()
    expect(first).to_contain_text("db.r8g.xlarge")
    made = page.locator(".changes > li").last
    made.locator("summary").click()
    expect(made).to_contain_text("enable_key_rotation")
    page.get_by_role("button", name="Agree").click()
    expect(page.get_by_text("You have agreed to it.")).to_be_visible()
    agreed = house.asks(page, "GET", f"/v1/cloud/plans/{plan}").json()
    assert len(agreed["approvals"]) == 1
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_role("button", name="Agree")).to_be_visible()


def test_a_newer_plan_voids_the_page_that_is_open(house: House) -> None:
    plan = handed_in(house, "development")
    page = house.page(APPROVER)
    house.prove(page)
    page.goto(f"/clouds/plans/{plan}")
    with house.running.client() as client:
        answer = client.post(f"/v1/cloud/plans/{plan}/withdraw")
        assert answer.is_success, answer.text
    page.get_by_role("button", name="Agree").click()
    expect(page.get_by_role("alert").first).to_contain_text("withdrawn")


def test_who_may_look_and_not_agree_is_told_who_may(house: House) -> None:
    plan = handed_in(house)
    page = house.page(OWNER)
    page.goto(f"/clouds/plans/{plan}")
    expect(
        page.get_by_text("Those who hold the role of a cloud approver agree to plans.")
    ).to_be_visible()
    expect(page.get_by_role("button", name="Agree")).to_have_count(0)
