package io.jenkins.plugins.lambdanode.engine.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Which npm packages changed from one deployment to another, by their bills of materials.
 *
 * @param changes by name
 */
public record PackageChanges(List<Change> changes) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** As many as a line of a log shows. */
    private static final int SHOWN = 5;

    /** A name and two versions. */
    private static final int MAX_SHOWN_CHARACTERS = 200;

    /** No package changed. */
    public static final PackageChanges NONE = new PackageChanges(List.of());

    public PackageChanges {
        changes = List.copyOf(changes);
    }

    /**
     * A package that is there in other versions.
     *
     * @param before the versions that are gone, with {@code , } between them; empty where it was added
     * @param after the versions that have come, likewise; empty where it was removed
     */
    public record Change(String name, String before, String after) {

        /** Such as {@code ms 2.0.0 -> 2.1.3}, {@code ms 2.1.3 added} or {@code ms 2.0.0 removed}. */
        public String text() {
            String text = before.isEmpty()
                    ? name + " " + after + " added"
                    : after.isEmpty() ? name + " " + before + " removed" : name + " " + before + " -> " + after;
            return SafeText.oneLine(text, MAX_SHOWN_CHARACTERS);
        }
    }

    /**
     * Compares two bills of materials that {@link BillOfMaterials} has written.
     *
     * @throws IOException if one is not JSON
     */
    public static PackageChanges between(String before, String after) throws IOException {
        Map<String, Set<String>> old = versions(before);
        Map<String, Set<String>> now = versions(after);
        Set<String> names = new TreeSet<>(old.keySet());
        names.addAll(now.keySet());
        List<Change> changes = new ArrayList<>();
        for (String name : names) {
            Set<String> gone = new TreeSet<>(old.getOrDefault(name, Set.of()));
            Set<String> come = new TreeSet<>(now.getOrDefault(name, Set.of()));
            gone.removeAll(now.getOrDefault(name, Set.of()));
            come.removeAll(old.getOrDefault(name, Set.of()));
            if (!gone.isEmpty() || !come.isEmpty()) {
                changes.add(new Change(name, String.join(", ", gone), String.join(", ", come)));
            }
        }
        return new PackageChanges(changes);
    }

    private static Map<String, Set<String>> versions(String bom) throws IOException {
        Map<String, Set<String>> versions = new TreeMap<>();
        for (JsonNode component : JSON.readTree(bom).path("components")) {
            versions.computeIfAbsent(component.path("name").asText(), absent -> new TreeSet<>())
                    .add(component.path("version").asText("without version"));
        }
        return versions;
    }

    /** For a log: how many changed, and the first of them. */
    public String line() {
        return (changes.size() == 1 ? "1 npm package changed: " : changes.size() + " npm packages changed: ")
                + changes.stream().limit(SHOWN).map(Change::text).collect(Collectors.joining(", "))
                + (changes.size() > SHOWN ? " and " + (changes.size() - SHOWN) + " more" : "");
    }
}
