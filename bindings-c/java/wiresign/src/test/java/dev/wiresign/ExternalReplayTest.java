package dev.wiresign;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Requests that a store outside this process remembers. */
class ExternalReplayTest {
    private static final byte[] BODY = {1, 2, 3};

    private final Signer signer = Fleet.billing();
    private final Verifier verifier = new Verifier(Fleet.config("orders", "\"replay\": {\"store\": \"external\"}, "));

    @Test
    void theStoreHasTheLastWord() {
        Verified caller = verifier.verify(Fleet.signed(signer, BODY));
        assertTrue(caller.replaySeconds().orElseThrow() >= 300);
        assertTrue(caller.replayKey().orElseThrow().startsWith("n:"));
        assertEquals(java.util.List.of("service-hmac-v2"), caller.schemes());
        verifier.settleReplay(caller, ReplayOutcome.FIRST);
        assertEquals(RefusalCode.REPLAYED_REQUEST,
                assertThrows(Refusal.class, () -> verifier.settleReplay(caller, ReplayOutcome.REPEATED)).code());
        assertEquals(RefusalCode.REPLAY_STORE_UNAVAILABLE,
                assertThrows(Refusal.class, () -> verifier.settleReplay(caller, ReplayOutcome.UNAVAILABLE)).code());
    }

    @Test
    void nothingIsSettledWhereTheProcessItselfRemembers() {
        try (Verifier other = new Verifier(Fleet.orders())) {
            Verified caller = other.verify(Fleet.signed(signer, BODY));
            assertTrue(caller.replaySeconds().isEmpty());
            other.settleReplay(caller, ReplayOutcome.REPEATED);
        }
    }

    @Test
    void aBodyInPiecesIsSettledToo() {
        try (BodyVerification verification = verifier.begin(Fleet.signed(signer, BODY))) {
            verification.update(BODY);
            Verified caller = verification.finish();
            verifier.settleReplay(caller, ReplayOutcome.FIRST);
            assertEquals("billing", caller.service().orElseThrow());
        }
    }
}
