// Checks a receipt here, in this browser, with WebCrypto alone. The key of the log and the last checkpoint that held are
// kept here too: a server that lies today cannot change what it said before. Nothing the server says about itself counts.
"use strict";

(() => {
  const STORE = "tallystick-record";
  const WAITS = 15, WAIT_MS = 1000;
  const HEADER = "c2sp.org/tlog-proof@v1", NOTE_MAX = 512 * 1024, FILE_MAX = 768 * 1024, HASHES_MAX = 63;
  const ED25519 = 1;
  const utf8 = new TextEncoder();

  class Wrong extends Error {
    constructor(code, ...values) { super(code); this.code = code; this.values = values; }
  }

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

  async function keyTold(log) {
    for (const text of log.keys) {
      const [name, id, ...rest] = text.split("+");
      const typed = bytesOf(rest.join("+"));
      if (typed[0] !== ED25519) continue;
      const key = typed.slice(1);
      demand(name === log.origin && key.length === 32 && id === (await keyId(name, key)), "key_malformed");
      return key;
    }
    throw new Wrong("key_malformed");
  }

  async function isSigned(note, key) {
    const id = await keyId(note.origin, key);
    const line = note.signatures.find((one) => one.name === note.origin && one.id === id);
    demand(line, "not_signed");
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

  // What this browser keeps.
  const kept = () => {
    try { return JSON.parse(localStorage.getItem(STORE)) ?? {}; } catch { return {}; }
  };
  const keep = (value) => {
    try { localStorage.setItem(STORE, JSON.stringify(value)); return true; } catch { return false; }
  };

  // Asking the server, which may lie.
  async function ask(url) {
    for (let turn = 0; ; turn++) {
      const answer = await fetch(url, { cache: "no-store", headers: { accept: "*/*" } });
      if (answer.ok) return answer;
      if (answer.status !== 503 || turn >= WAITS) throw new Wrong("no_answer", answer.status);
      say("waiting");
      await new Promise((done) => setTimeout(done, WAIT_MS));
    }
  }
  const askJson = async (url) => {
    try { return await (await ask(url)).json(); } catch (error) {
      throw error instanceof Wrong ? error : new Wrong("malformed");
    }
  };

  // Saying it.
  const panel = document.getElementById("check");
  const words = (code, ...values) =>
    (panel.querySelector(`[data-word="${code}"]`)?.textContent ?? code).replace(/\{(\d)\}/g, (_, at) => values[at] ?? "");
  const status = panel.querySelector("[data-status]");
  const steps = panel.querySelector("[data-steps]");
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

  async function check() {
    const receipt = readReceipt(await (await ask(panel.dataset.receipt)).text());
    const { note } = receipt;
    demand(receipt.index < note.size, "proof");
    const log = await askJson(panel.dataset.log);
    demand(Array.isArray(log.keys) && log.origin === note.origin, "origin", note.origin, String(log.origin));
    const told = await keyTold(log);
    const before = kept();
    const pinned = before.key ? bytesOf(before.key) : told;
    const isFirst = !before.key;
    show("key", await spelled(note.origin, pinned));
    demand(same(told, pinned), "key_changed", await spelled(note.origin, told));
    step("good", isFirst ? "key_first" : "key_kept");

    demand(await isSigned(note, pinned), "signature");
    step("good", "signed", note.size);
    const others = note.signatures.length - 1;
    if (others) step("", "passed_over", others);

    const root = await rootFrom(await leafHash(receipt.entry), receipt.index, note.size, receipt.proof);
    demand(same(root, note.root), "proof");
    step("good", "included", receipt.index);

    const entry = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(receipt.entry));
    const { on, at, index } = panel.dataset;
    demand(!on || entry.on === on, "another", String(entry.on));
    demand(!at || entry.at === at, "another", String(entry.on));
    demand(!index || receipt.index === Number(index), "another", String(entry.on));
    if (panel.dataset.entry) demand(new TextDecoder().decode(receipt.entry) === panel.dataset.entry, "differs");
    step("good", "says");
    for (const name of ["at", "by", "on", "outcome", "sealed", "tag"]) show(name, String(entry[name] ?? ""));
    panel.querySelector("[data-proven]").hidden = false;

    const pin = before.logs?.[note.origin];
    if (pin) {
      demand(note.size >= pin.size, "shrunk", pin.size, note.size);
      if (note.size === pin.size) {
        demand(same(note.root, bytesOf(pin.root)), "forked", pin.size);
      } else {
        const grown = await askJson(`${panel.dataset.grown}?old=${pin.size}&new=${note.size}`);
        demand(Array.isArray(grown.hashes) && grown.hashes.length <= 2 * HASHES_MAX, "malformed");
        const holds = await grew(pin.size, note.size, bytesOf(pin.root), note.root, grown.hashes.map(ofHex));
        demand(holds, "forked", pin.size);
      }
      step("good", "grown", pin.size, note.size, new Date(pin.at).toLocaleString());
    } else {
      step("wait", "no_checkpoint");
    }
    const logs = { ...before.logs, [note.origin]: { size: note.size, root: base64(note.root), at: Date.now() } };
    if (!keep({ key: base64(pinned), logs })) step("wait", "not_kept");
    if (isFirst) verdict("first", "verdict_first", receipt.index, note.size);
    else verdict("good", "verdict_good", receipt.index, note.size);
  }

  const button = panel.querySelector("button");
  button.disabled = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    steps.replaceChildren();
    panel.querySelector("[data-proven]").hidden = true;
    delete panel.dataset.verdict;
    status.className = "says";
    say("checking");
    try {
      if (await knowsEd25519()) await check();
      else verdict("wait", "no_crypto");
    } catch (error) {
      const wrong = error instanceof Wrong ? error : new Wrong("malformed");
      if (wrong.code === "no_answer") verdict("wait", "no_answer", ...wrong.values);
      else {
        step("bad", wrong.code, ...wrong.values);
        verdict("bad", "verdict_bad");
      }
    } finally {
      button.disabled = false;
    }
  });
})();
