// Our books, asked through their far door: each request is signed, and says that wallets ask for their caller.

import http from "node:http";
import https from "node:https";
import { Problem, read, unavailable, write } from "./wire.mjs";

const TIMEOUT_MS = 10_000;
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

export function ledgerAt(url, sign) {
  const base = new URL(url);
  const transport = base.protocol === "https:" ? https : http;
  const agent = new transport.Agent({ keepAlive: true, maxSockets: 32, timeout: 4_000 });

  function post(target, body) {
    const headers = sign({ authority: base.host.toLowerCase(), path: target, timeout: TIMEOUT_MS, body });
    return new Promise((resolve, reject) => {
      const asked = transport.request(
        { hostname: base.hostname, port: base.port, path: target, method: "POST", agent, headers: { ...headers, "content-length": body.length } },
        (answer) => {
          const parts = [];
          let size = 0;
          answer.on("data", (part) => {
            size += part.length;
            if (size > ANSWER_BYTES_MAX) asked.destroy(new Error("the answer is too large"));
            else parts.push(part);
          });
          answer.on("end", () => resolve([answer, Buffer.concat(parts).toString("utf8")]));
          answer.on("error", reject);
        },
      );
      asked.setTimeout(TIMEOUT_MS, () => asked.destroy(new Error("no answer in time")));
      asked.on("error", reject);
      asked.end(body);
    });
  }

  /** Asks a method of the ledger for a caller; throws the problem it is refused with. */
  return async function ledger(method, caller, message) {
    const body = Buffer.from(write({ caller: { ...caller, via: "wallets" }, message: { ledger: "main", ...message } }));
    let answer, text;
    try {
      [answer, text] = await post(`/doors/ledger/Ledger/${method}`, body);
    } catch (error) {
      throw unavailable(`the books are out of reach (${error.message})`);
    }
    const outcome = answer.headers["tallystick-outcome"];
    if (outcome === "answered") return read(text);
    if (outcome !== "refused") throw unavailable(`the books answer ${answer.statusCode}: ${text.slice(0, 200)}`);
    const { code, status, detail, fields, retry } = read(text);
    throw new Problem(code, status, detail, fields, retry);
  };
}
