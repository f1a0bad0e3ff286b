// JSON as doors speak it: whole numbers of any size stay exact, refusals are problem documents.

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?![\d.eE])/g;
const MARK = "\u0001whole:";
const WRITTEN = /"\\u0001whole:(-?\d+)"/g;

/** Reads JSON; whole numbers that a double would round come as BigInt. */
export function read(text) {
  const marked = text.replace(TOKEN, (token) =>
    token[0] === '"' || Number.isSafeInteger(Number(token)) ? token : JSON.stringify(MARK + token),
  );
  return JSON.parse(marked, (_, value) =>
    typeof value === "string" && value.startsWith(MARK) ? BigInt(value.slice(MARK.length)) : value,
  );
}

/** Writes JSON; a BigInt is written as a number, and what is undefined is left out. */
export function write(value) {
  return JSON.stringify(value, (_, one) => (typeof one === "bigint" ? MARK + one : one)).replace(WRITTEN, "$1");
}

/** A whole number as the wire has it: a number while every reader keeps it exact, a string of digits above. */
export function digits(number) {
  const plain = Number(number);
  return Number.isSafeInteger(plain) ? plain : String(number);
}

const STATUS = {
  malformed: 400, unauthenticated: 401, forbidden: 403, not_found: 404, conflict: 409, too_large: 413,
  unsupported: 415, unprocessable: 422, unavailable: 503,
};

/** A refusal: its code and kind are those of the door, `fields` say what it was about. */
export class Problem extends Error {
  constructor(code, kind, detail, fields = {}, retry = kind === "unavailable" ? "later" : "never") {
    super(detail);
    Object.assign(this, { code, status: STATUS[kind] ?? kind, fields, retry });
  }

  document(request) {
    const title = this.code[0].toUpperCase() + this.code.slice(1).replaceAll("_", " ");
    return {
      type: `/docs/problems#${this.code}`, title, status: this.status, detail: this.message, code: this.code,
      retry: this.retry, instance: `urn:tallystick:request:${request}`, fields: this.fields,
    };
  }
}

export const malformed = (place, reason) =>
  new Problem("malformed_request", "malformed", `${place}: ${reason}`, { [place]: reason });
export const unavailable = (why) => new Problem("temporarily_unavailable", "unavailable", why);
