package io.jenkins.plugins.lambdanode.engine.steps;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * A journal of a shift that others can look at and decide of, from another thread, while the one that shifts goes on. A decision
 * is saved with the shift, so it is carried out also by a process that comes after this one.
 */
public final class SteeredShift implements ShiftJournal {

    private final ShiftJournal journal;
    private final Listener listener;
    private CompletableFuture<End> end = new CompletableFuture<>();

    /** Who waits for a shift. */
    public interface Listener {

        /** A shift was begun. */
        void begun();

        /** Somebody has decided: the next look is due now. */
        void decided();
    }

    /**
     * How a shift has ended.
     *
     * @param version the one with all traffic; empty where the alias is somebody else's, or could not be set back
     * @param outcome what has become of the alias
     */
    public record End(Optional<String> version, String outcome) {}

    /**
     * What was decided of a shift.
     *
     * @param shift with the decision that holds: the first that was made
     */
    public record Decided(Shift shift, CompletableFuture<End> end) {}

    public SteeredShift(ShiftJournal journal, Listener listener) {
        this.journal = journal;
        this.listener = listener;
    }

    /**
     * Decides, where nobody has before.
     *
     * @param to the version whose share grows: a shift to another is another
     * @return empty where no such shift is under way
     */
    public synchronized Optional<Decided> decide(String functionArn, String alias, String to, Decision decision)
            throws InterruptedException {
        Optional<Shift> shift = journal.pending()
                .filter(is -> is.functionArn().equals(functionArn)
                        && is.alias().equals(alias)
                        && is.to().equals(to));
        if (shift.isPresent() && shift.get().decision().isEmpty()) {
            journal.save(shift.get().decided(decision));
            listener.decided();
        }
        return shift.flatMap(is -> journal.pending()).map(is -> new Decided(is, end));
    }

    @Override
    public Optional<Shift> pending() {
        return journal.pending();
    }

    /** The one that shifts may not know yet what was decided meanwhile. */
    @Override
    public synchronized void save(Shift shift) throws InterruptedException {
        Optional<Shift> before = journal.pending();
        Optional<Decision> made = before.flatMap(Shift::decision);
        journal.save(made.isPresent() ? shift.decided(made.get()) : shift);
        if (before.isEmpty()) {
            listener.begun();
        }
    }

    @Override
    public synchronized void ended(Optional<String> version, String outcome) {
        journal.ended(version, outcome);
        end.complete(new End(version, outcome));
        end = new CompletableFuture<>();
    }
}
