/** There is no token. */
export class TokenError extends Error {
  override readonly name = "TokenError";
  /** Where it was asked for. */
  readonly url: string;
  /** The status of the answer; `null` where there was none. */
  readonly status: number | null;
  /** The error code of the answer, such as `invalid_scope`; `null` where it has none. */
  readonly error: string | null;

  constructor(
    url: string,
    sentence: string,
    more: { readonly status?: number; readonly error?: string | undefined; readonly cause?: unknown } = {},
  ) {
    super(`No token from ${url}: ${sentence}`, "cause" in more ? { cause: more.cause } : undefined);
    this.url = url;
    this.status = more.status ?? null;
    this.error = more.error ?? null;
  }
}
