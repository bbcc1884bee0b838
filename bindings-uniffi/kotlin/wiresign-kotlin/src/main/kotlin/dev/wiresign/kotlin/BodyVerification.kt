package dev.wiresign.kotlin

import dev.wiresign.kotlin.ffi.BodyVerification as NativeBodyVerification

/** A verification that waits for the rest of the body. Not to be shared between threads; used up by [finish]. */
public class BodyVerification internal constructor(private val native: NativeBodyVerification) : AutoCloseable {
    /** False on a public route, whose body nobody looks at. */
    public val needsBody: Boolean get() = native.needsBody()

    /** Takes the length that the head declares; throws a [Refusal] where that is too long, before anything is read. */
    public fun declareLength(declared: Long) {
        require(declared >= 0) { "a length is not negative" }
        calling { native.declareLength(declared.toULong()) }
    }

    /** Takes the next bytes of the body; throws a [Refusal] as soon as the body is too long. */
    public fun update(bytes: ByteArray): Unit = calling { native.update(bytes) }

    /** Ends the body and gives the verdict. */
    public fun finish(): Verified = calling { Verified(native.finish()) }

    /** Gives up what was not finished. */
    override fun close(): Unit = native.close()
}
