"""A payment is looked at, made once however often the button is pressed, and asked about when it looks like another."""

import contextlib
from typing import Any

from playwright.sync_api import Error, Page, Route, expect

from tests.browser.house import NARROW, House, axe, sign_in
from tests.browser.paying import (
    CLAIRE,
    FIETSEN,
    HOSTILE,
    RAHMENBAU,
    balance,
    fill_in,
    look_at,
    paid,
)

RAHMENBAU_IS = {"payee": "Müller Rahmenbau", "iban": RAHMENBAU}


def pay_button(page: Page) -> Any:
    return page.locator("button.main", has_text="Pay ")


def test_a_double_click_pays_once_and_the_page_says_before_what_will_happen(house: House) -> None:
    page = house.page("clerk")
    before = balance(house, "mueller-rahmenbau")
    page.goto("/pay")
    axe(page)
    page.get_by_role("link", name="Begin a payment").click()
    axe(page)
    payment = page.url.rpartition("/")[2]
    page.reload()
    assert page.url.endswith(payment)
    fill_in(page, **RAHMENBAU_IS, amount="1,0", reference="")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#amount-told")).to_contain_text("no amount in EUR")
    axe(page)
    page.get_by_label("Amount").fill("12.37")
    page.get_by_role("button", name="Go on").click()
    shown = page.locator(".decide")
    for text in ("12.37EUR", "De Vries Fietsen", "DE89 3704 0044 0532 0130 00", "None", "At once"):
        expect(shown).to_contain_text(text)
    axe(page)
    assert balance(house, "mueller-rahmenbau") == before
    pay_button(page).dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text("Payment to Müller Rahmenbau")
    for text in ("Checked and accepted", "Paid: it stands in the books", "by you"):
        expect(page.get_by_role("list").last).to_contain_text(text)
    axe(page)
    assert [one["amount"] for one in paid(house, payment)] == [1237]
    # Reload and the address again are the same payment.
    page.reload()
    again = page.context.new_page()
    again.goto(f"/pay/{payment}")
    expect(again.get_by_role("heading", level=1)).to_have_text("Payment to Müller Rahmenbau")
    assert balance(house, "mueller-rahmenbau") == before + 1237


def test_a_lost_answer_and_a_second_press_pay_once(house: House) -> None:
    page = house.page("clerk")
    before = balance(house, "mueller-rahmenbau")
    payment = look_at(page, **RAHMENBAU_IS, amount="20.07")
    form = page.locator("form[action$=send]")
    fields = {
        one.get_attribute("name") or "": one.input_value() for one in form.locator("input").all()
    }

    def lose(route: Route) -> None:
        shown = route.request.headers | {"sec-fetch-site": "same-origin"}
        assert route.fetch(max_redirects=0, headers=shown).status == 303
        route.abort("connectionreset")

    page.route("**/send", lose, times=1)
    with contextlib.suppress(Error):
        pay_button(page).click()
    assert [one["state"] for one in paid(house, payment)] == ["settled"]
    # Whoever presses again, goes back, or has the browser send a form anew comes to the same payment.
    for there in (f"/pay/{payment}/send", f"/pay/{payment}"):
        again = page.request.post(there, form={**fields}, headers={"sec-fetch-site": "same-origin"})
        assert again.url.rpartition("/")[0].endswith("/payments")
    other = page.context.new_page()
    other.goto(f"/pay/{payment}")
    expect(other.get_by_role("heading", level=1)).to_have_text("Payment to Müller Rahmenbau")
    assert balance(house, "mueller-rahmenbau") == before + 20_07


def test_a_word_says_that_no_answer_came_and_that_pressing_again_is_safe(house: House) -> None:
    page = house.page("clerk")
    page.clock.install()
    payment = look_at(page, **RAHMENBAU_IS, amount="22.08")
    # What was under way broke off, and the browser stays on the page.
    page.route("**/send", lambda route: route.abort("aborted"), times=1)
    pay_button(page).click(no_wait_after=True)
    expect(pay_button(page)).to_have_attribute("aria-disabled", "true")
    page.clock.fast_forward(11_000)
    expect(page.locator(".unanswered")).to_contain_text("Press again")
    expect(pay_button(page)).not_to_have_attribute("aria-disabled", "true")
    axe(page)
    pay_button(page).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Payment to Müller Rahmenbau")
    assert len(paid(house, payment)) == 1


def test_a_second_tab_under_a_new_key_warns_first(house: House) -> None:
    page = house.page("clerk")
    before = balance(house, "mueller-rahmenbau")
    look_at(page, **RAHMENBAU_IS, amount="30.03")
    other = page.context.new_page()
    second = look_at(other, **RAHMENBAU_IS, amount="30.03")
    pay_button(page).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Payment to Müller Rahmenbau")
    first = page.url
    pay_button(other).click()
    expect(other.get_by_role("heading", level=1)).to_have_text("You have paid this already")
    assert (other.get_by_role("link", name="Show it").get_attribute("href") or "?") in first
    axe(other)
    assert paid(house, second) == []
    # The box is part of saying so.
    other.get_by_role("button", name="Pay a second time").click()
    assert paid(house, second) == []
    other.get_by_label("Yes, this is another payment").check()
    other.get_by_role("button", name="Pay a second time").click()
    expect(other.get_by_role("heading", level=1)).to_have_text("Payment to Müller Rahmenbau")
    assert balance(house, "mueller-rahmenbau") == before + 60_06
    # Somebody else's, or another amount, is no second time.
    look_at(page, **RAHMENBAU_IS, amount="30.04")
    pay_button(page).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Payment to Müller Rahmenbau")


