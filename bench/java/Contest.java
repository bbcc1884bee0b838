import java.util.Arrays;
import java.util.List;

/** Lets contestants take turns, and keeps the best time of each. Each round begins with another one. */
final class Contest {
    private Contest() {}

    /** One piece of work on one request. */
    interface Contestant {
        /** False where the work has failed. */
        boolean work(Sent request) throws Exception;
    }

    /** Runs one contestant, and gives the nanoseconds of one piece of its work. */
    interface Stopwatch {
        double time(Contestant contestant) throws Exception;
    }

    static double[] best(List<Contestant> contestants, int rounds, Stopwatch watch) throws Exception {
        double[] best = new double[contestants.size()];
        Arrays.fill(best, Double.MAX_VALUE);
        for (int round = 0; round < rounds; round++) {
            for (int turn = 0; turn < best.length; turn++) {
                int which = (round + turn) % best.length;
                best[which] = Math.min(best[which], watch.time(contestants.get(which)));
            }
        }
        return best;
    }

    static double time(Contestant contestant, List<Sent> batch) throws Exception {
        long start = System.nanoTime();
        boolean all = true;
        for (Sent request : batch) {
            all &= contestant.work(request);
        }
        double nanos = (double) (System.nanoTime() - start) / batch.size();
        if (!all) {
            throw new IllegalStateException("a request was refused");
        }
        return nanos;
    }
}
