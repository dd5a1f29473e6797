package io.jenkins.plugins.lambdanode.build;

import hudson.remoting.VirtualChannel;
import io.jenkins.plugins.lambdanode.engine.DeploymentLocks;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * The builds of this controller that deploy the same function take turns, in the order in which their packages are ready.
 * Functions are told apart by endpoint, region and name: two of the same name in two accounts take turns too. So do those that
 * install in the same folder of an agent and package from it, which are often branches of one build.
 */
final class BuildLocks implements DeploymentLocks {

    private static final Map<String, Line> LINES = new HashMap<>();

    private final String place;
    private final String build;
    private final Optional<VirtualChannel> agent;

    /**
     * @param place the endpoint and region that the functions are at
     * @param build who asks, for the log of those who wait
     */
    BuildLocks(String place, String build) {
        this(place, build, Optional.empty());
    }

    private BuildLocks(String place, String build, Optional<VirtualChannel> agent) {
        this.place = place;
        this.build = build;
        this.agent = agent;
    }

    /** The same for folders on an agent, in which deployments take turns too. */
    BuildLocks on(VirtualChannel channel) {
        return new BuildLocks(place, build, Optional.of(channel));
    }

    @Override
    public Lock await(List<FunctionName> functions, Progress progress) throws InterruptedException {
        // Always in the same order, so that two builds with the same functions can't wait for one another.
        Map<String, String> keys = functions.stream()
                .collect(Collectors.toMap(name -> place + " " + name.name(), FunctionName::name, (one, same) -> one));
        Held held = new Held();
        try {
            for (String key : keys.keySet().stream().sorted().toList()) {
                enter(key, "deploys " + keys.get(key), progress, held);
            }
        } catch (InterruptedException e) {
            held.close();
            throw e;
        }
        return held;
    }

    @Override
    public Lock awaitFolder(String folder, Progress progress) throws InterruptedException {
        Held held = new Held();
        if (agent.isPresent()) {
            // An agent that was lost and is back has another channel; what was at work there has ended.
            enter(
                    Integer.toHexString(System.identityHashCode(agent.get())) + " " + folder,
                    "works in " + folder,
                    progress,
                    held);
        }
        return held;
    }

    /** The lines that a build is at the head of. */
    private static final class Held implements Lock {
        private final Deque<Line> lines = new ArrayDeque<>();
        private boolean waited;

        @Override
        public boolean waited() {
            return waited;
        }

        @Override
        public void close() {
            lines.forEach(Line::leave);
        }
    }

    private void enter(String key, String work, Progress progress, Held held) throws InterruptedException {
        Line line;
        String ahead;
        synchronized (LINES) {
            line = LINES.computeIfAbsent(key, Line::new);
            ahead = line.last;
            line.last = build;
            line.builds++;
        }
        try {
            // Not tryAcquire() without a time: it would jump the queue.
            if (!line.free.tryAcquire(0, TimeUnit.SECONDS)) {
                progress.log("Waiting for " + (ahead.equals(build) ? "another deployment of this build" : ahead)
                        + ", which " + work + " too");
                line.free.acquire();
                held.waited = true;
            }
            held.lines.push(line);
        } catch (InterruptedException e) {
            line.forget();
            throw e;
        }
    }

    /** Who works on a function or in a folder, and who waits to. */
    private static final class Line {
        private final String key;
        private final Semaphore free = new Semaphore(1, true);
        private String last;
        private int builds;

        Line(String key) {
            this.key = key;
        }

        void leave() {
            free.release();
            forget();
        }

        void forget() {
            synchronized (LINES) {
                if (--builds == 0) {
                    LINES.remove(key);
                }
            }
        }
    }
}
