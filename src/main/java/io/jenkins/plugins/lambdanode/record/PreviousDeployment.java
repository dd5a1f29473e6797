package io.jenkins.plugins.lambdanode.record;

import hudson.model.Run;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Optional;
import jenkins.util.VirtualFile;

/** A deployment of a function that has been recorded before, with its bill of materials; a rollback is none. */
final class PreviousDeployment {
    private static final int MAX_BYTES = 64 << 20;

    private final Optional<Run<?, ?>> build;
    private final Optional<DeployedFunction> function;
    private Optional<String> bom;

    private PreviousDeployment(Run<?, ?> build, DeployedFunction function) {
        this.build = Optional.ofNullable(build);
        this.function = Optional.ofNullable(function);
    }

    /** The one that the build itself has recorded last with the same layer, to whichever alias. */
    static PreviousDeployment inBuild(DeployedFunction function, Run<?, ?> run) {
        DeploymentAction recorded = run.getAction(DeploymentAction.class);
        return new PreviousDeployment(
                run,
                recorded == null
                        ? null
                        : recorded.getFunctions().stream()
                                .filter(each -> each.sbom != null
                                        && Objects.equals(function.layerVersionArn, each.layerVersionArn))
                                .reduce((earlier, later) -> later)
                                .orElse(null));
    }

    /** The one to the same alias that an earlier build has recorded last. It looks as far back as for a baseline. */
    static PreviousDeployment of(DeployedFunction function, Run<?, ?> run) {
        Run<?, ?> build = run.getPreviousBuild();
        for (int searched = 1; build != null && searched < BuildBaseline.SEARCHED_BUILDS; searched++) {
            DeploymentAction recorded = build.getAction(DeploymentAction.class);
            if (recorded != null) {
                for (DeployedFunction each : recorded.getFunctions()) {
                    if (!each.isRollback()
                            && function.functionArn.equals(each.functionArn)
                            && function.region.equals(each.region)
                            && Objects.equals(function.alias, each.alias)) {
                        return new PreviousDeployment(build, each);
                    }
                }
            }
            build = build.getPreviousBuild();
        }
        return new PreviousDeployment(null, null);
    }

    Optional<DeployedFunction> function() {
        return function;
    }

    /** Its bill of materials; empty where it has none, or its artifacts are gone. It is read once, and only where it is asked for. */
    Optional<String> bom() {
        if (bom == null) {
            bom = function.map(each -> each.sbom).flatMap(this::read);
        }
        return bom;
    }

    private Optional<String> read(String artifact) {
        VirtualFile file = build.orElseThrow().getArtifactManager().root().child(artifact);
        try (InputStream in = file.open()) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            return bytes.length > MAX_BYTES ? Optional.empty() : Optional.of(new String(bytes, StandardCharsets.UTF_8));
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
