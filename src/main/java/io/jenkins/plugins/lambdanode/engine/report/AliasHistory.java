package io.jenkins.plugins.lambdanode.engine.report;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What an alias had before, by the records of its moves. A release puts a version on top of those before it; a rollback takes
 * off what is above its target. So a second rollback goes to what was before the first one's target, not forth again.
 */
public final class AliasHistory {

    private final Deque<String> versions = new ArrayDeque<>();
    private final Map<String, AliasMove> latest = new HashMap<>();

    /** @param moves oldest first; those that were not recorded, for instance by hand, are seen in what the next one found */
    public AliasHistory(List<AliasMove> moves) {
        for (AliasMove move : moves) {
            move.before().ifPresent(this::release);
            if (!move.rollback()) {
                release(move.version());
            } else if (!goBack(move.version())) {
                versions.pollFirst();
                release(move.version());
            }
            latest.put(move.version(), move);
        }
    }

    private void release(String version) {
        if (!version.equals(versions.peekFirst())) {
            versions.addFirst(version);
        }
    }

    private boolean goBack(String version) {
        if (!versions.contains(version)) {
            return false;
        }
        while (!version.equals(versions.peekFirst())) {
            versions.removeFirst();
        }
        return true;
    }

    /** The version that the last move left the alias at; empty where no move is known. */
    public Optional<String> last() {
        return Optional.ofNullable(versions.peekFirst());
    }

    /**
     * The version that the alias had before the one that it has. Where it was moved by hand to one that it had before, that
     * counts as a rollback; to one that no record knows, as a release.
     *
     * @param now the version that the alias points to
     */
    public Optional<String> before(String now) {
        Deque<String> rest = new ArrayDeque<>(versions);
        if (rest.contains(now)) {
            while (!now.equals(rest.removeFirst())) {
                // Was above it.
            }
        }
        return Optional.ofNullable(rest.peekFirst());
    }

    /** The latest move to a version; empty where none is recorded. */
    public Optional<AliasMove> latestTo(String version) {
        return Optional.ofNullable(latest.get(version));
    }
}
