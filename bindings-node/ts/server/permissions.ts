// Whether the permissions that the config gives to a service cover one that a handler asks for.

/** One `[METHOD ]/path/pattern`, in its parts. */
interface Permission {
  readonly method: string | undefined;
  readonly segments: readonly string[];
}

/**
 * Whether one of the patterns that a service has covers all of the pattern that is required. A service without the member
 * `permissions` may do everything, as in the config.
 */
export function covers(granted: readonly string[] | undefined, required: string): boolean {
  const wanted = parse(required);
  return granted === undefined || granted.some((pattern) => coversOne(parse(pattern), wanted));
}

/** Throws for what is no pattern: a handler that asks for something that nobody can have is a mistake. */
export function requirePattern(pattern: string): void {
  if (!/^([A-Z][A-Z-]* )?\/\S*$/.test(pattern)) {
    throw new TypeError(`wiresign: ${JSON.stringify(pattern)} is no permission; write it like "POST /invoices/**".`);
  }
}

function coversOne(granted: Permission, wanted: Permission): boolean {
  if (granted.method !== undefined && granted.method !== wanted.method) {
    return false;
  }
  const last = granted.segments.at(-1) === "**";
  const fixed = last ? granted.segments.slice(0, -1) : granted.segments;
  if (last ? wanted.segments.length < fixed.length : wanted.segments.length !== fixed.length) {
    return false;
  }
  return fixed.every((segment, at) => {
    const other = wanted.segments[at];
    return segment === other || (segment === "*" && other !== "**");
  });
}

function parse(pattern: string): Permission {
  const space = pattern.indexOf(" ");
  const method = space < 0 ? undefined : pattern.slice(0, space);
  return { method, segments: pattern.slice(space + 1).split("/") };
}
