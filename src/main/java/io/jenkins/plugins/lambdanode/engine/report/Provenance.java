package io.jenkins.plugins.lambdanode.engine.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.jenkins.plugins.lambdanode.engine.base.Sha256;
import io.jenkins.plugins.lambdanode.engine.pack.api.Inventory;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackSettings;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Where a deployment package comes from: an in-toto statement (github.com/in-toto/attestation, Statement v1) with SLSA provenance
 * (slsa.dev/spec/v1.0/provenance). It is not signed, and has no times: a build that is run again for the same bytes says the same. The command
 * lines of install and build are not in it, since they can hold a secret.
 */
public final class Provenance {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** The engine's home, for identifiers. */
    public static final String HOME = "https://github.com/jenkinsci/lambda-node-deploy-plugin";

    private static final String BUILD_TYPE = HOME + "/blob/main/docs/supply-chain.md";

    private final Builder builder;
    private final Origin origin;
    private final PackSettings settings;

    /**
     * What builds.
     *
     * @param id a URI
     * @param versions of its parts, by their names
     */
    public record Builder(String id, Map<String, String> versions) {
        public Builder {
            versions = new TreeMap<>(versions);
        }
    }

    public Provenance(Builder builder, Origin origin, PackSettings settings) {
        this.builder = builder;
        this.origin = origin;
        this.settings = settings;
    }

    /** The commit that is deployed; empty where it is not known. */
    public String commit() {
        return origin.commit();
    }

    /**
     * The statement, indented.
     *
     * @param name of the package's file, for instance {@code orders.zip}
     * @param layerSha256 of the layer with the dependencies, hexadecimal; empty where they are in the package
     * @param bom the bill of materials, which it names by its digest
     * @return empty where nobody has looked into the package: it was not built here
     */
    public Optional<String> of(String name, PackReport packaged, Optional<String> layerSha256, Optional<String> bom) {
        Inventory inventory = packaged.inventory();
        if (!inventory.isKnown()) {
            return Optional.empty();
        }
        ObjectNode statement = JSON.createObjectNode().put("_type", "https://in-toto.io/Statement/v1");
        ArrayNode subject = statement.putArray("subject");
        addFile(name, packaged.sha256(), subject);
        layerSha256.ifPresent(sha256 -> addFile("layer.zip", sha256, subject));
        statement.put("predicateType", "https://slsa.dev/provenance/v1");
        ObjectNode predicate = statement.putObject("predicate");
        ObjectNode definition = predicate.putObject("buildDefinition").put("buildType", BUILD_TYPE);
        definition.set("externalParameters", parameters(layerSha256.isPresent()));
        ArrayNode sources = definition.putArray("resolvedDependencies");
        addCommit(sources);
        if (!inventory.lockFile().isEmpty()) {
            addFile(inventory.lockFile(), inventory.lockFileSha256(), sources);
        }
        ObjectNode run = predicate.putObject("runDetails");
        ObjectNode by = run.putObject("builder").put("id", builder.id());
        ObjectNode versions = by.putObject("version");
        builder.versions().forEach(versions::put);
        if (!origin.build().isEmpty()) {
            run.putObject("metadata").put("invocationId", origin.build());
        }
        bom.ifPresent(text -> addFile(
                "bill of materials",
                HexFormat.of().formatHex(Sha256.sha256().digest(text.getBytes(StandardCharsets.UTF_8))),
                run.putArray("byproducts")));
        return Optional.of(DeploymentJson.text(statement));
    }

    private ObjectNode parameters(boolean layer) {
        ObjectNode parameters = JSON.createObjectNode()
                .put("dir", origin.folder())
                .put("codeDir", settings.codeDir())
                .put("dependencies", layer ? "layer" : settings.dependencies() ? "package" : "none")
                .put("symlinks", settings.links().name().toLowerCase(Locale.ROOT))
                .put("compressionLevel", settings.level());
        settings.includes().forEach(parameters.putArray("includes")::add);
        settings.excludes().forEach(parameters.putArray("excludes")::add);
        return parameters;
    }

    private void addCommit(ArrayNode sources) {
        if (origin.commit().isEmpty()) {
            return;
        }
        ObjectNode source = sources.addObject();
        if (origin.repository().isEmpty()) {
            source.put("name", "commit");
        } else {
            source.put("uri", (origin.repository().startsWith("git") ? "" : "git+") + origin.repository());
        }
        source.putObject("digest").put("gitCommit", origin.commit());
    }

    private static void addFile(String name, String sha256, ArrayNode files) {
        files.addObject().put("name", name).putObject("digest").put("sha256", sha256);
    }
}
