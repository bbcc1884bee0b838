package dev.wiresign.kotlin.ktor.server

import dev.wiresign.kotlin.BodyVerification
import io.ktor.http.HttpHeaders
import io.ktor.server.application.ApplicationCall
import io.ktor.utils.io.ByteReadChannel
import io.ktor.utils.io.readAvailable
import java.io.ByteArrayOutputStream

private const val PIECE = 16 * 1024

/** A request with a longer body is no handshake of any webhook. */
private const val HANDSHAKE_BYTES = 16 * 1024

/** Reads the body of a request piece by piece. */
internal class ReceivedBody(private val call: ApplicationCall, private val clock: Stopwatch) {
    private val read = ByteArrayOutputStream()
    private val lengths = call.request.headers.getAll(HttpHeaders.ContentLength).orEmpty()
    private val declared = lengths.singleOrNull()?.toLongOrNull()

    /** Whether bytes of it were taken, which nobody else can read any more. */
    var isBegun: Boolean = false
        private set

    /** Opened once only: an engine may give another channel to whoever asks again. */
    private val channel: ByteReadChannel by lazy(LazyThreadSafetyMode.NONE) { call.request.receiveChannel() }

    /** False where the head says that there is none. Of HTTP/2 no head says so. */
    val mayBeThere: Boolean =
        call.request.headers[HttpHeaders.TransferEncoding] != null ||
            lengths.any { it != "0" } ||
            lengths.isEmpty() && !call.request.local.version.startsWith("HTTP/1")

    /** All bytes, each of which the verification has seen. Its refusal ends the reading as soon as the body is too long. */
    suspend fun all(verification: BodyVerification): ByteArray {
        declared?.let(verification::declareLength)
        if (read.size() > 0) {
            verification.update(read.toByteArray())
        }
        forEachPiece { piece ->
            verification.update(piece)
            read.writeBytes(piece)
            true
        }
        return read.toByteArray()
    }

    /** All bytes before anything is verified, where they are few enough for a handshake. [all] begins with them again. */
    suspend fun ahead(): ByteArray? {
        if (!mayBeThere) {
            return ByteArray(0)
        }
        if (declared != null && declared > HANDSHAKE_BYTES) {
            return null
        }
        forEachPiece { piece ->
            read.writeBytes(piece)
            read.size() <= HANDSHAKE_BYTES
        }
        return read.toByteArray().takeIf { it.size <= HANDSHAKE_BYTES }
    }

    private suspend inline fun forEachPiece(work: (ByteArray) -> Boolean) {
        isBegun = true
        val buffer = ByteArray(PIECE)
        while (true) {
            val count = clock.waiting { channel.readAvailable(buffer) }
            if (count < 0 || count > 0 && !work(buffer.copyOf(count))) {
                return
            }
        }
    }
}
