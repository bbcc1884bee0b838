// Answers one case of the conformance suite through the public API. Two doors use it: the driver beside this file, which the
// runner asks, and test/conformance.test.mjs, which reads the vectors itself.

import { Config, ConfigError, Contexts, Refusal, Signer, SigningError, TokenIssuer, Verifier } from "wiresign";

export const CAPABILITIES = [
  "verify",
  "verify_stream",
  "sign",
  "check",
  "replace",
  "explain",
  "handshake",
  "sign_context",
  "verify_context",
  "ask_identity",
  "issue_token",
  "answer_token",
];

/** As many headers as the built-in schemes read. */
const USUAL_HEADERS = 7;

/** How the header fields of a request are handed to the API; the verdict must be the same. */
export const HEADER_FORMS = {
  /** As a list, with everything as received. */
  pairs: (pairs) => pairs,
  /** As `IncomingMessage.headers`, where Node has joined repeats. The limits count what was on the wire, so a list goes on. */
  node: (pairs) => {
    const bytes = pairs.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    if (pairs.length > 256 || bytes > 65_536) {
      return pairs;
    }
    const record = {};
    for (const [name, value] of pairs) {
      const key = name.toLowerCase();
      record[key] = key in record ? `${record[key]}, ${value}` : value;
    }
    return record;
  },
};

/** Answers all steps of one case. */
export function handle(question, headerForm = HEADER_FORMS.node) {
  const env = question.env ?? {};
  const parse = (text, document) => Config.parse(text ?? JSON.stringify(document), { env });
  let config;
  try {
    config = parse(question.config_text, question.config);
  } catch (error) {
    return question.steps.map(() => configErrors(error));
  }
  const verifier = new Verifier(config);
  // Adapters hand over the list as received where a scheme reads more than the usual headers.
  if (config.headerNames.length > USUAL_HEADERS) {
    headerForm = HEADER_FORMS.pairs;
  }
  return question.steps.map((step) => {
    try {
      return answer(step, { config, verifier, parse, headerForm });
    } catch (error) {
      return { crashed: String(error?.stack ?? error) };
    }
  });
}

function answer(step, { config, verifier, parse, headerForm }) {
  switch (step.op) {
    case "verify":
      return verdict(() => verifier.verify(request(step.request, headerForm), { now: step.now }));
    case "verify_stream":
      return verdict(() => {
        const { body, ...head } = request(step.request, headerForm);
        const verification = verifier.begin(head, { now: step.now });
        let at = 0;
        for (const length of verification.needsBody ? [...step.chunks, body.length] : []) {
          verification.update(body.subarray(at, at + length));
          at += length;
        }
        return verification.finish();
      });
    case "sign":
      return sign(step, config, headerForm);
    case "explain": {
      // Who looks for causes has the list at hand; of joined repeats fewer causes can be told.
      const asReceived = request(step.request, HEADER_FORMS.pairs);
      const { verdict: code, hints } = verifier.explain(asReceived, { now: step.now });
      return { ok: { verdict: code, hints: hints.map(({ id }) => id) } };
    }
    case "handshake":
      return refusable(() => {
        const response = verifier.handshake(step.webhook, request(step.request, headerForm), { now: step.now });
        return { handshake: response };
      });
    case "ask_identity": {
      const question = verifier.identityRequest(request(step.request, headerForm), { now: step.now });
      if (question !== null) {
        const given = step.answer;
        const taken = given === null ? null : { status: given.status, body: bytes(given.body) };
        verifier.identityAnswer(question, taken, { now: step.now });
      }
      return { ok: { question: question && asked(question) } };
    }
    case "issue_token":
      return failable(() => {
        const { lifetime, permissions, tenant, now, nonce: id } = step;
        const options = { lifetime, permissions, tenant, now, id };
        const token = new TokenIssuer(config).issue(step.subject, step.audience, options);
        return { text: token.text, expires: token.expires, lifetime: token.lifetime, permissions: token.permissions };
      });
    case "answer_token":
      return failable(() => {
        const { tenant, now, nonce: id } = step;
        const answered = new TokenIssuer(config).answer(step.caller, bytes(step.form), { tenant, now, id });
        return { ok: { status: answered.status, headers: answered.headers, body: answered.body } };
      });
    case "sign_context":
      return failable(() => {
        const contexts = new Contexts(config);
        const signature = contexts.sign(step.tenant, step.roles, { now: step.now });
        const message = contexts.message(step.tenant, step.roles).toString("base64");
        return { signature, message: { base64: message } };
      });
    case "verify_context":
      return failable(() =>
        refusable(() => {
          const payload = step.payload === undefined ? undefined : bytes(step.payload);
          const { tenant, roles, signature, now } = step;
          const verified = new Contexts(config).verify(tenant, roles, signature, { now, payload });
          const { keyId, matched, keyIsRetiring } = verified;
          return { key: keyId, matched, retiring: keyIsRetiring, roles: verified.roles };
        }),
      );
    case "check":
      return { ok: { warnings: config.warnings } };
    case "replace":
      try {
        verifier.replace(parse(step.config_text, step.config));
        return { ok: {} };
      } catch (error) {
        return configErrors(error);
      }
    default:
      throw new Error(`unknown step ${step.op}`);
  }
}

