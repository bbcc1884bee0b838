import { native } from "./native.js";

/** How 32 random bytes are written: 64 hexadecimal digits, or 44 characters of base64. */
export type SecretEncoding = "hex" | "base64";

/** A fresh secret of 32 random bytes. */
export function generateSecret(encoding: SecretEncoding = "hex"): string {
  // Callers without types pass whatever they have.
  if (!["hex", "base64"].includes(encoding)) {
    throw new TypeError('The encoding of a secret is "hex" or "base64".');
  }
  return native.generateSecret(encoding);
}
