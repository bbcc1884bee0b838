package dev.wiresign.kotlin

import dev.wiresign.kotlin.ffi.Explanation as NativeExplanation

/** One cause that an explanation names. */
public typealias Hint = dev.wiresign.kotlin.ffi.Hint

/** How a verification went, and what probably went wrong. For operators, not for callers; as text it is for people. */
public class Explanation internal constructor(private val native: NativeExplanation) {
    /** OK, or the code of the refusal. */
    public val verdict: String get() = native.verdict

    /** The causes; those that a signature proves come first. */
    public val hints: List<Hint> get() = native.hints

    /** All of it as one JSON object. */
    public fun json(): String = native.json

    override fun toString(): String = native.text
}