function verdict(verify) {
  return refusable(() => {
    const verified = verify();
    return {
      service: verified.service,
      key: verified.keyId,
      scheme: verified.scheme,
      age: verified.age,
      request_id: verified.requestId,
      route: verified.route,
      retiring: verified.keyIsRetiring,
      public: verified.isPublic,
      covered: verified.covered,
      replay_key: verified.replayKey,
    };
  });
}

function asked({ method, url, headers, body }) {
  return { method, url, headers, body };
}

/** What `judge` gives, or the refusal that it throws. */
function refusable(judge) {
  try {
    return { ok: judge() };
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) {
      throw refusal;
    }
    const { code, status, requestId, response } = refusal;
    const shown = { status: response.status, body: response.body, www_authenticate: response.wwwAuthenticate };
    return { refused: { code, status, response: shown, request_id: requestId } };
  }
}

/** What `make` gives, or the failure that it throws. An answer that is one already stays one. */
function failable(make) {
  try {
    const made = make();
    return "ok" in made || "refused" in made ? made : { ok: made };
  } catch (error) {
    if (!(error instanceof SigningError)) {
      throw error;
    }
    return { failed: { code: error.code, message: error.message } };
  }
}

function sign(step, config, headerForm) {
  return failable(() => {
    const signer = new Signer(config, { target: step.target ?? undefined });
    const options = { now: step.now, nonce: step.nonce };
    // Whoever sends repeats has them in a list: joined they are another request.
    const names = step.request.headers.map(([name]) => wire(name).toLowerCase());
    const outgoing = request(step.request, new Set(names).size < names.length ? HEADER_FORMS.pairs : headerForm);
    const message = signer.message(outgoing, options).toString("base64");
    return { headers: signer.sign(outgoing, options), message: { base64: message } };
  });
}

function request({ method, target, authority, headers, body }, headerForm) {
  return {
    method: wire(method),
    target: wire(target),
    authority: authority === undefined ? undefined : wire(authority),
    headers: headerForm(headers.map(([name, value]) => [wire(name), wire(value)])),
    body: bytes(body),
  };
}

/** Node has strings of one character per byte where the wire has bytes. */
function wire(value) {
  return bytes(value).toString("latin1");
}

function bytes(value) {
  return typeof value === "string" ? Buffer.from(value, "utf8") : Buffer.from(value.base64, "base64");
}

function configErrors(error) {
  if (!(error instanceof ConfigError)) {
    return { crashed: String(error?.stack ?? error) };
  }
  return { config_errors: error.problems.map(({ pointer, message }) => ({ pointer, message })) };
}
