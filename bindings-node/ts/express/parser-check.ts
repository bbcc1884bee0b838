// A signature covers the bytes on the wire. Behind a parser those are gone, and what JSON.stringify makes of the parsed
// body is something else (order, escapes, numbers). So the middleware refuses to serve there, loudly.

const ADVICE =
  "Mount wiresign() before express.json() and every other body parser: it needs the bytes as received, and hands them on.";

const PARSERS = new Set(["jsonParser", "urlencodedParser", "rawParser", "textParser", "multerMiddleware"]);

interface Layer {
  readonly name?: string;
  readonly handle?: unknown;
  /** Express 5: the layer is mounted at the root. */
  readonly slash?: boolean;
  /** Express 4: the same. */
  readonly regexp?: { readonly fast_slash?: boolean };
}

/** As much of an Express application as is looked at. */
export interface Application {
  readonly router?: unknown;
  readonly _router?: unknown;
}

/**
 * Throws where a parser for all paths is mounted before the middleware, whatever the request at hand: better the first
 * health check of a deployment fails than the first real call.
 *
 * @param middleware where it is mounted; `undefined` while it is not mounted yet, which judges all that is
 */
export function refuseParserBefore(application: Application | undefined, middleware: unknown): void {
  for (const layer of layersOf(application)) {
    if (layer.handle === middleware && middleware !== undefined) {
      return;
    }
    const forAllPaths = layer.slash ?? layer.regexp?.fast_slash ?? false;
    if (forAllPaths && PARSERS.has(layer.name ?? "")) {
      throw new Error(`wiresign: the body parser ${layer.name ?? ""} is mounted before wiresign(). ${ADVICE}`);
    }
  }
}

/** What is wrong where the bytes of a body are gone already. */
export function consumedBody(): Error {
  return new Error(`wiresign: the body of this request was read before wiresign() saw it. ${ADVICE}`);
}

function layersOf(application: Application | undefined): readonly Layer[] {
  // Express 4 has a getter `router` that throws, and keeps its router, once there is one, in `_router`.
  const router = application === undefined ? undefined : (application._router ?? readRouter(application));
  const stack = (router as { readonly stack?: unknown } | undefined)?.stack;
  return Array.isArray(stack) ? (stack as Layer[]) : [];
}

function readRouter(application: Application): unknown {
  try {
    return application.router;
  } catch {
    return undefined;
  }
}
