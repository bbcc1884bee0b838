package dev.wiresign.kotlin.ktor.server

/** Counts the time that a verification takes, but not that in which it waits for somebody else. */
internal class Stopwatch {
    private val started = System.nanoTime()
    var waited = 0L

    val spentMicros: Long get() = (System.nanoTime() - started - waited) / 1000

    inline fun <R> waiting(work: () -> R): R {
        val since = System.nanoTime()
        try {
            return work()
        } finally {
            waited += System.nanoTime() - since
        }
    }
}
