package io.jenkins.plugins.lambdanode.engine.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.jenkins.plugins.lambdanode.engine.pack.api.Inventory;
import io.jenkins.plugins.lambdanode.engine.pack.api.Inventory.Component;
import io.jenkins.plugins.lambdanode.engine.pack.api.Inventory.Gap;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/**
 * The bill of materials of a deployment package and its layer, as CycloneDX 1.6 JSON (cyclonedx.org/docs/1.6/json). It depends on
 * what is deployed alone: equal packages have equal ones, byte for byte.
 */
public final class BillOfMaterials {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Of npm's own bills of materials: where a package is. */
    private static final String PATH = "cdx:npm:package:path";

    private static final String LAYER_PATH = "lambda-node-deploy:layer:path";
    private static final String PACKAGE = "package";
    private static final String COMPONENTS = "components";
    private static final String PROPERTIES = "properties";
    private static final String AGGREGATE = "/compositions/0/aggregate";

    private record Algorithm(String name, int bytes) {}

    private static final Map<String, Algorithm> ALGORITHMS = Map.of(
            "sha1", new Algorithm("SHA-1", 20),
            "sha256", new Algorithm("SHA-256", 32),
            "sha384", new Algorithm("SHA-384", 48),
            "sha512", new Algorithm("SHA-512", 64));

    private BillOfMaterials() {}

    /**
     * The bill of materials, on one line that ends in a line end.
     *
     * @param layerSha256 of the layer that the functions have, hexadecimal; empty where they have none of the project's
     * @return empty where nobody has looked into the package
     */
    public static Optional<String> of(PackReport packaged, Optional<String> layerSha256) {
        Inventory inventory = packaged.inventory();
        if (!inventory.isKnown()) {
            return Optional.empty();
        }
        ObjectNode bom = JSON.createObjectNode()
                .put("$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json")
                .put("bomFormat", "CycloneDX")
                .put("specVersion", "1.6")
                .put("version", 1);
        ObjectNode metadata = bom.putObject("metadata");
        metadata.putArray("lifecycles").addObject().put("phase", "build");
        metadata.putObject("tools")
                .putArray("components")
                .addObject()
                .put("type", "application")
                .put("name", "lambda-node-deploy");
        metadata.set("component", deployed(packaged, layerSha256));
        ArrayNode components = bom.putArray(COMPONENTS);
        inventory.components().forEach(component -> components.add(component(component)));
        bom.putArray("compositions")
                .addObject()
                .put("aggregate", aggregate(inventory.gap()))
                .putArray("assemblies")
                .add(PACKAGE);
        return Optional.of(text(bom));
    }

    private static String text(ObjectNode bom) {
        try {
            bom.remove("serialNumber");
            byte[] content = JSON.writeValueAsBytes(bom);
            bom.put("serialNumber", "urn:uuid:" + UUID.nameUUIDFromBytes(content));
            return JSON.writeValueAsString(bom) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("A tree can be written", e);
        }
    }

    /**
     * A bill of materials with the packages of a layer that an earlier deployment of the same layer lists: where the layer is known,
     * its packages are not installed.
     *
     * @param before of the earlier deployment
     * @param now without the layer's packages
     * @return empty where the layer was another, or its packages were not known then either
     */
    public static Optional<String> withLayerOf(String before, String now) {
        try {
            ObjectNode bom = (ObjectNode) JSON.readTree(now);
            JsonNode earlier = JSON.readTree(before);
            String layer = "/metadata/component/components/0/hashes/0/content";
            if (!earlier.at(layer).isTextual()
                    || !earlier.at(layer).equals(bom.at(layer))
                    || earlier.at(AGGREGATE).asText().equals("incomplete")) {
                return Optional.empty();
            }
            Map<String, JsonNode> components = new TreeMap<>();
            bom.get(COMPONENTS)
                    .forEach(each -> components.put(each.path("bom-ref").asText(), each));
            for (JsonNode each : earlier.path(COMPONENTS)) {
                addOfLayer((ObjectNode) each, components);
            }
            bom.putArray(COMPONENTS).addAll(components.values());
            ((ObjectNode) bom.at("/compositions/0")).set("aggregate", earlier.at(AGGREGATE));
            ObjectNode deployed = (ObjectNode) bom.at("/metadata/component");
            deployed.remove(PROPERTIES);
            if (earlier.at("/metadata/component").has(PROPERTIES)) {
                deployed.set(PROPERTIES, earlier.at("/metadata/component/properties"));
            }
            return Optional.of(text(bom));
        } catch (JsonProcessingException | ClassCastException e) {
            return Optional.empty();
        }
    }

    private static void addOfLayer(ObjectNode component, Map<String, JsonNode> components) {
        ArrayNode properties = JSON.createArrayNode();
        for (JsonNode property : component.path(PROPERTIES)) {
            if (property.path("name").asText().equals(LAYER_PATH)) {
                properties.add(property);
            }
        }
        if (properties.isEmpty()) {
            return;
        }
        JsonNode present = components.putIfAbsent(component.path("bom-ref").asText(), component);
        if (present == null) {
            component.set(PROPERTIES, properties);
        } else {
            ((ObjectNode) present).withArray(PROPERTIES).addAll(properties);
        }
    }

