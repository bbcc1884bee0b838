package dev.wiresign.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;

/** Takes the text of an answer with status 200, and no more of it than a limit. */
final class CappedBody implements BodySubscriber<String> {
    private static final int OK = 200;

    private final CompletableFuture<String> text = new CompletableFuture<>();
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final int status;
    private final int limit;
    private Flow.Subscription subscription;

    private CappedBody(int status, int limit) {
        this.status = status;
        this.limit = limit;
    }

    static BodyHandler<String> of(int limit) {
        return answer -> new CappedBody(answer.statusCode(), limit);
    }

    @Override
    public CompletionStage<String> getBody() {
        return text;
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
        subscription = given;
        if (status == OK) {
            given.request(Long.MAX_VALUE);
        } else {
            end("the answer has the status " + status + ", and only " + OK + " carries keys");
        }
    }

    @Override
    public void onNext(List<ByteBuffer> pieces) {
        for (ByteBuffer piece : pieces) {
            // Counted as it arrives: what a head declares is only a word.
            if (bytes.size() > limit - piece.remaining()) {
                end("the set is longer than " + limit + " bytes");
                return;
            }
            byte[] copy = new byte[piece.remaining()];
            piece.get(copy);
            bytes.writeBytes(copy);
        }
    }

    @Override
    public void onError(Throwable failure) {
        text.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
        try {
            text.complete(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes.toByteArray())).toString());
        } catch (CharacterCodingException malformed) {
            text.completeExceptionally(new IOException("the set is not UTF-8", malformed));
        }
    }

    private void end(String why) {
        subscription.cancel();
        text.completeExceptionally(new IOException(why));
    }
}
