package io.jenkins.plugins.lambdanode.engine;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;

/** What the README and docs/credentials.md say that a deployment may do, read from their Markdown. */
final class DocumentedPolicies {

    private static final Path README = Path.of("README.md");
    private static final Path CREDENTIALS = Path.of("docs/credentials.md");
    private static final Pattern CODE = Pattern.compile("`([^`]+)`");

    /**
     * A statement of a policy that allows.
     *
     * @param use what it is for: the table's first column; empty in a JSON policy
     * @param actions for instance {@code s3:PutObject}
     * @param resources ARNs with the documents' placeholders
     */
    record Grant(String use, List<String> actions, List<String> resources) {

        /** The same with other resources. */
        Grant on(List<String> others) {
            return new Grant(use, actions, others);
        }

        Grant without(String action) {
            return new Grant(
                    use, actions.stream().filter(a -> !a.equals(action)).toList(), resources);
        }
    }

    private DocumentedPolicies() {}

    /** The rows of the table of IAM actions. */
    static List<Grant> table() throws IOException {
        List<Grant> rows = new ArrayList<>();
        String section = section(CREDENTIALS, "## IAM actions");
        String use = "";
        for (String line : section.lines()
                .filter(l -> l.startsWith("| ") && !l.startsWith("| for "))
                .toList()) {
            String[] cells = line.split("\\|");
            use = cells[1].isBlank() ? use : cells[1].strip();
            rows.add(new Grant(
                    use,
                    code(cells[2]),
                    code(cells[3]).stream().map(DocumentedPolicies::arn).toList()));
        }
        return rows;
    }

    /** The README's least policy. */
    static List<Grant> readme() throws IOException {
        return grants(json(section(README, "## What the deploying identity may do")), "Statement");
    }

    /** What is added to it for dependencies in a layer. */
    static List<Grant> layer() throws IOException {
        return grants("{\"Statement\": [" + json(section(CREDENTIALS, "## IAM actions")) + "]}", "Statement");
    }

    private static String section(Path page, String heading) throws IOException {
        String text = Files.readString(page);
        int start = text.indexOf("\n" + heading + "\n");
        int end = text.indexOf("\n## ", start + 1);
        return text.substring(start, end < 0 ? text.length() : end);
    }

    private static String json(String section) {
        int start = section.indexOf("```json") + "```json".length();
        return section.substring(start, section.indexOf("```", start));
    }

    private static List<Grant> grants(String policy, String field) throws IOException {
        List<Grant> grants = new ArrayList<>();
        for (JsonNode statement : new ObjectMapper().readTree(policy).get(field)) {
            grants.add(new Grant("", texts(statement.get("Action")), texts(statement.get("Resource"))));
        }
        return grants;
    }

    private static List<String> texts(JsonNode value) {
        return value.isTextual()
                ? List.of(value.asText())
                : StreamSupport.stream(value.spliterator(), false)
                        .map(JsonNode::asText)
                        .toList();
    }

    private static List<String> code(String cell) {
        return CODE.matcher(cell).results().map(found -> found.group(1)).toList();
    }

    /** The table's short form of a resource as the JSON policies have it. */
    private static String arn(String resource) {
        Matcher kind =
                Pattern.compile("(function|layer|role|key|log-group)[:/].*").matcher(resource);
        if (resource.equals("*")) {
            return resource;
        }
        if (!kind.matches()) {
            return "arn:aws:s3:::" + resource;
        }
        return switch (kind.group(1)) {
                    case "role" -> "arn:aws:iam::123456789012:";
                    case "log-group" -> "arn:aws:logs:eu-west-1:123456789012:";
                    case "key" -> "arn:aws:kms:eu-west-1:123456789012:";
                    default -> "arn:aws:lambda:eu-west-1:123456789012:";
                }
                + resource;
    }
}
