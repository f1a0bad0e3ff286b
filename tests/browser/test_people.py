"""People, roles and delegations as an owner changes them, and the decision that says why."""

import pytest
from playwright.sync_api import Page

from tests.browser.house import NARROW, House, axe

HOSTILE = "Eve<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


@pytest.fixture(scope="module")
def proven(whole_house: House) -> dict[str, object]:
    """What the owner's browser keeps after a second factor was proven."""
    page = whole_house.page("owner")
    whole_house.prove(page)
    state = page.context.storage_state()
    whole_house.close_contexts()
    return dict(state)


@pytest.fixture
def owner(house: House, proven: dict[str, object]) -> Page:
    """The owner, who proved a second factor just now."""
    page = house.context(storage_state=proven).new_page()
    page.goto("/people")
    house.prove(page)
    return page


def person(page: Page, name: str) -> str:
    """The address of somebody's page."""
    page.goto("/people")
    return page.get_by_role("main").get_by_role("link", name=name).get_attribute("href") or ""


def test_each_person_has_a_sentence(owner: Page) -> None:
    said = owner.get_by_role("row", name="Clerk").inner_text()
    assert "Payment clerk, who pays as far as a delegation goes; may make payments" in said
    assert "EUR at once" in said
    assert "per_" not in said
    axe(owner)


def test_somebody_is_added_once_and_stays_text(owner: Page) -> None:
    owner.get_by_role("link", name="Add a person").click()
    axe(owner)
    address = owner.url
    owner.get_by_label("Name", exact=True).fill(HOSTILE)
    owner.get_by_role("button", name="Add a person").click()
    owner.wait_for_url("**/people/per_*")
    there = owner.url
    assert owner.get_by_role("heading", level=1).inner_text() == HOSTILE
    # Back, and pressed again: it is the same person.
    owner.goto(address)
    owner.get_by_label("Name", exact=True).fill(HOSTILE)
    owner.get_by_role("button", name="Add a person").click()
    owner.wait_for_url(there)
    owner.goto("/people")
    assert owner.get_by_role("link", name="Eve<img").count() == 1
    owner.goto(f"/why?who={there.rpartition('/')[2]}")
    owner.wait_for_load_state()
    assert owner.title() != "owned"
    assert owner.locator("main img").count() == 0


def test_a_form_that_is_refused_is_shown_again(owner: Page) -> None:
    owner.goto("/people/new")
    owner.get_by_label("Name", exact=True).fill("Nell")
    owner.get_by_label("Provider", exact=True).fill("https://idp.example")
    owner.get_by_role("button", name="Add a person").click()
    assert owner.get_by_label("Name", exact=True).input_value() == "Nell"
    wrong = owner.get_by_label("How the provider names them")
    told = wrong.get_attribute("aria-describedby") or "?"
    assert "go together" in owner.locator(f"#{told}").inner_text()
    axe(owner)


def test_a_delegation_is_seen_before_it_is_given(house: House, owner: Page) -> None:
    at = person(owner, "Clerk")
    owner.goto(at)
    axe(owner)
    owner.get_by_role("link", name="Change").first.click()
    seen = owner.locator("#preview")
    before = seen.locator(".would").inner_text()
    assert "12,345.00 EUR" not in before
    owner.get_by_label("At once, at most").fill("12,345")
    seen.get_by_text("12,345.00 EUR at once").first.wait_for()
    assert "Clerk of the demonstration now" in seen.inner_text()
    axe(owner)
    owner.get_by_label("Currency of the amounts").fill("")
    seen.get_by_text("It cannot be said yet").wait_for()
    # Nothing was changed by looking.
    owner.goto(at)
    assert "12,345.00" not in owner.locator("main").inner_text()


def test_a_delegation_is_seen_without_script(house: House, proven: dict[str, object]) -> None:
    page = house.context(storage_state=proven, java_script_enabled=False).new_page()
    page.goto(person(page, "Clerk") + "/delegations/new")
    page.get_by_label("On which accounts").fill("wallets:electrical:...")
    page.get_by_label("Currency of the amounts").fill("EUR")
    page.get_by_label("At once, at most").fill("77.70")
    page.get_by_role("button", name="See what it says").click()
    assert "up to 77.70 EUR at once" in page.locator("#preview").inner_text()
    assert page.get_by_label("At once, at most").input_value() == "77.70"


def test_a_delegation_waits_for_another_person(house: House, owner: Page) -> None:
    at = person(owner, "Clerk")
    owner.goto(f"{at}/delegations/new")
    owner.get_by_label("On which accounts").fill("wallets:electrical:...")
    owner.get_by_role("button", name="Give the delegation").click()
    owner.wait_for_load_state()
    with house.running.client():
        waiting = house.asks(owner, "GET", "/v1/approvals?which=mine").json()["items"]
    assert [one["action"] for one in waiting] == ["identity.delegation.give"]
    axe(owner)
    owner.goto(at)
    assert owner.locator("section.card .sentence").count() == 1