    private static ObjectNode deployed(PackReport packaged, Optional<String> layerSha256) {
        Component project = packaged.inventory().project();
        ObjectNode json = JSON.createObjectNode()
                .put("type", "application")
                .put("bom-ref", PACKAGE)
                .put("name", project.name().isEmpty() ? PACKAGE : project.name());
        addVersionAndLicence(project, json);
        json.putArray("hashes").addObject().put("alg", "SHA-256").put("content", packaged.sha256());
        layerSha256.ifPresent(sha256 -> json.putArray("components")
                .addObject()
                .put("type", "file")
                .put("bom-ref", "layer")
                .put("name", "layer")
                .putArray("hashes")
                .addObject()
                .put("alg", "SHA-256")
                .put("content", sha256));
        remark(packaged.inventory().gap())
                .ifPresent(remark -> addProperty(json, "lambda-node-deploy:composition", remark));
        return json;
    }

    private static void addVersionAndLicence(Component component, ObjectNode json) {
        if (!component.version().isEmpty()) {
            json.put("version", component.version());
        }
        if (!component.licence().isEmpty()) {
            Licences.add(component.licence(), json.putArray("licenses"));
        }
    }

    private static ObjectNode component(Component component) {
        ObjectNode json = JSON.createObjectNode()
                .put("type", "library")
                .put("bom-ref", reference(component))
                .put("name", component.name());
        addVersionAndLicence(component, json);
        if (!component.local()) {
            json.put("purl", purl(component));
        }
        addHashes(component.integrity(), json);
        if (!component.source().isEmpty()) {
            json.putArray("externalReferences")
                    .addObject()
                    .put("type", isWeb(component.source()) ? "distribution" : "vcs")
                    .put("url", component.source());
        }
        component.paths().forEach(path -> addProperty(json, PATH, path));
        component.layerPaths().forEach(path -> addProperty(json, LAYER_PATH, path));
        return json;
    }

    /** A package of the repository can have the name and version of one of the registry. */
    private static String reference(Component component) {
        return component.name() + "@" + component.version() + (component.local() ? "#local" : "");
    }

    private static boolean isWeb(String source) {
        return source.startsWith("https://") || source.startsWith("http://");
    }

    /** A package URL of the type npm (github.com/package-url/purl-spec). */
    private static String purl(Component component) {
        StringBuilder purl = new StringBuilder("pkg:npm/");
        purl.append(encoded(component.name()).replace("%2F", "/"));
        if (!component.version().isEmpty()) {
            purl.append('@').append(encoded(component.version()));
        }
        if (!component.source().isEmpty() && !isWeb(component.source())) {
            purl.append("?vcs_url=").append(encoded(component.source()));
        }
        return purl.toString();
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8)
                .replace("+", "%20")
                .replace("*", "%2A")
                .replace("%7E", "~")
                .replace("%3A", ":");
    }

    /** Subresource integrity (w3.org/TR/SRI): one or several of {@code sha512-} and base64. What is none is left out. */
    private static void addHashes(String integrity, ObjectNode json) {
        for (String one : integrity.split(" ")) {
            String[] parts = one.split("-", 2);
            Algorithm algorithm = ALGORITHMS.get(parts[0]);
            byte[] hash = algorithm == null || parts.length < 2 ? new byte[0] : decoded(parts[1]);
            if (algorithm != null && hash.length == algorithm.bytes()) {
                json.withArray("hashes")
                        .addObject()
                        .put("alg", algorithm.name())
                        .put("content", HexFormat.of().formatHex(hash));
            }
        }
    }

    private static byte[] decoded(String base64) {
        try {
            return Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            return new byte[0];
        }
    }

    private static void addProperty(ObjectNode json, String name, String value) {
        json.withArray(PROPERTIES).addObject().put("name", name).put("value", value);
    }

    private static String aggregate(Gap gap) {
        return switch (gap) {
            case NONE -> "complete";
            case UNKNOWN, BUILT_CODE -> "unknown";
            case NOT_PACKAGED, IN_KNOWN_LAYER, TOO_MANY -> "incomplete";
        };
    }

    private static Optional<String> remark(Gap gap) {
        return switch (gap) {
            case NONE, UNKNOWN -> Optional.empty();
            case BUILT_CODE ->
                Optional.of("The code comes from a build. Packages that a bundler has copied into it are not listed.");
            case NOT_PACKAGED ->
                Optional.of(
                        "package.json names dependencies that are neither in the package nor in its layer. They can be"
                                + " bundled into the code, in another layer or in the runtime, and are not listed.");
            case IN_KNOWN_LAYER ->
                Optional.of(
                        "The dependencies are in a layer that an earlier deployment published, and are not listed.");
            case TOO_MANY -> Optional.of("Of the packages, the first " + Inventory.MAX_COMPONENTS + " are listed.");
        };
    }
}
