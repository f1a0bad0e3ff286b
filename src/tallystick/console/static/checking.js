// Checks a receipt here, in this browser, with WebCrypto alone. The log's origin, its key and the last checkpoint that held
// are kept here as one pin of each tenant: a server that lies today cannot change what it said before. Nothing the server
// says about itself counts.
"use strict";

(() => {
  const STORE = "tallystick-record";
  const WAITS = 15, WAIT_MS = 1000, BEHIND_WAITS = 5, TABS = 5, LOGS = 100;
  const HEADER = "c2sp.org/tlog-proof@v1", NOTE_MAX = 512 * 1024, FILE_MAX = 768 * 1024, HASHES_MAX = 63;
  const ED25519 = 1;
  const utf8 = new TextEncoder();

  class Wrong extends Error {
    constructor(code, ...values) { super(code); this.code = code; this.values = values; }
  }

  // What is no proof of a lie: nothing is believed, and nobody accused.
  class Unsure extends Wrong {}

  const demand = (holds, code, ...values) => { if (!holds) throw new Wrong(code, ...values); };

  // Bytes.
  const bytesOf = (text) => {
    demand(/^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0, "malformed");
    const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
    demand(base64(bytes) === text, "malformed");
    return bytes;
  };
  const base64 = (bytes) => btoa(Array.from(bytes, (one) => String.fromCharCode(one)).join(""));
  const hex = (bytes) => Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("");
  const ofHex = (text) => {
    demand(/^([0-9a-f]{2}){32}$/.test(text), "malformed");
    return Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
  };
  const joined = (...parts) => {
    const all = new Uint8Array(parts.reduce((sum, one) => sum + one.length, 0));
    let at = 0;
    for (const one of parts) { all.set(one, at); at += one.length; }
    return all;
  };
  const same = (left, right) => left.length === right.length && left.every((one, at) => one === right[at]);
  const numberOf = (text) => {
    demand(/^(0|[1-9][0-9]{0,15})$/.test(text) && Number.isSafeInteger(Number(text)), "malformed");
    return Number(text);
  };
  const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", joined(...parts)));
  const leafHash = (entry) => sha256(Uint8Array.of(0), entry);
  const nodeHash = (left, right) => sha256(Uint8Array.of(1), left, right);

  // The tree (RFC 6962, section 2.1; the walks are those of RFC 9162, sections 2.1.3.2 and 2.1.4.2).
  const half = (number) => Math.floor(number / 2);

  async function rootFrom(leaf, index, size, proof) {
    let node = index, last = size - 1, hash = leaf;
    for (const sibling of proof) {
      demand(last > 0, "proof");
      if (node % 2 === 1 || node === last) {
        hash = await nodeHash(sibling, hash);
        while (node % 2 === 0 && node !== 0) { node = half(node); last = half(last); }
      } else {
        hash = await nodeHash(hash, sibling);
      }
      node = half(node); last = half(last);
    }
    demand(last === 0, "proof");
    return hash;
  }

  async function grew(old, size, oldRoot, root, proof) {
    const path = [...proof];
    let node = old - 1, last = size - 1;
    while (node % 2 === 1) { node = half(node); last = half(last); }
    let first = oldRoot;
    if (node > 0) {
      if (!path.length) return false;
      first = path.shift();
    }
    let small = first, large = first;
    for (const hash of path) {
      if (last === 0) return false;
      if (node % 2 === 1 || node === last) {
        small = await nodeHash(hash, small); large = await nodeHash(hash, large);
        while (node % 2 === 0 && node !== 0) { node = half(node); last = half(last); }
      } else {
        large = await nodeHash(large, hash);
      }
      node = half(node); last = half(last);
    }
    return last === 0 && same(small, oldRoot) && same(large, root);
  }

  // Notes and keys (C2SP signed-note, tlog-checkpoint, tlog-proof).
  function readReceipt(text) {
    demand(text.length <= FILE_MAX, "malformed");
    const cut = text.indexOf("\n\n");
    demand(cut > 0, "malformed");
    const [header, extra, index, ...hashes] = text.slice(0, cut).split("\n");
    demand(header === HEADER && extra?.startsWith("extra ") && index?.startsWith("index "), "malformed");
    demand(hashes.length <= HASHES_MAX, "malformed");
    const proof = hashes.map(bytesOf);
    demand(proof.every((one) => one.length === 32), "malformed");
    return { entry: bytesOf(extra.slice(6)), index: numberOf(index.slice(6)), proof, note: readNote(text.slice(cut + 2)) };
  }

  function readNote(text) {
    const cut = text.lastIndexOf("\n\n");
    demand(cut > 0 && text.length <= NOTE_MAX && text.endsWith("\n"), "malformed");
    const signed = text.slice(0, cut + 1);
    const signatures = text.slice(cut + 2, -1).split("\n").map((line) => {
      const found = /^\u2014 ([^ +]+) ([A-Za-z0-9+/=]+)$/.exec(line);
      demand(found, "malformed");
      const bytes = bytesOf(found[2]);
      demand(bytes.length > 4, "malformed");
      return { name: found[1], id: hex(bytes.slice(0, 4)), signature: bytes.slice(4) };
    });
    const [origin, size, root] = signed.split("\n");
    const checkpoint = { origin, size: numberOf(size ?? ""), root: bytesOf(root ?? "") };
    demand(origin && checkpoint.root.length === 32, "malformed");
    return { signed, signatures, ...checkpoint };
  }

  const keyId = async (name, key) => hex((await sha256(utf8.encode(name + "\n"), Uint8Array.of(ED25519), key)).slice(0, 4));
  const spelled = async (name, key) => `${name}+${await keyId(name, key)}+${base64(joined(Uint8Array.of(ED25519), key))}`;

  // The Ed25519 keys that the server says its log has.
  async function keysTold(log) {
    const keys = [];
    for (const text of log.keys) {
      const [name, id, ...rest] = String(text).split("+");
      const typed = bytesOf(rest.join("+"));
      if (typed[0] !== ED25519) continue;
      const key = typed.slice(1);
      demand(name === log.origin && key.length === 32 && id === (await keyId(name, key)), "key_malformed");
      keys.push(key);
    }
    demand(keys.length, "key_malformed");
    return keys;
  }

  async function signatureOf(note, key) {
    const id = await keyId(note.origin, key);
    return note.signatures.find((one) => one.name === note.origin && one.id === id);
  }

  async function isSigned(note, key) {
    const line = await signatureOf(note, key);
    if (!line) return false;
    const public_ = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
    return crypto.subtle.verify("Ed25519", public_, line.signature, utf8.encode(note.signed));
  }

  async function knowsEd25519() {
    try {
      await crypto.subtle.importKey("raw", new Uint8Array(32), "Ed25519", false, ["verify"]);
      return true;
    } catch (error) {
      // A key of zeroes may be refused as a key; an algorithm that is not known is NotSupportedError.
      return Boolean(globalThis.crypto?.subtle) && error.name !== "NotSupportedError" && error.name !== "SyntaxError";
    }
  }

  // What this browser keeps at this address: of each tenant the origin and key of its log, and the last checkpoint.
  const panel = document.getElementById("check");
  const { tenant } = panel.dataset;
  const kept = () => {
    try { return JSON.parse(localStorage.getItem(STORE))?.pins ?? {}; } catch { return {}; }
  };
  const pinned = () => {
    const pin = kept()[tenant];
    if (!pin) return null;
    return { ...pin, key: bytesOf(pin.key), root: pin.root && bytesOf(pin.root) };
  };
  const keep = ({ origin, key, size, root, at }) => {
    const pin = { origin, key: base64(key), size, root: root && base64(root), at };
    const pins = { ...kept(), [tenant]: pin };
    // Nothing is pushed out: whoever could would make a browser forget.
    if (Object.keys(pins).length > LOGS) return false;
    try { localStorage.setItem(STORE, JSON.stringify({ pins })); return true; } catch { return false; }
  };

  // Asking the server, which may lie.
  async function ask(url) {
    for (let turn = 0; ; turn++) {
      let answer;
      try {
        answer = await fetch(url, { cache: "no-store", redirect: "error", headers: { accept: "*/*" } });
      } catch { throw new Unsure("no_answer", "–"); }
      if (answer.ok) return answer;
      if (answer.status === 403) throw new Unsure("not_allowed");
      if (answer.status !== 503 || turn >= WAITS) throw new Unsure("no_answer", answer.status);
      say("waiting");
      await pause();
    }
  }
  const pause = () => new Promise((done) => setTimeout(done, WAIT_MS));
  const askJson = async (url) => {
    try { return await (await ask(url)).json(); } catch (error) {
      throw error instanceof Wrong ? error : new Wrong("malformed");
    }
  };

  // Saying it.
  const words = (code, ...values) =>
    (panel.querySelector(`[data-word="${code}"]`)?.textContent ?? code).replace(/\{(\d)\}/g, (_, at) => values[at] ?? "");
  const status = panel.querySelector("[data-status]");
  const steps = panel.querySelector("[data-steps]");
  const proven = panel.querySelector("[data-proven]");
  const changed = panel.querySelector("[data-changed]");
  const say = (code, ...values) => { status.textContent = words(code, ...values); };
  const step = (kind, code, ...values) => {
    const line = document.createElement("li");
    line.className = kind;
    line.dataset.step = code;
    line.textContent = words(code, ...values);
    steps.append(line);
  };
  const verdict = (kind, code, ...values) => {
    panel.dataset.verdict = kind;
    status.className = `says ${kind === "first" ? "wait" : kind}`;
    say(code, ...values);
  };
  const show = (name, text) => {
    const place = panel.querySelector(`[data-shown="${name}"]`);
    if (place) place.textContent = text;
  };

  // Which log it is: the origin and the key that this browser keeps, or, the first time, those the server shows.
  async function pinFor(note) {
    const log = await askJson(panel.dataset.log);
    demand(Array.isArray(log.keys) && log.origin === note.origin, "origin", note.origin, String(log.origin));
    const told = await keysTold(log);
    const pin = pinned();
    const others = Object.entries(kept()).filter(([name]) => name !== tenant).map(([, one]) => one.origin);
    if (!pin) {
      step("wait", "key_first");
      if (others.length) step("wait", "another_log", others.join(", "));
      const ids = await Promise.all(told.map((one) => signatureOf(note, one)));
      return { origin: note.origin, key: told.find((_, at) => ids[at]) ?? told[0] };
    }
    show("key", await spelled(pin.origin, pin.key));
    if (pin.origin !== note.origin) {
      await offer(pin, note, told);
      throw new Wrong("origin_changed", pin.origin, note.origin);
    }
    if (!told.some((key) => same(key, pin.key))) {
      await offer(pin, note, told);
      throw new Wrong("key_changed", await spelled(note.origin, told[0]));
    }
    step("good", "key_kept");
    if (!(await signatureOf(note, pin.key))) await offer(pin, note, told);
    return pin;
  }

  // Another log or key is red. Whoever knows that it was changed on purpose may compare and accept it, asked twice.
  async function offer(pin, note, told) {
    for (const key of told) {
      if (!(await isSigned(note, key))) continue;
      show("kept", await spelled(pin.origin, pin.key));
      show("told", await spelled(note.origin, key));
      // With the key alone changed the log stays what it was, so the checkpoint stays too.
      const stays = pin.origin === note.origin;
      changed.querySelector("[data-loses]").hidden = stays;
      changed.hidden = false;
      accepted = stays ? { ...pin, key } : { origin: note.origin, key };
      return;
    }
  }
  let accepted = null;

  // Whether the log continues what this browser kept, in whichever order the two checkpoints were signed.
  async function continues(pin, note) {
    const [older, newer] = note.size < pin.size ? [note, pin] : [pin, note];
    if (older.size === newer.size) {
      demand(same(note.root, pin.root), "forked", pin.size);
      return;
    }
    const url = `${panel.dataset.grown}?old=${older.size}&new=${newer.size}`;
    const isBehind = older === note;
    const grown = isBehind ? await askBehind(url, pin, note) : await askJson(url);
    demand(Array.isArray(grown.hashes) && grown.hashes.length <= 2 * HASHES_MAX, "malformed");
    const holds = await grew(older.size, newer.size, older.root, newer.root, grown.hashes.map((one) => ofHex(String(one))));
    demand(holds, isBehind ? "shrunk" : "forked", pin.size, note.size);
  }

  // Another process may be behind for a moment; one that stays so has lost what it showed before.
  async function askBehind(url, pin, note) {
    for (let turn = 0; ; turn++) {
      try { return await askJson(url); } catch (error) {
        if (error.code !== "no_answer" || error.values[0] !== 422) throw error;
        demand(turn < BEHIND_WAITS, "shrunk", pin.size, note.size);
        say("waiting");
        await pause();
      }
    }
  }

  // The entry is what the page says it is, as far as the page says it. What lies under a seal is compared with nothing.
  function compare(receipt) {
    const entry = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(receipt.entry));
    const { on, at, index, entry: whole, unproven } = panel.dataset;
    const expects = JSON.parse(panel.dataset.expects || "{}");
    demand(!on || entry.on === on, "another", String(entry.on));
    demand(!index || receipt.index === Number(index), "another", String(entry.on));
    if (at && entry.at > at && !index) throw new Unsure("moved_on", String(entry.at));
    demand(!at || entry.at === at, "another", String(entry.on));
    const equal = ["on", "at"].filter((name) => panel.dataset[name]);
    const facts = [[entry, expects.entry], [entry.content, expects.content]];
    for (const [told, wanted] of facts) {
      for (const [name, value] of Object.entries(wanted ?? {})) {
        const [here, there] = [value, told?.[name]].map((one) => JSON.stringify(one));
        demand(here === there, "differs", words(`fact_${name}`), String(there), here);
        equal.push(name);
      }
    }
    if (whole) {
      demand(new TextDecoder().decode(receipt.entry) === whole, "differs_whole");
      step("good", "says_whole");
    } else {
      step("good", "says", equal.map((name) => words(`fact_${name}`)).join(", "));
    }
    if (unproven) step("wait", "not_compared", unproven);
    for (const name of ["at", "by", "on", "outcome", "sealed", "tag"]) show(name, String(entry[name] ?? ""));
    show("content", Object.entries(entry.content ?? {}).map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join("\n"));
  }

  async function check() {
    const receipt = readReceipt(await (await ask(panel.dataset.receipt)).text());
    const { note } = receipt;
    demand(receipt.index < note.size, "proof");
    const pin = await pinFor(note);
    const { origin, key } = pin;
    demand(await signatureOf(note, key), "not_signed");
    demand(await isSigned(note, key), "signature");
    step("good", "signed", note.size);
    const others = note.signatures.length - 1;
    if (others) step("", "passed_over", others);

    const root = await rootFrom(await leafHash(receipt.entry), receipt.index, note.size, receipt.proof);
    demand(same(root, note.root), "proof");
    step("good", "included", receipt.index);
    compare(receipt);

    // Another tab may have moved the pin meanwhile: then it is that one which must be continued.
    let before = pin;
    for (let turn = 0; ; turn++) {
      if (before.root) await continues(before, note);
      const now = pinned() ?? before;
      const isOurs = now.origin === origin && same(now.key, key);
      if (isOurs && now.size === before.size && (!now.root || same(now.root, before.root))) break;
      if (!isOurs || turn >= TABS) throw new Unsure("moved_pin");
      before = now;
    }
    const isBehind = before.root && note.size < before.size;
    if (before.root) step("good", isBehind ? "behind" : "grown", before.size, note.size, new Date(before.at).toLocaleString());
    else step("wait", "no_checkpoint");
    const larger = isBehind ? before : { ...note, at: Date.now() };
    if (!keep({ origin, key, size: larger.size, root: larger.root, at: larger.at })) step("wait", "not_kept");
    show("key", await spelled(origin, key));
    proven.hidden = false;
    if (before.root) verdict("good", "verdict_good", receipt.index, note.size);
    else verdict("first", "verdict_first", receipt.index, note.size);
  }

  const button = panel.querySelector("[data-check]");
  const run = async () => {
    button.disabled = true;
    steps.replaceChildren();
    proven.hidden = true;
    changed.hidden = true;
    again(false);
    delete panel.dataset.verdict;
    status.className = "says";
    say("checking");
    try {
      if (await knowsEd25519()) await check();
      else verdict("wait", "no_crypto");
    } catch (error) {
      const wrong = error instanceof Wrong ? error : new Wrong("malformed");
      if (wrong instanceof Unsure) verdict("wait", wrong.code, ...wrong.values);
      else {
        step("bad", wrong.code, ...wrong.values);
        verdict("bad", "verdict_bad");
      }
    } finally {
      button.disabled = false;
    }
  };

  // Accepting another key asks twice.
  const [accept, really, not] = ["accept", "really", "not"].map((name) => changed.querySelector(`[data-${name}]`));
  const again = (is) => {
    changed.querySelector("[data-asks]").hidden = !is;
    accept.hidden = is;
  };
  accept.addEventListener("click", () => { again(true); not.focus(); });
  not.addEventListener("click", () => { again(false); accept.focus(); });
  really.addEventListener("click", async () => {
    if (accepted) keep(accepted);
    accepted = null;
    button.focus();
    await run();
  });
  button.disabled = false;
  button.addEventListener("click", run);
})();
