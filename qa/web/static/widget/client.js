// Asks the server, and tells in one word what went wrong: a key of the strings.

const PATIENCE = 30_000; // milliseconds
const REPORT = 100; // milliseconds within which the browser says that a policy, and not the network, stopped a request

const KINDS = { 400: "question", 403: "origin", 404: "article", 413: "question", 422: "question", 429: "busy", 503: "busy" };
const SET_UP = ["origin", "article", "csp"]; // faults that the page's owner can mend, and no retry can

const BLOCKED = []; // addresses that the page's policy refused to connect to

document.addEventListener("securitypolicyviolation", (event) => {
  if (event.effectiveDirective === "connect-src") BLOCKED.push(event.blockedURI);
});

class Fault extends Error {
  constructor(kind, more) {
    super(kind);
    Object.assign(this, { kind, status: 0, retry: 0, detail: "" }, more);
  }
}

/**
 * The JSON that the server answers to a POST of `body`, or to a GET.
 * @throws {Fault} for every other outcome
 */
async function request(api, path, body) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE);
  try {
    const response = await fetch(api + path, {
      method: body ? "POST" : "GET",
      headers: body && { "Content-Type": "application/json" },
      body: body && JSON.stringify(body),
      credentials: "omit",
      referrerPolicy: "no-referrer",
      signal: stop.signal,
    });
    const told = await response.text();
    return read(response, told);
  } catch (error) {
    if (error instanceof Fault) throw error;
    if (stop.signal.aborted) throw new Fault("timeout");
    await new Promise((done) => setTimeout(done, REPORT));
    if (BLOCKED.some((address) => address.startsWith(new URL(api).origin))) throw new Fault("csp");
    throw new Fault(navigator.onLine ? "unreachable" : "offline");
  } finally {
    clearTimeout(timer);
  }
}

function read(response, told) {
  const { status } = response;
  let json = {};
  try {
    json = JSON.parse(told);
  } catch {
    if (response.ok) throw new Fault("server", { status });
  }
  if (response.ok) return json;
  const retry = Math.ceil(Number(response.headers.get("Retry-After")) || 0);
  throw new Fault(KINDS[status] ?? "server", { status, retry, detail: json.detail ?? "" });
}
