package dev.wiresign;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The parts of a request as the functions with one argument for each take them: on the heap for critical calls, else in
 * native memory.
 */
final class FlatSegments {
    final MemorySegment method;
    final MemorySegment target;
    /** NULL where there is none. */
    final MemorySegment authority;
    final MemorySegment headers;
    final MemorySegment headerLengths;
    final long headerCount;

    private FlatSegments(Request.Flat flat, MemorySegment block, MemorySegment lengths) {
        method = block.asSlice(flat.start(0), flat.length(0));
        target = block.asSlice(flat.start(1), flat.length(1));
        authority = flat.hasAuthority() ? block.asSlice(flat.start(2), flat.length(2)) : MemorySegment.NULL;
        headers = block.asSlice(flat.start(Request.LINE_TEXTS));
        headerLengths = lengths.asSlice(4L * Request.LINE_TEXTS);
        headerCount = flat.fields();
    }

    static FlatSegments onHeap(Request.Flat flat) {
        return new FlatSegments(flat, MemorySegment.ofArray(flat.block()), MemorySegment.ofArray(flat.lengths()));
    }

    static FlatSegments in(Arena arena, Request.Flat flat) {
        return new FlatSegments(
                flat,
                arena.allocateFrom(ValueLayout.JAVA_BYTE, flat.block()),
                arena.allocateFrom(ValueLayout.JAVA_INT, flat.lengths()));
    }
}
