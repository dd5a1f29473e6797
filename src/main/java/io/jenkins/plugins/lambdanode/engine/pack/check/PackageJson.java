package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.base.Json;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The fields of a {@code package.json} that the checks look at. What is not JSON has no fields: npm and Node.js explain that
 * better.
 *
 * @param fields the top-level fields
 * @param hasByteOrderMark whether the text begins with one
 */
public record PackageJson(Map<String, Object> fields, boolean hasByteOrderMark) {
    static final int MAX_BYTES = 1 << 20;

    static final PackageJson EMPTY = new PackageJson(Map.of(), false);

    public static PackageJson parse(String json) {
        return new PackageJson(Json.object(json).orElse(Map.of()), json.startsWith("\ufeff"));
    }

    /** The value of a text field; empty where there is none or it is no text. */
    public String text(String field) {
        return fields.get(field) instanceof String text ? text : "";
    }

    boolean isModule() {
        return text("type").equals("module");
    }

    boolean has(String field) {
        return fields.containsKey(field);
    }

    /** The names in a field such as {@code dependencies}, sorted. */
    Set<String> names(String field) {
        return new TreeSet<>(Json.map(fields.get(field)).keySet());
    }

    /** The packages that npm installs without development dependencies, and that must be there: optional ones need not. */
    Set<String> requiredDependencies() {
        Set<String> names = names("dependencies");
        names.removeAll(names("optionalDependencies"));
        return names;
    }
}
