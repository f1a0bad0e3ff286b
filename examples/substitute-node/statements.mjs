// Statements, from the entries of the books by the time they were recorded, and camt.053.001.08.

import { createHash, randomBytes } from "node:crypto";
import { digits, malformed, Problem } from "./wire.mjs";

const LINES_MAX = 100_000;
const PAGE = 200;
// Of camt.053: Max35Text.
const ID_MAX = 35;
const micros = (milliseconds) => new Date(milliseconds).toISOString().replace("Z", "000Z");
const before = (milliseconds) => new Date(milliseconds - 1).toISOString().replace("Z", "999Z");
const unsupported = (why) => new Problem("statement_format_not_supported", "unsupported", why);

export async function statement(ledger, caller, subject, period) {
  return (await composed(ledger, caller, subject, period)).told;
}

export async function statementFile(ledger, caller, subject, period, format) {
  if (format !== "camt053") throw unsupported("B.1.0.0 writes camt.053 only.");
  const { told } = await composed(ledger, caller, subject, period);
  if (!/^[A-Z]{3}$/.test(subject.asset) || subject.exponent > 5) throw unsupported(`camt.053.001.08 has no place for ${subject.asset}.`);
  const largest = told.lines.reduce((sum, line) => sum + BigInt(line.amount), 0n) + abs(BigInt(told.opening)) + abs(BigInt(told.closing));
  if (largest >= 10n ** 18n) throw unsupported("camt.053.001.08 has no place for amounts of more than 18 digits.");
  return { id: told.id, content: Buffer.from(camt(told)).toString("base64") };
}

async function composed(ledger, caller, subject, { start, end }) {
  const { address } = subject;
  const now = Date.now();
  let opening, closing;
  const entries = [];
  try {
    opening = (await ledger("balance", caller, { address, recorded_at: before(start) })).balances;
    // Asked before the lines: once the books have answered, no line of the period can come any more.
    if (now >= end) closing = (await ledger("balance", caller, { address, recorded_at: before(end) })).balances;
    let after;
    do {
      const message = { address, since: micros(start), until: micros(end), oldest_first: true, after, limit: PAGE };
      const page = await ledger("entries", caller, message);
      entries.push(...page.items);
      if (entries.length > LINES_MAX) throw new Problem("statement_too_long", "unprocessable", `the period has more than ${LINES_MAX} lines`, { lines_max: String(LINES_MAX) });
      after = page.after;
    } while (after !== undefined && after !== null);
  } catch (problem) {
    if (["account_not_found", "ledger_not_found"].includes(problem.code)) throw new Problem("wallet_account_not_found", "not_found", "the account is not open yet");
    if (problem.code === "recorded_at_lies_in_the_future") throw malformed("first_day", "the first day must have begun, by UTC");
    throw problem;
  }
  const reached = entries.length ? entries.at(-1).balance : opening.posted;
  const over = closing !== undefined;
  const last = entries.length ? Date.parse(entries.at(-1).recorded_at) + 1 : now;
  const until = over ? end : Math.min(end, Math.max(now, last));
  const id = numberOf(caller, subject, start, end);
  return {
    told: {
      id, created_at: micros(now), starts_at: micros(start), ends_at: micros(until), wallet: subject.wallet, account: subject.account,
      address, holder_name: subject.holder, asset: subject.asset, exponent: subject.exponent, opening: digits(opening.posted),
      closing: digits(over ? closing.posted : reached), lines: entries.map(line), iban: subject.iban, available: over ? closing.available : null,
    },
  };
}

/** Our own statement numbers, which people can read out: whose it is and of which days; too long a one is a digest. */
function numberOf(caller, subject, start, end) {
  const day = (milliseconds) => new Date(milliseconds).toISOString().slice(0, 10).replaceAll("-", "");
  const last = end - 86_400_000;
  const number = `stm_B-${subject.wallet}.${subject.account}.${day(start)}${last > start ? `-${day(last)}` : ""}`;
  if (number.length <= ID_MAX) return number;
  const what = `${caller.tenant_id} ${subject.address} ${start} ${end}`;
  return `stm_B-${createHash("sha256").update(what).digest("hex").slice(0, 26)}`;
}

function line(entry) {
  const noted = entry.metadata ?? {};
  const isCredit = entry.side === "credit";
  const other = isCredit ? "debtor" : "creditor";
  return {
    transaction: entry.transaction, amount: entry.amount, direction: isCredit ? "credit" : "debit", booked_on: entry.recorded_at.slice(0, 10),
    value_on: entry.effective_at.slice(0, 10), end_to_end_id: noted.end_to_end_id, instruction_id: noted.instruction_id,
    counterparty_name: noted[`${other}_name`], counterparty_iban: noted[`${other}_iban`], remittance: noted.remittance,
  };
}

