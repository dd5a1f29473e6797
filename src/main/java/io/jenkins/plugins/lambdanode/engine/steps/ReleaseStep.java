package io.jenkins.plugins.lambdanode.engine.steps;

import io.jenkins.plugins.lambdanode.engine.aws.lambda.AliasState;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionReleases;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.VersionPruning;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Deployed;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Outcome;
import io.jenkins.plugins.lambdanode.engine.report.Origin;
import io.jenkins.plugins.lambdanode.engine.report.Phase;
import io.jenkins.plugins.lambdanode.engine.report.Timings;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Publishes a function's code as a version, and moves the alias to it when that has been verified. */
public final class ReleaseStep {

    private final DeployRequest request;
    private final FunctionReleases releases;
    private final VersionPruning pruning;
    private final Origin origin;
    private final BuildHistory history;
    private final Timings timings;
    private final Progress progress;

    public ReleaseStep(
            DeployRequest request,
            FunctionReleases releases,
            VersionPruning pruning,
            Origin origin,
            BuildHistory history,
            Timings timings,
            Progress progress) {
        this.request = request;
        this.releases = releases;
        this.pruning = pruning;
        this.origin = origin;
        this.history = history;
        this.timings = timings;
        this.progress = progress;
    }

    /** Publishes a version, where that is asked for. */
    public Deployed publish(Target target, Deployed deployed, String codeSha256)
            throws IOException, InterruptedException {
        boolean wanted = request.publishes() || deployed.state().onManagedInstances();
        return wanted && !request.dryRun() && deployed.outcome() != Outcome.VALIDATED
                ? timings.time(Phase.RELEASE, () -> published(target, deployed, codeSha256))
                : deployed;
    }

    /**
     * Moves the alias to the published version, where there are both.
     *
     * @param shifted the alias where it has been moved with its traffic
     */
    public Deployed moveAlias(Target target, Deployed deployed, Optional<AliasState> shifted)
            throws IOException, InterruptedException {
        if (shifted.isPresent()) {
            return released(deployed, deployed.version().orElseThrow(), shifted.get());
        }
        return request.alias().isPresent() && deployed.version().isPresent()
                ? timings.time(
                        Phase.RELEASE,
                        () -> aliasMoved(
                                target,
                                deployed,
                                request.alias().get(),
                                deployed.version().get()))
                : deployed;
    }

    /**
     * Deletes old versions of a function that has a new one, where that is asked for.
     *
     * @return those that were deleted
     */
    public List<String> prune(Deployed function) throws IOException, InterruptedException {
        if (request.keepVersions().isEmpty()
                || request.dryRun()
                || !function.updated()
                || function.version().isEmpty()) {
            return List.of();
        }
        FunctionName name = FunctionName.parse(function.state().functionArn());
        Set<String> inUse = Stream.concat(function.version().stream(), function.previousVersion().stream())
                .collect(Collectors.toSet());
        return timings.time(
                Phase.RELEASE, () -> pruning.prune(name, request.keepVersions().getAsInt(), inUse));
    }

    private Deployed aliasMoved(Target target, Deployed deployed, String alias, String version)
            throws IOException, InterruptedException {
        FunctionName name = FunctionName.parse(deployed.state().functionArn());
        return released(deployed, version, moveAlias(target, name, alias, version, deployed));
    }

    private Deployed published(Target target, Deployed deployed, String codeSha256)
            throws IOException, InterruptedException {
        FunctionName name = FunctionName.parse(deployed.state().functionArn());
        if (!request.publishes()) {
            return latestPublished(name, deployed, codeSha256);
        }
        if (deployed.state().onManagedInstances()) {
            progress.log("Function " + deployed.state().functionName()
                    + " is on managed instances: callers without a version or"
                    + " an alias run $LATEST.PUBLISHED, which a numbered version does not change.");
        }
        // Only where nothing else says that the function has changed: it takes a request, or more where there are many
        // versions.
        Optional<String> newest = request.alias().isEmpty() && deployed.outcome() == Outcome.UNCHANGED
                ? history.versionBefore(target, () -> releases.newestVersion(name))
                : Optional.empty();
        String version = releases.publish(name, codeSha256, Optional.empty(), origin.description());
        progress.log("Version " + version + " of " + deployed.state().functionName() + " is this code");
        return released(
                deployed,
                Optional.of(version),
                Optional.empty(),
                newest.filter(before -> !before.equals(FunctionReleases.UNPUBLISHED)),
                newest.isPresent() && !newest.get().equals(version) ? Outcome.RELEASED : deployed.outcome(),
                deployed.earlier());
    }

    private Deployed latestPublished(FunctionName name, Deployed deployed, String codeSha256)
            throws IOException, InterruptedException {
        boolean published = releases.publishLatest(name, codeSha256);
        progress.log("$LATEST.PUBLISHED of " + deployed.state().functionName()
                + (published ? " now has this code" : " has this code already")
                + ": what callers of a function on managed instances run.");
        return published && deployed.outcome() == Outcome.UNCHANGED
                ? released(deployed, deployed.version(), Optional.empty(), Optional.empty(), Outcome.RELEASED, false)
                : deployed;
    }

    private AliasState moveAlias(Target target, FunctionName name, String alias, String version, Deployed deployed)
            throws IOException, InterruptedException {
        AliasState moved = releases.moveAlias(
                name,
                alias,
                version,
                request.force(),
                seen -> history.seesAlias(target, arn(deployed, alias), alias, seen, version, progress));
        progress.log("Alias " + alias
                + (moved.changed()
                        ? ": "
                                + moved.previousVersion()
                                        .map(before -> before + " -> ")
                                        .orElse("created at ") + version
                        : " points to version " + version + " already"));
        return moved;
    }

    private Deployed released(Deployed deployed, String version, AliasState alias)
            throws DeployException, InterruptedException {
        Optional<String> before = history.aliasBefore(arn(deployed, alias.name()), alias.previousVersion());
        boolean moved = alias.changed() || !before.equals(Optional.of(version));
        return released(
                deployed,
                Optional.of(version),
                Optional.of(alias),
                before,
                moved && deployed.outcome() == Outcome.UNCHANGED ? Outcome.RELEASED : deployed.outcome(),
                !alias.changed() && (moved || deployed.earlier()));
    }

    private static Deployed released(
            Deployed deployed,
            Optional<String> version,
            Optional<AliasState> alias,
            Optional<String> before,
            Outcome outcome,
            boolean earlier) {
        return new Deployed(
                deployed.state(),
                outcome,
                version,
                alias,
                deployed.staged(),
                before,
                deployed.previousCodeSha256(),
                deployed.smokeTests(),
                earlier);
    }

    private static String arn(Deployed deployed, String alias) {
        return deployed.state().functionArn() + ":" + alias;
    }
}
