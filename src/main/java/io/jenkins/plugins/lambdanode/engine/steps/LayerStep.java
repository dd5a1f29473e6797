package io.jenkins.plugins.lambdanode.engine.steps;

import io.jenkins.plugins.lambdanode.engine.aws.lambda.CodeSource;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.DependencyLayer;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.LayerState;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.pack.api.Inventory;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Deployed;
import io.jenkins.plugins.lambdanode.engine.report.Phase;
import io.jenkins.plugins.lambdanode.engine.report.Timings;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import io.jenkins.plugins.lambdanode.engine.request.LayerSettings;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/** Finds the layer version that has the dependencies, or publishes one; removes old ones. */
public final class LayerStep {

    private final DeployRequest request;
    private final Optional<DependencyLayer> layer;
    private final StageStep staging;
    private final PackageStep packaging;
    private final Timings timings;
    private final Progress progress;
    private final FunctionLayers layers;
    private Optional<String> key = Optional.empty();
    private Optional<LayerState> known = Optional.empty();

    public LayerStep(
            DeployRequest request,
            Optional<DependencyLayer> layer,
            StageStep staging,
            PackageStep packaging,
            Timings timings,
            Progress progress) {
        this.request = request;
        this.layer = layer;
        this.staging = staging;
        this.packaging = packaging;
        this.timings = timings;
        this.progress = progress;
        this.layers = new FunctionLayers(request);
    }

    /**
     * Whether a version of the layer has what an install would bring, by the lock file and all else that decides it: then neither
     * the install nor the packaging of the dependencies is needed.
     */
    public boolean isKnown(InstallStep install, List<Target> targets) throws IOException, InterruptedException {
        if (layer.isPresent()) {
            key = timings.time(
                    Phase.INSTALL,
                    () -> install.dependencyKey(
                            request.install(),
                            packaging.described(targets),
                            request.pack().toString()));
        }
        if (key.isPresent()) {
            known = timings.time(Phase.LAYER, () -> layer.get().findMadeFrom(key.get(), inUse(targets)));
        }
        known.ifPresent(there -> progress.log("Layer " + there.name() + " has what the lock file asks for (version "
                + there.version() + "): nothing is installed (install: 'ci' always installs)."));
        return known.isPresent();
    }

    /** Takes a layer version that is there, with the dependencies of a package that is promoted. */
    public void use(LayerState there) {
        known = Optional.of(there);
    }

    /** @return empty where no layer is wanted or there are no dependencies, or in a dry run no version of the layer has them */
    public Optional<LayerState> run(List<Target> targets, PackReport packaged)
            throws IOException, InterruptedException {
        return layer.isPresent()
                ? timings.time(Phase.LAYER, () -> provide(layer.get(), targets, packaged))
                : Optional.empty();
    }

    private Optional<LayerState> provide(DependencyLayer layer, List<Target> targets, PackReport packaged)
            throws IOException, InterruptedException {
        if (known.isPresent() || packaged.layer().isEmpty()) {
            return known;
        }
        PackReport modules = packaged.layer().get();
        Optional<LayerState> present = layer.find(modules, inUse(targets));
        if (present.isPresent()) {
            progress.log("Layer " + present.get().name() + " has these dependencies already (version "
                    + present.get().version() + "): nothing to upload.");
            return present;
        }
        if (request.dryRun()) {
            progress.log("Dry run: the dependencies would be published as a version of a layer.");
            return Optional.empty();
        }
        return Optional.of(publish(layer, targets, modules, holdsLocalPackages(packaged) ? Optional.empty() : key));
    }

    private Set<String> inUse(List<Target> targets) {
        return targets.stream()
                .flatMap(target -> target.state().stream())
                .flatMap(state -> state.layerArns().stream().filter(arn -> layers.isOurs(state, arn)))
                .collect(Collectors.toSet());
    }

    /** No lock file pins folders of the repository, nor what is not known. */
    private static boolean holdsLocalPackages(PackReport packaged) {
        return packaged.inventory().gap() == Inventory.Gap.TOO_MANY
                || packaged.inventory().components().stream()
                        .anyMatch(found -> found.local()
                                && found.integrity().isEmpty()
                                && !found.layerPaths().isEmpty());
    }

    private LayerState publish(
            DependencyLayer layer, List<Target> targets, PackReport modules, Optional<String> madeFrom)
            throws IOException, InterruptedException {
        String name = request.layerName().orElseThrow();
        progress.log("Publishing the dependencies as a version of layer " + name);
        CodeSource source = source(modules);
        List<TargetFunction> functions = packaging.described(targets);
        return layer.publish(
                source,
                modules,
                madeFrom,
                functions.stream()
                        .map(TargetFunction::runtime)
                        .filter(text -> !text.isEmpty())
                        .distinct()
                        .toList(),
                functions.stream().map(TargetFunction::architecture).distinct().toList());
    }

    private CodeSource source(PackReport modules) throws IOException, InterruptedException {
        if (request.stages(modules.zippedBytes())) {
            return new CodeSource.Staged(staging.stage(modules, Phase.LAYER));
        }
        timings.bytes(Phase.LAYER, modules.zippedBytes());
        return new CodeSource.Direct(modules);
    }

    /** Removes old versions, once the functions have the new one. */
    public void prune(List<Deployed> deployed, DesiredCode desired) throws IOException, InterruptedException {
        OptionalInt keep =
                request.dependencyLayer().map(LayerSettings::keepVersions).orElse(OptionalInt.empty());
        if (layer.isPresent() && keep.isPresent() && desired.layer().isPresent() && !request.dryRun()) {
            Set<String> inUse = deployed.stream()
                    .flatMap(function -> function.state().layerArns().stream())
                    .collect(Collectors.toSet());
            timings.run(Phase.LAYER, () -> layer.get().prune(keep.getAsInt(), inUse));
        }
    }
}
