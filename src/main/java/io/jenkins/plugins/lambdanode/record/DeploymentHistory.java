package io.jenkins.plugins.lambdanode.record;

import hudson.model.Job;
import hudson.model.Run;
import io.jenkins.plugins.lambdanode.access.SavedAccess;
import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/**
 * The last deployments of a job, in a file of its folder: what is live is known also where the build that deployed it has been
 * deleted, and no build is loaded to show it.
 */
@Restricted(NoExternalUse.class)
public final class DeploymentHistory {

    /** How many deployments of a function and alias are kept, and of how many of these. */
    static final int KEPT_DEPLOYMENTS = 10;

    static final int KEPT_FUNCTIONS = 200;

    private static final int KEPT_CHANGES = 10;

    private DeploymentHistory() {}

    /** Whether the job has deployed anything. */
    public static boolean exists(Job<?, ?> job) {
        return file(job).exists();
    }

    /** What the job's functions and aliases have, and had: by name, then alias. */
    public static List<LiveFunction> functions(Job<?, ?> job) {
        Map<String, List<RecordedDeployment>> byPlace = new TreeMap<>();
        List<RecordedDeployment> latestFirst = file(job).read();
        Collections.reverse(latestFirst);
        latestFirst.forEach(deployment -> byPlace.computeIfAbsent(place(deployment), key -> new ArrayList<>())
                .add(deployment));
        return byPlace.values().stream().map(LiveFunction::new).toList();
    }

    /**
     * Remembers what a build has deployed, without dry runs.
     *
     * @param access with what; empty where that ends with the build
     */
    static void add(Run<?, ?> run, List<DeployedFunction> deployed, Optional<SavedAccess> access) throws IOException {
        List<RecordedDeployment> added = deployed.stream()
                .filter(function -> !function.isDryRun())
                .map(function -> new RecordedDeployment(function, run, access))
                .toList();
        if (added.isEmpty()) {
            return;
        }
        Job<?, ?> job = run.getParent();
        synchronized (job) {
            XmlList<RecordedDeployment> file = file(job);
            List<RecordedDeployment> all = file.read();
            Map<Integer, List<SourceChange>> changes = new TreeMap<>();
            for (RecordedDeployment deployment : added) {
                Optional<RecordedDeployment> last = last(all, deployment);
                if (last.filter(before -> isStillLive(before, deployment)).isPresent()) {
                    last.get().renew(deployment);
                    continue;
                }
                if (deployment.isRolledBack()) {
                    ofPlace(all, deployment)
                            .filter(deployment::hasCodeOf)
                            .findFirst()
                            .ifPresent(deployment::takeFrom);
                    all.add(deployment);
                    continue;
                }
                lastBuild(all, deployment).ifPresent(number -> {
                    List<SourceChange> since =
                            changes.computeIfAbsent(number, before -> SourceChange.since(before, run));
                    int kept = Math.min(KEPT_CHANGES, since.size());
                    deployment.changed(since.subList(0, kept), since.size() - kept);
                });
                all.add(deployment);
            }
            deployed.forEach(function -> all.forEach(deployment -> deployment.deletedBy(function)));
            file.write(kept(all));
        }
    }

    /** Who deploys what is there already has not put it there. */
    private static boolean isStillLive(RecordedDeployment last, RecordedDeployment deployment) {
        return last.hasCodeOf(deployment) && (deployment.isUnchanged() || last.getBuild() == deployment.getBuild());
    }

    private static Stream<RecordedDeployment> ofPlace(List<RecordedDeployment> all, RecordedDeployment deployment) {
        return all.stream().filter(other -> other.isOf(deployment.functionArn, deployment.alias));
    }

    private static Optional<RecordedDeployment> last(List<RecordedDeployment> all, RecordedDeployment deployment) {
        return ofPlace(all, deployment).reduce((one, later) -> later);
    }

    private static Optional<Integer> lastBuild(List<RecordedDeployment> all, RecordedDeployment deployment) {
        return ofPlace(all, deployment)
                .map(RecordedDeployment::getBuild)
                .filter(number -> number > 0)
                .reduce((one, later) -> later);
    }

    private static String place(RecordedDeployment deployment) {
        return deployment.functionName + " " + deployment.functionArn + " "
                + (deployment.alias == null ? "" : deployment.alias);
    }

    /** The latest at the end. */
    private static XmlList<RecordedDeployment> file(Job<?, ?> job) {
        return new XmlList<>(
                new File(job.getRootDir(), "lambda-deployments.xml"),
                RecordedDeployment.class,
                RecordedDeployment::isComplete);
    }

    /** The latest of each place, of the places that were deployed to last. */
    private static List<RecordedDeployment> kept(List<RecordedDeployment> all) {
        Map<String, Integer> places = new TreeMap<>();
        List<RecordedDeployment> kept = new ArrayList<>();
        for (int at = all.size() - 1; at >= 0; at--) {
            String place = place(all.get(at));
            int seen = places.getOrDefault(place, 0);
            if (seen < KEPT_DEPLOYMENTS && (seen > 0 || places.size() < KEPT_FUNCTIONS)) {
                places.put(place, seen + 1);
                kept.add(all.get(at));
            }
        }
        Collections.reverse(kept);
        return kept;
    }
}
