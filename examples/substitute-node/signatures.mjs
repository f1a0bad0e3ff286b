// Signed requests (RFC 9421) in the one form that Tallystick's doors use, with Ed25519.

import { createHash, createPrivateKey, createPublicKey, randomBytes, sign, verify } from "node:crypto";
import { readFileSync } from "node:fs";

const COVERED = ["@method", "@authority", "@path", "content-type", "content-digest", "tallystick-timeout"];
const LIST = `(${COVERED.map((name) => `"${name}"`).join(" ")})`;
const INPUT =
  /^door=(\("@method" "@authority" "@path" "content-type" "content-digest" "tallystick-timeout"\);created=(\d{1,12});expires=(\d{1,12});nonce="([\w-]{22})";keyid="([\w-]{43})";tag="tallystick-door")$/;
const SIGNATURE = /^door=:([A-Za-z0-9+/]{86}==):$/;
const LIVES_S = 60;
const SKEW_S = 5;
const NONCES_MAX = 100_000;

const digestOf = (body) => `sha-256=:${createHash("sha256").update(body).digest("base64")}:`;

/** The name of a key: its JWK thumbprint (RFC 7638). */
function thumbprint(key) {
  const { x } = key.export({ format: "jwk" });
  return createHash("sha256").update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest("base64url");
}

function baseOf(values, parameters) {
  const lines = COVERED.map((name, place) => `"${name}": ${values[place]}`);
  return Buffer.from([...lines, `"@signature-params": ${parameters}`].join("\n"), "latin1");
}

/** Signs with the key in a file of PEM. */
export function signer(path) {
  const key = createPrivateKey(readFileSync(path));
  const id = thumbprint(createPublicKey(key));
  return ({ authority, path: target, timeout, body }) => {
    const created = Math.floor(Date.now() / 1000);
    const nonce = randomBytes(16).toString("base64url");
    const expires = created + Math.min(Math.ceil(timeout / 1000) + SKEW_S, LIVES_S);
    const parameters =
      `${LIST};created=${created};expires=${expires};nonce="${nonce}";keyid="${id}";tag="tallystick-door"`;
    const digest = digestOf(body);
    const values = ["POST", authority, target, "application/json", digest, String(timeout)];
    return {
      "content-type": "application/json", "content-digest": digest, "tallystick-timeout": String(timeout),
      "signature-input": `door=${parameters}`,
      signature: `door=:${sign(null, baseOf(values, parameters), key).toString("base64")}:`,
    };
  };
}

/** Verifies requests by the public key in a file of PEM; answers why one is refused, or nothing. */
export function verifier(path, here) {
  const key = createPublicKey(readFileSync(path));
  const id = thumbprint(key);
  const spent = new Map();
  return ({ method, target, headers, body }) => {
    const form = INPUT.exec(headers["signature-input"] ?? "");
    const made = SIGNATURE.exec(headers.signature ?? "");
    if (!form || !made) return "it is not signed in the form that is asked for";
    const host = (headers.host ?? "").toLowerCase();
    if (host !== here) return "it was sent to another address";
    const [, parameters, created, expires, nonce, keyId] = form;
    const now = Math.floor(Date.now() / 1000);
    if (expires - created > LIVES_S || created > now + SKEW_S || now > Number(expires)) return "it is not in force";
    const values = [method, host, target, headers["content-type"], headers["content-digest"], headers["tallystick-timeout"]];
    const signature = Buffer.from(made[1], "base64");
    if (keyId !== id || !verify(null, baseOf(values, parameters), key, signature)) return "no known key made this signature";
    if (digestOf(body) !== headers["content-digest"]) return "the body is another than was signed";
    for (const [known, until] of spent) {
      if (until > now) break;
      spent.delete(known);
    }
    if (spent.has(nonce) || spent.size >= NONCES_MAX) return "it was sent before";
    spent.set(nonce, Number(expires) + SKEW_S);
    return undefined;
  };
}
