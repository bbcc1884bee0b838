package dev.wiresign.kotlin

import dev.wiresign.kotlin.ffi.UniffiWithHandle
import java.lang.ref.Reference
import dev.wiresign.kotlin.ffi.Config as NativeConfig

// UniFFI looks after the object that is called, but not after one that is given as an argument: that may be closed, or be freed by
// the garbage collector, just as it is taken.

/** Lends a config to one call, which owns it as long as it lasts; throws an [IllegalStateException] where it is closed. */
internal inline fun <R> Config.lend(work: (NativeConfig) -> R): R =
    native.callWithHandle { handle -> NativeConfig(UniffiWithHandle, handle).use(work) }

/** Keeps what nobody can close from the garbage collector until the call is over. */
internal inline fun <R> keeping(argument: Any, work: () -> R): R =
    try {
        work()
    } finally {
        Reference.reachabilityFence(argument)
    }
