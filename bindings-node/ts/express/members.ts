// `req.caller` and `req.rawBody`. To put two members on a request of Express takes as long as to verify it: each makes V8 a new
// hidden class of all that is there. So the requests of an application inherit them, and a request is only looked up when
// somebody asks.

import { admissionOf } from "../server/admissions.js";
import type { Admission } from "../server/gate.js";

interface Members {
  caller?: Admission["verified"];
  rawBody?: Admission["body"];
}

/** As much of an Express application as is needed to find what its requests inherit from. */
interface Served {
  readonly request?: object;
  readonly parent?: Served;
}

const NAMES = ["caller", "rawBody"] as const;
/** What the requests of applications inherit from, once they inherit the members too. */
const lent = new WeakSet();

/** Lets a request that was let in say who called, and with which bytes. */
export function show(request: object & Members, { verified, body }: Admission): void {
  const prototype = Reflect.getPrototypeOf(request);
  const inherits = prototype !== null && (lent.has(prototype) || lend(request, prototype));
  if (inherits && !NAMES.some((name) => Object.hasOwn(request, name))) {
    return;
  }
  request.caller = verified;
  request.rawBody = body;
}

/** Whether the requests that inherit from this prototype have the members now. Nothing that is there is touched. */
function lend(request: object, prototype: object): boolean {
  const { app } = request as { readonly app?: Served };
  if (app?.request !== prototype) {
    return false;
  }
  // What a mounted application has served goes back to the one that it is mounted in, which has to have them as well.
  const root = rootOf(app).request;
  if (root === undefined || NAMES.some((name) => name in prototype && !lent.has(root))) {
    return false;
  }
  if (!lent.has(root)) {
    Object.defineProperties(root, { caller: member("caller", "verified"), rawBody: member("rawBody", "body") });
    lent.add(root);
  }
  lent.add(prototype);
  return true;
}

function rootOf(app: Served): Served {
  return app.parent === undefined ? app : rootOf(app.parent);
}

function member(name: keyof Members, of: "verified" | "body"): PropertyDescriptor {
  return {
    configurable: true,
    enumerable: true,
    get(this: object): unknown {
      const admission = nearestAdmission(this);
      return admission?.body === undefined ? undefined : admission[of];
    },
    // Whoever sets it means this one request.
    set(this: object, value: unknown): void {
      Object.defineProperty(this, name, { configurable: true, enumerable: true, value, writable: true });
    },
  };
}

/** The admission of a request, or of the request that somebody has derived this object from. */
function nearestAdmission(request: object): Admission | undefined {
  for (let object: object | null = request; object !== null; object = Reflect.getPrototypeOf(object)) {
    const admission = admissionOf(object);
    if (admission !== undefined) {
      return admission;
    }
  }
  return undefined;
}
