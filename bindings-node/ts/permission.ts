// What a handler may ask of its callers.

/** Throws for what is no pattern: a handler that asks for something that nobody can have is a mistake. */
export function requirePattern(pattern: string): void {
  if (typeof pattern !== "string" || !/^([A-Z][A-Z-]* )?\/\S*$/.test(pattern)) {
    throw new TypeError(`wiresign: ${JSON.stringify(pattern)} is no permission; write it like "POST /invoices/**".`);
  }
}
