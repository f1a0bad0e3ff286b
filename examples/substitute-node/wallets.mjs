// The door of wallets, version B.1.0.0. Every change is kept as an intent, told to the books, then kept as done; whoever
// comes back after a crash finishes it first. What is told twice is told once, since each step of the books is idempotent.

import * as asking from "./asking.mjs";
import { statement, statementFile } from "./statements.mjs";
import { digits, malformed, Problem } from "./wire.mjs";

const BOOK = "main";
const notFound = (id) => new Problem("wallet_not_found", "not_found", `there is no wallet '${String(id).slice(0, 64)}'`);
const noAccount = (what) => new Problem("wallet_account_not_found", "not_found", `there is no account ${what}`);
const unreachable = (status) => new Problem("wallet_status_not_reachable", "conflict", `the wallet is ${status}`, { status });
const taken = (iban) => new Problem("iban_is_taken", "conflict", "another account has this IBAN", { iban });
const now = () => new Date().toISOString().replace("Z", "000Z");

const labelOf = (account) => (account.ordinal === 1 ? account.asset : `${account.asset}:${account.ordinal}`);
const addressOf = (wallet, account) => `wallets:${wallet.id}:${labelOf(account).toLowerCase()}`;
const contentOf = (wallet) => ({
  "owner.kind": wallet.owner.kind, "owner.name": wallet.owner.name, "owner.reference": wallet.owner.reference, name: wallet.name,
  accounts: JSON.stringify((wallet.opened ?? wallet.accounts).map((one) => [one.asset, one.exponent, one.iban])),
});

