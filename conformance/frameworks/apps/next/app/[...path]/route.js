// Says what reached a route handler of Next.

import { Config, Verifier } from "wiresign";
import { withCrossServiceAuth } from "wiresign/next";

// One for both kinds of handler, as what was seen once must not be taken by the other. `next build` knows no config.
const file = process.env.FRAMEWORKS_CONFIG;
const verifier = file === undefined ? undefined : new Verifier(Config.fromFile(file));

async function echo(request) {
  const { pathname, search } = new URL(request.url);
  const note = request.headers.get("x-note");
  const body = Buffer.from(await request.arrayBuffer()).toString("hex");
  const notes = note === null ? [] : [note.length];
  return Response.json({ path: pathname, query: search.slice(1), body, notes, caller: request.caller?.service ?? null });
}

const strict = withCrossServiceAuth(echo, { verifier });
// It serves those without a credential as well, whom this application does not want.
const known = (request, context) => (request.caller === undefined ? strict(request, context) : echo(request));
const lenient = withCrossServiceAuth(known, { verifier, strict: false });

/** A strict handler takes no query that is not signed, and some schemes sign none: those are served as the config says. */
function serve(request, context) {
  const isSigned = /^\/(echo|service-hmac-v2|rfc9421.*|aws-sigv4)(\/|$)/.test(new URL(request.url).pathname);
  return isSigned || !request.url.includes("?") ? strict(request, context) : lenient(request, context);
}

export const GET = serve;
export const POST = serve;
export const PUT = serve;
export const DELETE = serve;
export const OPTIONS = serve;
