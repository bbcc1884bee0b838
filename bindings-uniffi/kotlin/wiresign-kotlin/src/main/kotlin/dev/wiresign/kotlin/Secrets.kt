package dev.wiresign.kotlin

/** How a secret is written. */
public typealias SecretEncoding = dev.wiresign.kotlin.ffi.SecretEncoding

/** A fresh secret of 32 random bytes. */
public fun generateSecret(encoding: SecretEncoding = SecretEncoding.HEX): String =
    calling { dev.wiresign.kotlin.ffi.generateSecret(encoding) }
