// Wallets for Tallystick in Node, version B.1.0.0: a substitute in a process of its own. See docs/guides/substituting.md.

import http from "node:http";
import { ledgerAt } from "./ledger.mjs";
import { signer, verifier } from "./signatures.mjs";
import { Store } from "./store.mjs";
import { Wallets } from "./wallets.mjs";
import { malformed, Problem, read, unavailable, write } from "./wire.mjs";

const BODY_BYTES_MAX = 16 * 1024 * 1024;
const PATH = /^\/doors\/wallets\/Wallets\/([a-z_]{1,40})$/;
const ABOUT = { context: "wallets", name: "node-wallets", version: "B.1.0.0" };

function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`set ${name}`);
  return value;
}

const port = Number(process.env.PORT ?? 9480);
const here = process.env.HERE ?? `127.0.0.1:${port}`;
const verified = verifier(setting("PEER_KEY"), here);
const store = new Store(setting("STATE"));
const wallets = new Wallets(store, ledgerAt(setting("LEDGER_URL"), signer(setting("DOOR_KEY"))));

function bodyOf(request) {
  return new Promise((resolve, reject) => {
    const parts = [];
    let size = 0;
    request.on("data", (part) => {
      size += part.length;
      if (size > BODY_BYTES_MAX) reject(new Problem("body_too_large", "too_large", "the body is too large"));
      else parts.push(part);
    });
    request.on("end", () => resolve(Buffer.concat(parts)));
    request.on("error", reject);
  });
}

async function answer(request) {
  if (request.method === "GET" && request.url === "/doors/wallets/about") return [200, {}, ABOUT];
  const body = await bodyOf(request);
  const found = PATH.exec(request.url);
  if (request.method !== "POST" || !found || !Wallets.METHODS.has(found[1])) throw new Problem("path_not_found", "not_found", "there is no such door");
  const why = verified({ method: request.method, target: request.url, headers: request.headers, body });
  if (why) throw new Problem("signature_not_accepted", "unauthenticated", why);
  let question;
  try {
    question = read(body.toString("utf8"));
  } catch (error) {
    throw malformed("message", error.message);
  }
  try {
    if (typeof question.message !== "object" || typeof question.caller?.tenant_id === "undefined") throw malformed("message", "it has a caller and a message");
    return [200, { "tallystick-outcome": "answered" }, await wallets[found[1]](question.caller, question.message)];
  } catch (error) {
    const problem = error instanceof Problem ? error : unexpected(error);
    return [problem.status, { "tallystick-outcome": "refused" }, problem.document(request.headers["x-request-id"] ?? "none")];
  }
}

function unexpected(error) {
  console.error(error);
  return unavailable("something went wrong here; ask again");
}

const server = http.createServer((request, response) => {
  answer(request)
    .catch((error) => {
      const problem = error instanceof Problem ? error : unexpected(error);
      return [problem.status, {}, problem.document(request.headers["x-request-id"] ?? "none")];
    })
    .then(([status, headers, value]) => {
      const content = Buffer.from(write(value));
      const media = status === 200 ? "application/json" : "application/problem+json";
      response.writeHead(status, { "content-type": media, "content-length": content.length, ...headers });
      response.end(content);
    });
});
// Longer than whoever asks keeps a connection that rests.
server.keepAliveTimeout = 10_000;
server.requestTimeout = 60_000;
server.listen(port, "127.0.0.1", () => console.log(`${ABOUT.name} ${ABOUT.version} at http://127.0.0.1:${port}`));

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => server.close(() => (store.close(), process.exit(0))) && server.closeIdleConnections());
}
