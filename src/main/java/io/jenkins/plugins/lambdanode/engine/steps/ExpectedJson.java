package io.jenkins.plugins.lambdanode.engine.steps;

import com.fasterxml.jackson.databind.JsonNode;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import java.util.Map;
import java.util.Optional;

/** JSON that a response must contain: an object has at least the fields that are expected, a list as many items. */
final class ExpectedJson {

    private static final int SHOWN = 200;

    private ExpectedJson() {}

    /** The first difference, for instance {@code $.statusCode is 500, not 200}; empty where there is none. */
    static Optional<String> difference(JsonNode expected, JsonNode actual) {
        return difference("$", expected, actual);
    }

    private static Optional<String> difference(String path, JsonNode expected, JsonNode actual) {
        if (expected.isObject() && actual.isObject()) {
            for (Map.Entry<String, JsonNode> field : expected.properties()) {
                Optional<String> found = actual.has(field.getKey())
                        ? difference(path + "." + field.getKey(), field.getValue(), actual.get(field.getKey()))
                        : Optional.of(path + "." + field.getKey() + " is missing");
                if (found.isPresent()) {
                    return found;
                }
            }
            return Optional.empty();
        }
        if (expected.isArray() && actual.isArray() && expected.size() == actual.size()) {
            for (int at = 0; at < expected.size(); at++) {
                Optional<String> found = difference(path + "[" + at + "]", expected.get(at), actual.get(at));
                if (found.isPresent()) {
                    return found;
                }
            }
            return Optional.empty();
        }
        boolean same = expected.isNumber() && actual.isNumber()
                ? expected.decimalValue().compareTo(actual.decimalValue()) == 0
                : expected.equals(actual);
        return same
                ? Optional.empty()
                : Optional.of(path + " is " + SafeText.oneLine(actual.toString(), SHOWN) + ", not "
                        + SafeText.oneLine(expected.toString(), SHOWN));
    }
}
