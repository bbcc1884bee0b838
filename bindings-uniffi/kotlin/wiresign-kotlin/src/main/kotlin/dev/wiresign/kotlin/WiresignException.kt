package dev.wiresign.kotlin

import dev.wiresign.kotlin.ffi.Failure
import dev.wiresign.kotlin.ffi.InternalException

/** Everything that Wiresign throws about a request, a config document or a signature. */
public sealed class WiresignException(message: String, keepsItsStack: Boolean) :
    RuntimeException(message, null, false, keepsItsStack)

/** A config document, or a set of published keys, that cannot be used: all of its problems at once. */
public class ConfigException internal constructor(
    /** Every problem, in the order of the document. */
    public val problems: List<Problem>,
) : WiresignException(problems.joinToString("\n") { "${it.pointer}: ${it.message}" }, keepsItsStack = true)

/** Something that cannot be signed. */
public class SigningException public constructor(
    /** A sentence that says what is missing. */
    override val message: String,
) : WiresignException(message, keepsItsStack = true) {
    /** Always [FailureCode.SIGNING_FAILED]. */
    public val code: FailureCode get() = FailureCode.SIGNING_FAILED
}

/** Calls the library, and throws what Kotlin calls its failures. */
internal inline fun <R> calling(work: () -> R): R =
    try {
        work()
    } catch (failure: Failure) {
        throw failure.inKotlin()
    } catch (defect: InternalException) {
        throw IllegalStateException("${FailureCode.INTERNAL.name}: ${defect.message}", defect)
    }

internal fun Failure.inKotlin(): RuntimeException =
    when (this) {
        is Failure.Refused -> Refusal(refusal)
        is Failure.Config -> ConfigException(problems)
        is Failure.Signing -> SigningException(sentence)
        is Failure.Argument -> IllegalArgumentException(sentence)
        is Failure.Spent -> IllegalStateException("this BodyVerification has given its verdict, or another thread is using it")
        is Failure.System -> IllegalStateException(sentence)
    }