def test_a_role_takes_a_proof_and_another_person(house: House) -> None:
    page = house.page("owner")
    page.goto(person(page, "Bookkeeper"))
    page.get_by_label("Give another role").select_option("auditor")
    page.get_by_role("button", name="Give", exact=True).click()
    page.wait_for_load_state()
    assert "second factor" in page.locator("main").inner_text()
    held = house.asks(page, "GET", "/v1/memberships").json()["items"]
    assert "auditor" not in {one["role"] for one in held}


def test_somebody_is_suspended_and_let_in_again(owner: Page) -> None:
    at = person(owner, "Bookkeeper")
    owner.goto(at)
    owner.get_by_role("button", name="Suspend").click()
    assert "suspended, and may do nothing" in owner.locator(".says").first.inner_text()
    owner.get_by_role("button", name="Let in again").click()
    assert "Bookkeeper, who reads" in owner.locator(".says").first.inner_text()
    owner.get_by_label("Risk, 0 to 100").fill("41")
    owner.get_by_role("button", name="Set the risk").click()
    assert owner.get_by_label("Risk, 0 to 100").input_value() == "41"


def test_nobody_changes_themself(owner: Page) -> None:
    owner.goto(person(owner, "Owner"))
    assert "Nobody changes their own rights" in owner.locator("main").inner_text()
    assert owner.get_by_role("button", name="Suspend").count() == 0


def test_roles_are_plain_and_one_is_made(owner: Page) -> None:
    owner.goto("/roles")
    axe(owner)
    assert (
        "agree to what others asked for"
        in owner.get_by_role("row", name="makes nothing").inner_text()
    )
    owner.get_by_label("Its name").fill("night_desk")
    owner.get_by_label("What it is").fill(HOSTILE)
    owner.get_by_label("read the books").check()
    owner.get_by_role("button", name="Make the role").click()
    row = owner.get_by_role("row", name="night_desk")
    assert "read the books" in row.inner_text()
    assert owner.title() != "owned"
    row.get_by_role("button", name="End").click()
    assert owner.get_by_role("row", name="night_desk").count() == 0


def test_why_she_may_and_why_he_may_not(owner: Page) -> None:
    owner.goto("/why")
    axe(owner)
    owner.get_by_label("Who", exact=True).select_option(label="Clerk of the demonstration")
    owner.get_by_label("May they …?").select_option("payments.payment.make")
    owner.get_by_label("From the account").fill("wallets:electrical:eur")
    owner.get_by_label("To the account").fill("wallets:de-vries-fietsen:eur")
    owner.get_by_label("Amount").fill("5,000.00")
    owner.get_by_label("Currency").fill("EUR")
    owner.get_by_role("button", name="Ask").click()
    owner.wait_for_url("**/decisions/dec_*")
    said = owner.locator(".decide").inner_text()
    assert "Clerk of the demonstration may not make a payment" in said
    assert "The agreement of others would let it through" in said
    assert "5,000.00" in owner.locator("main").inner_text()
    assert "the same answer, to the bit" in owner.locator("main").inner_text()
    axe(owner)
    owner.get_by_role("link", name="Ask another").click()
    owner.get_by_label("May they …?").select_option("ledger.ledger.read")
    owner.get_by_label("Who", exact=True).select_option(label="Bookkeeper of the demonstration")
    owner.get_by_role("button", name="Ask").click()
    owner.wait_for_url("**/decisions/dec_*")
    assert 'a role of theirs lets them "read the books"' in owner.locator("main").inner_text()


def test_the_rule_is_shown_and_what_is_wrong_is_said(owner: Page) -> None:
    owner.goto("/rule")
    axe(owner)
    owner.get_by_label("Networks one may act from").fill("everywhere")
    owner.get_by_role("button", name="Change the rule").click()
    assert owner.get_by_label("Networks one may act from").input_value() == "everywhere"
    assert owner.locator("#networks-told").inner_text() != ""
    assert owner.get_by_label("Networks one may act from").get_attribute("aria-invalid") == "true"


def test_recovering_somebody_is_a_decision_of_its_own(owner: Page) -> None:
    owner.goto(person(owner, "Approver") + "/recover")
    assert "All second factors and sessions" in owner.locator("main").inner_text()
    axe(owner)


def test_who_may_not_see_people_is_told_so(house: House) -> None:
    page = house.page("clerk")
    answer = page.goto("/people")
    assert answer is not None
    assert answer.status == 403


def test_pages_fit_a_phone(owner: Page) -> None:
    at = person(owner, "Clerk")
    owner.set_viewport_size({"width": NARROW["width"], "height": NARROW["height"]})
    for path in ("/people", at, f"{at}/delegations/new", "/roles", "/rule", "/why"):
        owner.goto(path)
        assert owner.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], path