/** Our own wallet numbers, which can be read out: counted by tenant, with a check digit (Luhn). */
function numbered(number) {
  const text = String(number).padStart(6, "0");
  const sum = [...text].reverse().reduce((all, one, place) => {
    const doubled = Number(one) * (place % 2 === 0 ? 2 : 1);
    return all + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return `B-${text}-${(10 - (sum % 10)) % 10}`;
}

/** Whether a caller sees an address: a pattern has empty segments for any, and `...` last for any further. */
function sees(caller, address) {
  if (caller.sees === null || caller.sees === undefined) return true;
  const found = address.split(":");
  return caller.sees.some((pattern) => {
    const open = pattern === "..." || pattern.endsWith(":...");
    const wanted = open ? pattern.split(":").slice(0, -1) : pattern.split(":");
    return (open ? found.length >= wanted.length : found.length === wanted.length) && wanted.every((one, place) => one === "" || one === found[place]);
  });
}

export class Wallets {
  #store;
  #ledger;
  #queues = new Map();

  constructor(store, ledger) {
    this.#store = store;
    this.#ledger = ledger;
  }

  /** The methods that a door has, and no other. */
  static METHODS = new Set([
    "open", "add_account", "freeze", "unfreeze", "close", "reopen", "set_limits", "wallet", "wallets", "account_by_iban",
    "accounts_by_iban", "statement", "statement_file",
  ]);

  async open(caller, message) {
    const wanted = asking.readWallet(message);
    return this.#inTurn(caller, async () => {
      const tenant = this.#store.of(caller.tenant_id);
      const id = wanted.id ?? numbered(tenant.numbered + 1);
      const known = tenant.wallets.get(id);
      const wasOpen = known !== undefined && known.pending !== "open";
      if (known) {
        const [mine, theirs] = [contentOf(known), contentOf(wanted)];
        const field = Object.keys(mine).find((name) => mine[name] !== theirs[name]);
        if (field) throw new Problem("wallet_exists_with_different_content", "conflict", `${id} was opened with a different ${field}`, { field });
      } else {
        const ibans = wanted.accounts.map((one) => one.iban).filter((one) => one !== null);
        const twice = ibans.find((iban, place) => tenant.ibans.has(iban) || ibans.indexOf(iban) !== place);
        if (twice) throw taken(twice);
        const number = wanted.id === null ? tenant.numbered + 1 : 0;
        this.#store.keep(caller.tenant_id, { ...wanted, id, number, opened: wanted.accounts, opened_at: now(), status: "opening", pending: "open" });
      }
      return this.#shown(caller, await this.#settled(caller, id), wasOpen);
    });
  }

  async add_account(caller, message) {
    asking.shaped("add_account", message);
    const wanted = asking.readAccount(message.account, "account");
    return this.#inTurn(caller, async () => {
      const wallet = await this.#settled(caller, message.wallet);
      const known = wallet.accounts.find((one) => one.asset === wanted.asset && one.iban === wanted.iban);
      if (known && known.exponent !== wanted.exponent) {
        throw new Problem("wallet_account_exists_with_different_content", "conflict", `${labelOf(known)} has another exponent`, { exponent: String(known.exponent) });
      }
      if (known) return this.#shown(caller, wallet, true);
      if (wallet.status !== "open") throw unreachable(wallet.status);
      if (wallet.accounts.length >= asking.ACCOUNTS_MAX) throw new Problem("wallet_has_too_many_accounts", "conflict", "a wallet has at most 20 accounts");
      if (wanted.iban !== null && this.#store.of(caller.tenant_id).ibans.has(wanted.iban)) throw taken(wanted.iban);
      const ordinals = new Set(wallet.accounts.filter((one) => one.asset === wanted.asset).map((one) => one.ordinal));
      let ordinal = 1;
      while (ordinals.has(ordinal)) ordinal += 1;
      this.#keep(caller, wallet, { accounts: [...wallet.accounts, { ...wanted, ordinal, isNew: true }], pending: "add" });
      return this.#shown(caller, await this.#settled(caller, wallet.id), false);
    });
  }

  freeze = (caller, message) => this.#move(caller, message, ["open"], "frozen");
  unfreeze = (caller, message) => this.#move(caller, message, ["frozen"], "open");
  close = (caller, message) => this.#move(caller, message, ["open", "frozen"], "closed");
  reopen = (caller, message) => this.#move(caller, message, ["closed"], "open");

  #move(caller, message, from, to) {
    asking.shaped("of", message);
    return this.#inTurn(caller, async () => {
      const wallet = await this.#settled(caller, message.wallet);
      if (wallet.status === to) return this.#shown(caller, wallet, true);
      if (!from.includes(wallet.status)) throw unreachable(wallet.status);
      this.#keep(caller, wallet, { pending: to });
      return this.#shown(caller, await this.#settled(caller, wallet.id), false);
    });
  }

  async set_limits(caller, message) {
    asking.shaped("set_limits", message);
    const limits = asking.readLimits(message);
    return this.#inTurn(caller, async () => {
      const wallet = await this.#settled(caller, message.wallet);
      const account = this.#account(wallet, message.account);
      if (wallet.status === "closed") throw unreachable("closed");
      if (account.least === limits.least && account.most === limits.most) return this.#shown(caller, wallet, true);
      const accounts = wallet.accounts.map((one) => (one === account ? { ...one, ...limits } : one));
      this.#keep(caller, wallet, { accounts, pending: "limit" });
      return this.#shown(caller, await this.#settled(caller, wallet.id), false);
    });
  }

  async wallet(caller, message) {
    return this.#shown(caller, this.#seen(caller, asking.shaped("of", message).wallet), false);
  }

  async wallets(caller, message) {
    asking.shaped("wallets", message);
    const { owner_reference: reference, status, begins, after, limit = 50 } = message;
    if (!Number.isInteger(limit) || limit < 1 || limit > 200) throw malformed("limit", "a page has 1 to 200 items");
    if (after !== undefined && !asking.isId(after)) throw malformed("after", "a cursor is taken from the page before as it is");
    if (reference !== undefined) asking.readText(reference, "owner_reference");
    const found = [...this.#store.of(caller.tenant_id).wallets.keys()]
      .filter((id) => id > (after ?? "") && id.startsWith(begins ?? ""))
      .sort()
      .map((id) => this.#visible(caller, id))
      .filter((one) => one && (status === undefined || one.status === status) && (reference === undefined || one.owner.reference === reference));
    const items = found.slice(0, limit).map((one) => this.#answer(one, [], false));
    return { items, after: found.length > limit ? items.at(-1).id : undefined };
  }

  async account_by_iban(caller, message) {
    const iban = asking.readIban(asking.shaped("account_by_iban", message).iban);
    const held = this.#held(caller, iban);
    if (!held) throw noAccount("with this IBAN");
    return held;
  }

  async accounts_by_iban(caller, message) {
    const { ibans } = asking.shaped("accounts_by_iban", message);
    if (ibans.length > asking.IBANS_MAX) throw malformed("ibans", `at most ${asking.IBANS_MAX} at once`);
    const wanted = [...new Set(ibans.map(asking.normalised))].sort();
    return { items: wanted.map((iban) => this.#held(caller, iban)).filter(Boolean) };
  }

  statement = async (caller, message) => statement(this.#ledger, caller, ...this.#subject(caller, message));
  statement_file = async (caller, message) => statementFile(this.#ledger, caller, ...this.#subject(caller, message));

  #subject(caller, message) {
    const { iban, wallet: id, account: label } = asking.shaped("statement", message);
    if ((iban !== undefined) === (id !== undefined || label !== undefined) || (iban === undefined && (id === undefined || label === undefined))) {
      throw malformed("iban", "name the account by iban, or by wallet and account");
    }
    const [owner, name] = iban === undefined ? [id, label] : this.#placeOf(caller, asking.readIban(iban));
    const wallet = this.#seen(caller, owner);
    const account = this.#account(wallet, name);
    const subject = { wallet: wallet.id, account: labelOf(account), address: addressOf(wallet, account), holder: wallet.owner.name, ...account };
    return [subject, asking.readDays(message), message.format ?? "camt053"];
  }

  #placeOf(caller, iban) {
    const held = this.#held(caller, iban);
    if (!held) throw noAccount("with this IBAN");
    return [held.wallet, held.account];
  }

  #held(caller, iban) {
    const wallet = this.#store.of(caller.tenant_id).wallets.get(this.#store.of(caller.tenant_id).ibans.get(iban));
    const account = wallet?.accounts.find((one) => one.iban === iban);
    if (!account || !sees(caller, addressOf(wallet, account))) return undefined;
    const isOpen = wallet.status === "open" && !wallet.pending;
    return {
      iban, wallet: wallet.id, account: labelOf(account), ledger: BOOK, address: addressOf(wallet, account), asset: account.asset,
      exponent: account.exponent, status: isOpen ? "open" : wallet.status === "closed" ? "closed" : "frozen", holder_name: wallet.owner.name,
    };
  }

  #account(wallet, label) {
    const account = wallet.accounts.find((one) => labelOf(one) === label || (one.ordinal === 1 && `${one.asset}:1` === label));
    if (!account) throw noAccount(`'${String(label).slice(0, 24)}'`);
    return account;
  }

  #visible(caller, id) {
    const wallet = this.#store.of(caller.tenant_id).wallets.get(id);
    if (!wallet) return undefined;
    const accounts = wallet.accounts.filter((one) => sees(caller, addressOf(wallet, one)));
    return accounts.length || !caller.sees ? { ...wallet, accounts } : undefined;
  }

  #seen(caller, id) {
    const wallet = this.#visible(caller, id);
    if (!wallet) throw notFound(id);
    return wallet;
  }

  async #shown(caller, wallet, replayed) {
    const balances = await Promise.all(
      wallet.accounts.map(async (one) => {
        const { posted, pending, available } = (await this.#ledger("account", caller, { address: addressOf(wallet, one) })).balances;
        return { posted, pending, available };
      }),
    );
    return this.#answer(wallet, balances, replayed);
  }

  #answer(wallet, balances, replayed) {
    const accounts = wallet.accounts.map((one, place) => ({
      account: labelOf(one), asset: one.asset, exponent: one.exponent, ledger: BOOK, address: addressOf(wallet, one), iban: one.iban,
      min_available: one.least === null ? null : digits(one.least), max_available: one.most === null ? null : digits(one.most), balances: balances[place],
    }));
    // By asset, each in the order it was added.
    accounts.sort((one, other) => (one.asset < other.asset ? -1 : one.asset > other.asset ? 1 : 0));
    return { id: wallet.id, owner: wallet.owner, name: wallet.name, status: wallet.status, opened_at: wallet.opened_at, accounts, replayed };
  }

  #keep(caller, wallet, changes) {
    this.#store.keep(caller.tenant_id, { ...wallet, ...changes });
  }

  /** One change of a tenant after the other, so that no two take the same id or IBAN. */
  #inTurn(caller, work) {
    const key = String(caller.tenant_id);
    const before = this.#queues.get(key) ?? Promise.resolve();
    const mine = before.catch(() => undefined).then(work);
    this.#queues.set(key, mine);
    mine.catch(() => undefined).finally(() => this.#queues.get(key) === mine && this.#queues.delete(key));
    return mine;
  }

  /** A wallet whose intent is done: what is still to be told to the books is told first. */
  async #settled(caller, id) {
    const wallet = this.#store.of(caller.tenant_id).wallets.get(id);
    if (!wallet) throw notFound(id);
    if (wallet.pending) await this.#tell(caller, wallet);
    return this.#store.of(caller.tenant_id).wallets.get(id);
  }

  async #tell(caller, wallet) {
    const { pending } = wallet;
    if (pending === "open" || pending === "add") return this.#openAccounts(caller, wallet);
    if (pending === "limit") {
      for (const one of wallet.accounts) await this.#limit(caller, await this.#book(caller, wallet, one), one);
      return this.#keep(caller, wallet, { pending: null });
    }
    if (pending === "closed") {
      const full = await this.#closeAll(caller, wallet);
      this.#keep(caller, wallet, full.length ? { pending: null } : { pending: null, status: "closed" });
      if (full.length) throw new Problem("wallet_not_empty", "conflict", "move its money elsewhere first", { accounts: full.join(", ") });
      return undefined;
    }
    for (const one of wallet.accounts) await this.#bring(caller, await this.#book(caller, wallet, one), pending);
    return this.#keep(caller, wallet, { pending: null, status: pending });
  }

  async #openAccounts(caller, wallet) {
    const isAdding = wallet.pending === "add";
    const wanted = wallet.accounts.filter((one) => !isAdding || one.isNew);
    const done = [];
    try {
      for (const one of wanted) {
        await this.#openAccount(caller, wallet, one);
        done.push(one);
      }
    } catch (problem) {
      if (!["asset_has_different_exponent", "account_exists_with_different_content"].includes(problem.code)) throw problem;
      for (const one of done) await this.#ledger("set_status", caller, { address: addressOf(wallet, one), status: "closed" });
      if (isAdding) this.#keep(caller, wallet, { accounts: wallet.accounts.filter((one) => !one.isNew), pending: null });
      else this.#store.drop(caller.tenant_id, wallet.id);
      throw problem;
    }
    const accounts = wallet.accounts.map(({ isNew, ...one }) => one);
    this.#keep(caller, wallet, { accounts, status: "open", pending: null });
  }

  async #openAccount(caller, wallet, account) {
    const message = {
      address: addressOf(wallet, account), asset: account.asset, exponent: account.exponent, normal_side: "credit",
      min_available: account.least ?? undefined, max_available: account.most ?? undefined,
    };
    let found;
    try {
      found = await this.#ledger("open_account", caller, message);
    } catch (problem) {
      if (problem.code !== "ledger_not_found") throw problem;
      await this.#ledger("open_ledger", caller, { ledger: undefined, name: BOOK });
      found = await this.#ledger("open_account", caller, message);
    }
    await this.#limit(caller, found, account);
    await this.#bring(caller, found, "open");
  }

  #book = (caller, wallet, account) => this.#ledger("account", caller, { address: addressOf(wallet, account) });

  async #limit(caller, found, { least, most }) {
    const same = (known, wanted) => (known === undefined || known === null ? null : String(known)) === wanted;
    if (same(found.min_available, least) && same(found.max_available, most)) return;
    await this.#ledger("set_limits", caller, { address: found.address, min_available: least ?? undefined, max_available: most ?? undefined });
  }

  async #bring(caller, found, status) {
    if (found.status === status) return;
    if (found.status === "closed" && status === "frozen") await this.#ledger("set_status", caller, { address: found.address, status: "open" });
    await this.#ledger("set_status", caller, { address: found.address, status });
  }

  /** Closes all accounts or none; answers the names of those that are not empty. */
  async #closeAll(caller, wallet) {
    const former = wallet.status;
    const isFull = ({ balances }) => [balances.posted, balances.pending, balances.available].some((one) => BigInt(one) !== 0n);
    const shown = await Promise.all(wallet.accounts.map((one) => this.#book(caller, wallet, one)));
    const full = wallet.accounts.filter((_, place) => isFull(shown[place])).map(labelOf);
    if (full.length) return full;
    // Frozen before the first is closed, so that none fills up meanwhile.
    for (const one of shown) if (one.status === "open") await this.#bring(caller, one, "frozen");
    for (const one of wallet.accounts) {
      try {
        await this.#ledger("set_status", caller, { address: addressOf(wallet, one), status: "closed" });
      } catch (problem) {
        if (problem.code !== "account_not_empty") throw problem;
        for (const other of wallet.accounts) await this.#bring(caller, await this.#book(caller, wallet, other), former);
        return [labelOf(one)];
      }
    }
    return [];
  }
}