const abs = (number) => (number < 0n ? -number : number);

function decimal(minor, exponent) {
  const text = String(abs(minor)).padStart(exponent + 1, "0");
  return exponent === 0 ? text : `${text.slice(0, -exponent)}.${text.slice(-exponent)}`;
}

const legal = (text, most) => [...String(text).replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "?")].slice(0, most).join("");
const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const leaf = (name, text) => `<${name}>${escaped(String(text))}</${name}>`;
const words = (name, text, most) => (text && text.trim() ? leaf(name, legal(text, most)) : "");
const branch = (name, ...parts) => (parts.join("") ? `<${name}>${parts.join("")}</${name}>` : "");

function camt(told) {
  const amount = (minor) => `<Amt Ccy="${told.asset}">${decimal(minor, told.exponent)}</Amt>`;
  const direction = (minor) => leaf("CdtDbtInd", minor < 0n ? "DBIT" : "CRDT");
  const firstDay = told.starts_at.slice(0, 10);
  const lastInstant = before(Math.max(Date.parse(told.ends_at), Date.parse(told.starts_at) + 1));
  const balance = (code, minor, day) =>
    branch("Bal", branch("Tp", branch("CdOrPrtry", leaf("Cd", code))), amount(minor), direction(minor), branch("Dt", leaf("Dt", day)));
  const sums = { CRDT: [0, 0n], DBIT: [0, 0n] };
  for (const one of told.lines) {
    const sum = sums[one.direction === "credit" ? "CRDT" : "DBIT"];
    sum[0] += 1;
    sum[1] += BigInt(one.amount);
  }
  const total = ([count, sum]) => leaf("NbOfNtries", count) + leaf("Sum", decimal(sum, told.exponent));
  const net = sums.CRDT[1] - sums.DBIT[1];
  const summary = branch(
    "TxsSummry",
    branch("TtlNtries", total([told.lines.length, sums.CRDT[1] + sums.DBIT[1]]), branch("TtlNetNtry", leaf("Amt", decimal(net, told.exponent)), direction(net))),
    branch("TtlCdtNtries", total(sums.CRDT)),
    branch("TtlDbtNtries", total(sums.DBIT)),
  );
  const account = branch(
    "Acct",
    branch("Id", told.iban ? leaf("IBAN", told.iban) : branch("Othr", leaf("Id", legal(told.address, 34)))),
    leaf("Ccy", told.asset),
    branch("Ownr", words("Nm", told.holder_name, 140)),
  );
  const balances = [balance("OPBD", BigInt(told.opening), firstDay), balance("CLBD", BigInt(told.closing), lastInstant.slice(0, 10))];
  if (told.available !== null) balances.push(balance("CLAV", BigInt(told.available), lastInstant.slice(0, 10)));
  const statement = branch(
    "Stmt", leaf("Id", told.id), leaf("CreDtTm", told.created_at), branch("FrToDt", leaf("FrDtTm", told.starts_at), leaf("ToDtTm", lastInstant)),
    account, ...balances, summary, ...told.lines.map((one) => entry(one, amount)),
  );
  const header = branch("GrpHdr", leaf("MsgId", `msg_${randomBytes(13).toString("hex")}`), leaf("CreDtTm", told.created_at));
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">${branch("BkToCstmrStmt", header, statement)}</Document>\n`;
}

function entry(one, amount) {
  const isCredit = one.direction === "credit";
  const direction = leaf("CdtDbtInd", isCredit ? "CRDT" : "DBIT");
  const minor = BigInt(one.amount);
  const role = isCredit ? "Dbtr" : "Cdtr";
  const family = isCredit ? "RCDT" : "ICDT";
  const code = branch("BkTxCd", branch("Domn", leaf("Cd", "PMNT"), branch("Fmly", leaf("Cd", family), leaf("SubFmlyCd", "BOOK"))));
  const references = branch("Refs", words("AcctSvcrRef", one.transaction, 35), words("InstrId", one.instruction_id, 35), words("EndToEndId", one.end_to_end_id, 35));
  const name = words("Nm", one.counterparty_name, 140);
  const parties = branch(
    "RltdPties",
    name && branch(role, branch("Pty", name)),
    one.counterparty_iban ? branch(`${role}Acct`, branch("Id", leaf("IBAN", one.counterparty_iban))) : "",
  );
  const details = branch("TxDtls", references, amount(minor), direction, parties, branch("RmtInf", words("Ustrd", one.remittance, 140)));
  return branch(
    "Ntry", amount(minor), direction, branch("Sts", leaf("Cd", "BOOK")), branch("BookgDt", leaf("Dt", one.booked_on)),
    branch("ValDt", leaf("Dt", one.value_on)), words("AcctSvcrRef", one.transaction, 35), code, branch("NtryDtls", details),
  );
}
