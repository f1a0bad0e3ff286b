// State in a file of its own: one line for each change of a wallet, appended whole and forced to the disk before it counts.

import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { read, write } from "./wire.mjs";

export class Store {
  #file;
  #tenants = new Map();

  constructor(path) {
    const known = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
    // A last line without its end was never answered for: a crash cut it off.
    const whole = known.lastIndexOf(10) + 1;
    for (const line of known.subarray(0, whole).toString("utf8").split("\n")) {
      if (line) this.#take(read(line));
    }
    this.#file = openSync(path, "a", 0o600);
    ftruncateSync(this.#file, whole);
  }

  /** What is known of a tenant: its wallets by id, whose each IBAN is, how many were numbered. */
  of(tenant) {
    const key = String(tenant);
    if (!this.#tenants.has(key)) this.#tenants.set(key, { wallets: new Map(), ibans: new Map(), numbered: 0 });
    return this.#tenants.get(key);
  }

  /** Keeps a wallet as it is now. When this returns it is on the disk. */
  keep(tenant, wallet) {
    this.#append({ tenant: String(tenant), wallet });
  }

  /** Takes out a wallet that the books refused: it holds nothing. */
  drop(tenant, id) {
    this.#append({ tenant: String(tenant), dropped: id });
  }

  close() {
    closeSync(this.#file);
  }

  #append(entry) {
    const line = Buffer.from(write(entry) + "\n");
    if (writeSync(this.#file, line) !== line.length) throw new Error("the disk took half a line");
    fsyncSync(this.#file);
    this.#take(entry);
  }

  #take({ tenant, wallet, dropped }) {
    const known = this.of(tenant);
    const before = known.wallets.get(wallet?.id ?? dropped);
    for (const account of before?.accounts ?? []) known.ibans.delete(account.iban);
    if (dropped !== undefined) {
      known.wallets.delete(dropped);
      return;
    }
    known.wallets.set(wallet.id, structuredClone(wallet));
    for (const account of wallet.accounts) if (account.iban) known.ibans.set(account.iban, wallet.id);
    known.numbered = Math.max(known.numbered, wallet.number ?? 0);
  }
}
