// What pages do beyond links and forms. Everything works without it, but passkeys, and figures in the reader's own time.
"use strict";

// The reader's time zone, so that the server writes times as they are on the reader's clock.
(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.split("; ").includes(`tallystick-zone=${zone}`)) {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `tallystick-zone=${zone}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  }
})();

// A form is sent once: a second press while the first is on its way does nothing.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) { event.preventDefault(); return; }
  if (form.method.toLowerCase() !== "post" || form.hasAttribute("hx-post")) return;
  form.dataset.sent = "yes";
  for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
});
// A page that comes back from the browser's memory can be sent again: its key is the same, so that is safe.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
