package dev.wiresign.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** Gathers the bytes of a body, and no more of it than a limit. */
final class CappedBody implements BodySubscriber<byte[]> {
    private final CompletableFuture<byte[]> body = new CompletableFuture<>();
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final int limit;
    private final String tooLong;
    private Flow.Subscription subscription;

    /**
     * @param limit the longest body in bytes
     * @param tooLong what is said of a longer one
     */
    CappedBody(int limit, String tooLong) {
        this.limit = limit;
        this.tooLong = tooLong;
    }

    /**
     * Sends a request, and takes the whole answer, whatever its status, within a time; whatever takes longer is ended.
     *
     * @param client what sends, and follows no redirects
     * @param limit the longest answer in bytes
     * @param read makes of the answer what is wanted of it, or throws
     */
    static <T> CompletableFuture<T> exchange(
            HttpClient client, HttpRequest request, int limit, Duration timeout, Function<HttpResponse<byte[]>, T> read) {
        CompletableFuture<HttpResponse<byte[]>> begun = client.sendAsync(
                request, answer -> new CappedBody(limit, "the answer is longer than " + limit + " bytes"));
        CompletableFuture<T> wanted = begun.thenApply(read).orTimeout(timeout.toNanos(), TimeUnit.NANOSECONDS);
        // Ends the exchange where it was the time that ended, or nobody waits any more.
        wanted.whenComplete((result, failure) -> begun.cancel(true));
        return wanted;
    }

    /** The client, where it follows no redirects. `why` says what would be wrong with it. */
    static HttpClient withoutRedirects(HttpClient client, String why) {
        if (client.followRedirects() != HttpClient.Redirect.NEVER) {
            throw new IllegalArgumentException("the HttpClient follows redirects, and would " + why + ": build it with followRedirects(NEVER)");
        }
        return client;
    }

    @Override
    public CompletionStage<byte[]> getBody() {
        return body;
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
        subscription = given;
        given.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(List<ByteBuffer> pieces) {
        pieces.forEach(this::take);
    }

    @Override
    public void onError(Throwable failure) {
        body.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
        body.complete(bytes.toByteArray());
    }

    private void take(ByteBuffer piece) {
        // Counted as it arrives: what a head declares is only a word.
        if (bytes.size() > limit - piece.remaining()) {
            subscription.cancel();
            body.completeExceptionally(new IOException(tooLong));
            return;
        }
        byte[] copy = new byte[piece.remaining()];
        piece.get(copy);
        bytes.writeBytes(copy);
    }

    /** The same for what a publisher of a request gives, which comes piece by piece. */
    Flow.Subscriber<ByteBuffer> byPiece() {
        return new Flow.Subscriber<>() {
            @Override
            public void onSubscribe(Flow.Subscription given) {
                CappedBody.this.onSubscribe(given);
            }

            @Override
            public void onNext(ByteBuffer piece) {
                take(piece);
            }

            @Override
            public void onError(Throwable failure) {
                CappedBody.this.onError(failure);
            }

            @Override
            public void onComplete() {
                CappedBody.this.onComplete();
            }
        };
    }
}
