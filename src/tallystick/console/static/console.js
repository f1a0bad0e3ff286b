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

// On a phone the menu is one row that scrolls: the entry one is at is in sight.
document.querySelector(".menu [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// What comes anew by itself stands still while its button says so.
for (const button of document.querySelectorAll("[data-pauses]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    button.classList.toggle("paused");
    button.textContent = button.classList.contains("paused") ? button.dataset.off : button.dataset.on;
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (button.classList.contains("paused") && event.target.matches(button.dataset.pauses)) event.preventDefault();
  });
}

// A form is sent once: a second press while the first is on its way does nothing. When no answer comes, the button works
// again, with a word that says why that is safe: the form holds the key of what it does.
const WAIT_MS = 10000;
const release = (form) => {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll("button[aria-disabled]")) button.removeAttribute("aria-disabled");
};
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) { event.preventDefault(); return; }
  if (form.method.toLowerCase() !== "post" || form.hasAttribute("hx-post")) return;
  form.querySelector(".unanswered")?.remove();
  form.dataset.sent = "yes";
  for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
  const button = event.submitter ?? form.querySelector("button");
  setTimeout(() => {
    if (!form.dataset.sent || !form.isConnected) return;
    release(form);
    const said = document.createElement("span");
    said.className = "unanswered";
    said.setAttribute("role", "status");
    button?.after(said);
    said.textContent = document.body.dataset.unanswered;
  }, WAIT_MS);
});
// A page that comes back can be sent again: its key is the same, so that is safe.
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(release));
