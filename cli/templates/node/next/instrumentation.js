// Loads the package before the first request: it keeps the target of each request as received, which Next writes anew.
export async function register() {
  if (process.env.NEXT_RUNTIME === "nodejs") {
    await import("wiresign/next");
  }
}
