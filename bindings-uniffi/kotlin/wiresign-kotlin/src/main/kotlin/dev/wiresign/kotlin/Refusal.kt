package dev.wiresign.kotlin

import dev.wiresign.kotlin.ffi.Refusal as NativeRefusal

/** Why a request is not accepted. It has no stack trace: a forged request must be cheap to refuse. */
public class Refusal internal constructor(private val native: NativeRefusal) :
    WiresignException(native.message, keepsItsStack = false) {
        /** The stable code. */
        public val code: RefusalCode get() = RefusalCode.valueOf(native.code)

        /** The HTTP status of the code. */
        public val status: Int get() = native.status.toInt()

        /** One sentence that is safe to show. */
        override val message: String get() = native.message

        /** More, for the operator's log only. */
        public val detail: String get() = native.detail

        /** The known service that was claimed, not proven. */
        public val service: String? get() = native.service

        /** The request id, where it has the form of one. */
        public val requestId: String? get() = native.requestId

        /** The answer to send, which honours `reveal`. */
        public fun response(): RefusalResponse =
            with(native.response) { RefusalResponse(status.toInt(), RefusalCode.valueOf(code), wwwAuthenticate, body) }

        override fun toString(): String = "Refusal: ${native.code}: ${native.message}"
    }

/** What every adapter answers with, byte for byte, as application/json. */
public class RefusalResponse internal constructor(
    /** The HTTP status. */
    public val status: Int,
    /** The code that is shown, which `reveal` may have made uniform. */
    public val code: RefusalCode,
    /** The WWW-Authenticate header, with status 401. */
    public val wwwAuthenticate: String?,
    /** The JSON text: error, code, requestId. */
    public val body: String,
)
