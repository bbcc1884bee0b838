// Which requests were let in. A WeakMap that has grown old takes in a young key slowly, and is gone through whenever young
// garbage is collected: for a request that takes about as long as to verify it. A private member costs little, but not on a
// request of Express, each of which has a hidden class of its own. So the list of its header fields bears the mark: each request
// has one for all of its life, also where somebody gives it another stream, as Next.js does; and all of those look alike.

import type { Admission } from "./gate.js";
import { look } from "./look.js";

/** Gives back what it gets, so that private members of a class derived from it are put on that. */
// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- only a class can be derived from
class Given {
  constructor(object: object) {
    return object;
  }
}

/** A mark that nobody else can see or make. */
class Mark extends Given {
  /** Objects that inherit from a request have its bearer too, and were not let in. */
  readonly #request: object;
  #admission: Admission;

  constructor(bearer: object, request: object, admission: Admission) {
    super(bearer);
    this.#request = request;
    this.#admission = admission;
  }

  static on(bearer: object, request: object): Admission | undefined {
    return #request in bearer && bearer.#request === request ? bearer.#admission : undefined;
  }

  /** False where the bearer has the mark of another object. */
  static put(bearer: object, request: object, admission: Admission): boolean {
    if (!(#request in bearer)) {
      new Mark(bearer, request, admission);
      return true;
    }
    if (bearer.#request !== request) {
      return false;
    }
    bearer.#admission = admission;
    return true;
  }
}

/** For what has no bearer, or one that bears the mark of another object. */
const others = new WeakMap<object, Admission>();

/** What is known of a request that some gate has let in. */
export function admissionOf(request: object): Admission | undefined {
  const bearer = bearerOf(request);
  return (bearer === undefined ? undefined : Mark.on(bearer, request)) ?? others.get(request);
}

/** Remembers that a request was let in, for as long as it lives. */
export function remember(request: object, admission: Admission): void {
  const bearer = bearerOf(request);
  if (bearer === undefined || !Mark.put(bearer, request, admission)) {
    others.set(request, admission);
  }
}

/** The header fields as they came. */
function bearerOf(request: object): object | undefined {
  const fields: unknown = look(request as { readonly rawHeaders?: unknown }, "rawHeaders");
  return typeof fields === "object" && fields !== null ? fields : undefined;
}
