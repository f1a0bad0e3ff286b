// Passkeys: what no page can do without a script (WebAuthn, level 3). A form says with data-passkey what is wanted:
// "get" or "create" when it is sent; "offer" also lets the browser offer one where its owner types (conditional).
"use strict";

(() => {
  const can = () => window.PublicKeyCredential && PublicKeyCredential.parseRequestOptionsFromJSON;

  const asked = (form, more) => {
    const options = JSON.parse(form.dataset.options);
    return form.dataset.passkey === "create"
      ? navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options), ...more })
      : navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options), ...more });
  };

  const say = (form, name) => {
    const place = form.querySelector("[data-said]");
    place.textContent = form.dataset[name] || form.dataset.failed;
    place.hidden = false;
  };

  const reason = (error) => ({ NotAllowedError: "cancelled", AbortError: "cancelled", InvalidStateError: "known" })[error.name] || "failed";

  const send = (form, credential) => {
    form.elements.namedItem(form.dataset.field).value = JSON.stringify(credential.toJSON());
    form.submit();
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (!can()) { say(form, "none"); continue; }
    for (const button of form.querySelectorAll("button[disabled]")) button.disabled = false;
    let offered = null;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      event.stopPropagation();
      if (offered) offered.abort();
      form.setAttribute("aria-busy", "true");
      form.querySelector("[data-said]").hidden = true;
      try { send(form, await asked(form)); } catch (error) { say(form, reason(error)); }
      form.removeAttribute("aria-busy");
    });
    if (form.dataset.passkey === "offer" && PublicKeyCredential.isConditionalMediationAvailable) {
      PublicKeyCredential.isConditionalMediationAvailable().then((is) => {
        if (!is) return;
        offered = new AbortController();
        asked(form, { mediation: "conditional", signal: offered.signal }).then((one) => send(form, one), () => {});
      });
    }
  }
})();
