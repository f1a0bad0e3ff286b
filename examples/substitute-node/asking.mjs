// Messages of the door of wallets, read into values that are well formed, or refused with the name of the place.

import { malformed, Problem } from "./wire.mjs";

const LENGTHS =
  "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 " +
  "FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 " +
  "LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 " +
  "RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30";
const LENGTH = new Map(LENGTHS.split(" ").map((one) => [one.slice(0, 2), Number(one.slice(2))]));
const ID = /^[A-Za-z0-9_.-]{1,64}$/;
const ASSET = /^[A-Z0-9._]{1,16}$/;
const DIGITS = /^-?(0|[1-9][0-9]{0,59})$/;
const CONTROL = /[\x00-\x1f\x7f-\x9f\ufffe\uffff]/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MOST = 10n ** 38n - 1n;
export const ACCOUNTS_MAX = 20;
export const IBANS_MAX = 10_000;

const SHAPES = {
  open: { owner: "object", name: "string", accounts: "array", id: "string?" },
  owner: { kind: "string", name: "string", reference: "string?" },
  account: { asset: "string", exponent: "number", iban: "string?", min_available: "digits?", max_available: "digits?" },
  add_account: { wallet: "string", account: "object" },
  of: { wallet: "string" },
  set_limits: { wallet: "string", account: "string", min_available: "digits?", max_available: "digits?" },
  wallets: { owner_reference: "string?", status: "string?", begins: "string?", after: "string?", limit: "number?" },
  account_by_iban: { iban: "string" },
  accounts_by_iban: { ibans: "array" },
  statement: { first_day: "string", last_day: "string", iban: "string?", wallet: "string?", account: "string?", format: "string?" },
};

/** Holds a message to its shape: no field that is unknown, none that is missing, none of another type. */
export function shaped(name, message, place = "message") {
  const shape = SHAPES[name];
  for (const field of Object.keys(message)) if (!(field in shape)) throw malformed(place, `there is no field ${field}`);
  for (const [field, kind] of Object.entries(shape)) {
    const value = message[field];
    const wanted = kind.replace("?", "");
    if (value === undefined || value === null) {
      if (!kind.endsWith("?")) throw malformed(place, `${field} is missing`);
    } else if (wanted === "array" ? !Array.isArray(value) : wanted === "digits" ? !["number", "bigint", "string"].includes(typeof value) : typeof value !== wanted) {
      throw malformed(place, `${field} is no ${wanted}`);
    }
  }
  return message;
}

export const isId = (text) => ID.test(text);
export const normalised = (text) => text.replaceAll(" ", "").toUpperCase();

/** An IBAN without spaces, in capitals, when country, length and check digits are right. */
export function readIban(text) {
  const iban = normalised(text);
  const refused = () => new Problem("iban_not_valid", "unprocessable", "This is not an IBAN.", { iban: text.slice(0, 64) });
  if (text.length > 64 || !/^[A-Z]{2}[0-9]{2}[A-Z0-9]+$/.test(iban) || LENGTH.get(iban.slice(0, 2)) !== iban.length) throw refused();
  const numeral = [...iban.slice(4), ...iban.slice(0, 4)].map((one) => parseInt(one, 36)).join("");
  if (BigInt(numeral) % 97n !== 1n) throw refused();
  return iban;
}

export function readText(text, place) {
  const length = [...text].length;
  if (length < 1 || length > 140 || !text.trim() || CONTROL.test(text) || !text.isWellFormed()) {
    throw malformed(place, "a text is 1 to 140 characters, no control characters, not blank");
  }
  return text;
}

function readLimit(value, place) {
  if (value === null || value === undefined) return null;
  if (typeof value === "number" ? !Number.isSafeInteger(value) : typeof value === "string" && !DIGITS.test(value)) {
    throw malformed(place, "it is not a whole number");
  }
  const number = BigInt(value);
  if (number > MOST || number < -MOST) throw malformed(place, "a limit has at most 38 digits");
  return number;
}

/** Both limits; what is not said is 0 at least, and without a most. */
export function readLimits(message, place = "") {
  const least = readLimit(message.min_available === undefined ? 0 : message.min_available, `${place}min_available`);
  const most = readLimit(message.max_available, `${place}max_available`);
  if (least !== null && most !== null && least > most) throw malformed(`${place}min_available`, "the minimum must not be above the maximum");
  return { least: least === null ? null : String(least), most: most === null ? null : String(most) };
}

export function readAccount(account, place) {
  shaped("account", account, place);
  if (!ASSET.test(account.asset)) throw malformed(`${place}.asset`, "an asset is 1 to 16 of A-Z 0-9 . _");
  if (!Number.isInteger(account.exponent) || account.exponent < 0 || account.exponent > 18) throw malformed(`${place}.exponent`, "an exponent is 0 to 18");
  const iban = account.iban ?? null;
  return { asset: account.asset, exponent: account.exponent, iban: iban === null ? null : readIban(iban), ...readLimits(account, `${place}.`) };
}

/** A wallet that is to be opened, with its accounts numbered within their asset. */
export function readWallet(message) {
  shaped("open", message);
  if (message.accounts.length < 1 || message.accounts.length > ACCOUNTS_MAX) throw malformed("accounts", `a wallet is opened with 1 to ${ACCOUNTS_MAX} accounts`);
  const counts = new Map();
  const accounts = message.accounts.map((one, place) => {
    const account = readAccount(one, `accounts[${place}]`);
    counts.set(account.asset, (counts.get(account.asset) ?? 0) + 1);
    return { ...account, ordinal: counts.get(account.asset) };
  });
  const bare = accounts.filter((one) => one.iban === null).map((one) => one.asset);
  const twice = bare.find((asset, place) => bare.indexOf(asset) !== place);
  if (twice) throw new Problem("second_account_of_an_asset_needs_an_iban", "conflict", `two accounts of ${twice} have no IBAN`, { asset: twice });
  const owner = shaped("owner", message.owner, "owner");
  if (owner.kind !== "person" && owner.kind !== "company") throw malformed("owner.kind", "an owner is a person or a company");
  readText(owner.name, "owner.name");
  if (owner.reference !== undefined && owner.reference !== null) readText(owner.reference, "owner.reference");
  readText(message.name, "name");
  const id = message.id ?? null;
  if (id !== null && (!isId(id) || id.startsWith("wal_"))) throw malformed("id", "an id is 1 to 64 of A-Z a-z 0-9 - _ . and not wal_…");
  return { id, owner: { kind: owner.kind, name: owner.name, reference: owner.reference ?? null }, name: message.name, accounts };
}

/** The days of a statement as milliseconds: its start, and its end, which is not included. */
export function readDays(message) {
  const at = (field) => {
    const start = Date.parse(`${message[field]}T00:00:00Z`);
    if (!DAY.test(message[field]) || Number.isNaN(start) || message[field] < "1900-01-02" || message[field] > "2199-12-30") throw malformed(field, "it is no day of a statement");
    return start;
  };
  const [start, last] = [at("first_day"), at("last_day")];
  if (last < start) throw malformed("last_day", "the last day must not lie before the first");
  if (start > Date.now()) throw malformed("first_day", "the first day must have begun, by UTC");
  return { start, end: last + 86_400_000 };
}