def test_a_form_that_was_sent_says_something_else_and_pays_nothing(house: House) -> None:
    page = house.page("clerk")
    payment = look_at(page, **RAHMENBAU_IS, amount="40.04")
    other = page.context.new_page()
    other.goto(f"/pay/{payment}")
    fill_in(other, **RAHMENBAU_IS, amount="41.04")
    other.get_by_role("button", name="Go on").click()
    pay_button(page).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Payment to Müller Rahmenbau")
    pay_button(other).click()
    expect(other.get_by_role("heading", level=1)).to_have_text(
        "This payment was sent with other words"
    )
    axe(other)
    assert [one["amount"] for one in paid(house, payment)] == [40_04]


def test_a_session_that_ends_in_the_middle_loses_nothing_and_pays_nothing(house: House) -> None:
    page = house.page("clerk")
    payment = look_at(page, **RAHMENBAU_IS, amount="50.07")
    other = page.context.new_page()
    other.goto("/pay")
    other.get_by_role("button", name="Sign out").click()
    pay_button(page).click()
    expect(page.get_by_role("main")).to_contain_text("Sign in first")
    assert paid(house, payment) == []
    # Signed in again, the payment of that page is still the same one.
    sign_in(page, "clerk", to=f"/pay/{payment}")
    fill_in(page, **RAHMENBAU_IS, amount="50.07")
    page.get_by_role("button", name="Go on").click()
    pay_button(page).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Payment to Müller Rahmenbau")
    assert [one["amount"] for one in paid(house, payment)] == [50_07]


def test_what_people_wrote_is_shown_and_never_run(house: House) -> None:
    page = house.page("clerk", viewport=NARROW)
    payment = look_at(page, payee=HOSTILE, iban=CLAIRE, amount="0.07", reference=HOSTILE)
    expect(page.locator(".decide")).to_contain_text(HOSTILE)
    axe(page)
    page.get_by_role("button", name="Change it").click()
    assert page.get_by_label("Payee", exact=True).input_value() == HOSTILE
    page.get_by_role("button", name="Go on").click()
    pay_button(page).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Payment to {HOSTILE}")
    axe(page)
    page.goto(f"/payments?end_to_end_id={payment}&state=settled")
    expect(page.get_by_role("table")).to_contain_text(HOSTILE)
    axe(page)
    # What stands in the address is no more than text either.
    page.goto("/payments?state=%3Cscript%3Edocument.title%3D%27run%27%3C/script%3E")
    expect(page.get_by_role("alert")).to_contain_text("there is no such state")
    page.goto("/pay/new?payee=%22%3E%3Cscript%3Edocument.title%3D%27run%27%3C/script%3E")
    assert page.get_by_label("Payee", exact=True).input_value().startswith('"><script>')
    assert page.title() == "A payment · Tallystick"


def test_an_iban_is_checked_as_it_is_typed_and_what_cannot_be_paid_is_said_before(
    house: House,
) -> None:
    page = house.page("clerk")
    page.goto("/pay/new")
    iban = page.get_by_label("IBAN of the payee")
    iban.press_sequentially("de89 3704 0044 0532 0130 01")
    expect(page.locator("#iban-live")).to_contain_text("The IBAN is not right")
    iban.fill(RAHMENBAU.lower())
    expect(page.locator("#iban-live")).to_contain_text("DE89 3704 0044 0532 0130 00")
    # Nobody holds this account here.
    fill_in(page, payee="Elsewhere", iban="GB29NWBK60161331926819", amount="1.00")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_contain_text("AG03")
    assert pay_button(page).count() == 0
    axe(page)
    # More than a delegation lets anybody move at once.
    look_at(page, **RAHMENBAU_IS, amount="10,000.01")
    expect(page.get_by_role("alert")).to_contain_text("above what delegation")
    assert pay_button(page).count() == 0
    # The account of somebody else.
    page.goto("/pay/new")
    page.evaluate(
        "document.querySelector('#debtor').append(new Option('x', 'BE68539007547034', true, true))"
    )
    page.get_by_label("Payee", exact=True).fill("Me")
    iban.fill(FIETSEN)
    page.get_by_label("Amount").fill("1.00")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#debtor-told")).to_contain_text("no account here that you may see")


def test_a_form_of_another_site_pays_nothing(house: House) -> None:
    page = house.page("clerk")
    payment = look_at(page, **RAHMENBAU_IS, amount="60.06")
    fields = {"debtor": FIETSEN, **RAHMENBAU_IS, "amount": "60.06", "minor": "6006"}
    answer = page.request.post(
        f"/pay/{payment}/send", form={**fields}, headers={"sec-fetch-site": "cross-site"}
    )
    assert answer.status == 403
    assert paid(house, payment) == []
