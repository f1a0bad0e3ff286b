"""One's own acts: what was done and refused, whether pressing again is safe, and how far the list reaches."""

from playwright.sync_api import expect

from tests.browser.house import NARROW, House, axe
from tests.browser.paying import RAHMENBAU, look_at


def test_what_was_done_and_refused_is_listed_with_what_pressing_again_does(house: House) -> None:
    page = house.page("clerk")
    look_at(page, payee="Müller Rahmenbau", iban=RAHMENBAU, amount="0.11")
    page.locator("button.main", has_text="Pay ").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Payment to Müller Rahmenbau")
    payment = page.url.rpartition("/")[2]
    # Somebody who may not agree says yes all the same.
    assert house.asks(page, "POST", "/v1/approvals/apr_x/approve", {}).status_code == 403

    row = page.get_by_role("row").filter(has_text=payment)
    for _ in range(60):
        page.goto("/acts")
        if row.count() and page.get_by_text("not_allowed").count():
            break
        page.wait_for_timeout(250)
    expect(row.first).to_contain_text("Done")
    expect(row.first).to_contain_text("Safe")
    expect(row.first).to_contain_text("Press again on the page you came from")
    refused = page.get_by_role("row").filter(has_text="not_allowed").first
    expect(refused).to_contain_text("Not done")
    expect(page.get_by_role("main")).to_contain_text("Every act up to")
    axe(page)
    row.first.get_by_role("link", name=payment).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Payment to Müller Rahmenbau")

    narrow = house.page("clerk", viewport=NARROW)
    narrow.goto("/acts")
    axe(narrow)
    # Nobody sees what others did.
    other = house.page("bookkeeper")
    other.goto("/acts")
    assert payment not in other.content()
    other.goto("/acts?after=%3Cb%3E")
    expect(other.get_by_role("alert")).to_contain_text("a cursor is taken from the page before")
