package io.jenkins.plugins.lambdanode.engine.request;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsRegion;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Json;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.pack.api.AntPattern;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackSettings;
import io.jenkins.plugins.lambdanode.engine.project.InstallSetting;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult;
import io.jenkins.plugins.lambdanode.engine.report.DeploymentRecord;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a setting may be, for every front end: each method reads the text of one setting as a user writes it, and fails with the
 * same words whether a step, a form or a command line asks. The text is not blank; what a blank one stands for is the
 * {@link DeployRequestBuilder}'s.
 */
public final class SettingRules {

    /** Where node_modules goes. */
    public enum Dependencies {
        /** Into the package. */
        PACKAGE,
        /** Into a layer of its own. */
        LAYER,
        /** Nowhere: the code needs none, or has them bundled. */
        NONE
    }

    /** Bytes of a smoke test's payload (Lambda Developer Guide, "Lambda quotas", synchronous invocation). */
    public static final int MAX_PAYLOAD = 6 << 20;

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /** Instead of a bucket's name: nothing is staged, though a default bucket is set. */
    public static final String NO_BUCKET = "none";

    /** CloudWatch API reference, DescribeAlarms, AlarmNames. */
    private static final int MAX_ALARMS = 100;

    private static final Pattern ALARM = Pattern.compile("\\P{Cntrl}{1,255}");

    /** Lambda API reference, CreateAlias, Name. */
    private static final Pattern ALIAS = Pattern.compile("(?!^[0-9]+$)[a-zA-Z0-9-_]{1,128}");

    /** Lambda counts versions from 1 on (Lambda Developer Guide, "Manage Lambda function versions"). */
    private static final Pattern VERSION = Pattern.compile("[1-9][0-9]{0,18}");

    /** Lambda API reference, CreateFunction, Role. */
    private static final Pattern ROLE =
            Pattern.compile("arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+");

    /** STS API reference, AssumeRole, RoleSessionName. */
    private static final Pattern SESSION_NAME = Pattern.compile("[\\w+=,.@-]{2,64}");

    /** KMS API reference, "key ARN" and "alias ARN". */
    private static final Pattern KMS_ARN =
            Pattern.compile("arn:(aws[a-zA-Z-]*)?:kms:[a-z0-9-]+:\\d{12}:(key|alias)/[a-zA-Z0-9/_-]+");

    /** The same, or a key's ID, or an alias (S3 API reference, PutObject, x-amz-server-side-encryption-aws-kms-key-id). */
    private static final Pattern KMS_KEY = Pattern.compile(KMS_ARN + "|(mrk-)?[0-9a-f-]{32,36}|alias/[a-zA-Z0-9/_-]+");

    /** How the names of directory buckets end (S3 User Guide, "Directory bucket naming rules"). */
    private static final String DIRECTORY_BUCKET = "--x-s3";

    /** Lambda API reference, UpdateFunctionCode, S3Bucket: old buckets have upper case letters. */
    private static final Pattern BUCKET = Pattern.compile("[0-9A-Za-z][0-9A-Za-z._-]{1,61}[0-9A-Za-z_-]");

    /** S3's limit for a key is 1,024 bytes: this leaves a digest its room. */
    private static final int LONGEST_PREFIX = 800;

    /** Lambda API reference, PublishLayerVersion, LayerName; an ARN is left out, since its account and region are the function's. */
    private static final Pattern LAYER_NAME = Pattern.compile("[a-zA-Z0-9-_]{1,140}");

    /** Lambda API reference, Environment: a letter, then letters, digits and underscores. */
    private static final Pattern VARIABLE = Pattern.compile("[a-zA-Z][a-zA-Z0-9_]*");

    /** As Jenkins puts variables in: {@code ${NAME}} and {@code $NAME}. {@code $LATEST} is Lambda's own word. */
    private static final Pattern VARIABLE_REFERENCE =
            Pattern.compile("\\$(?!LATEST\\b)\\{?([a-zA-Z_][a-zA-Z0-9_]*)\\}?");

    private SettingRules() {}

    // The function

    /** @param text a name, partial ARN or ARN */
    public static FunctionName functionName(String text) throws DeployException {
        if (text.strip().matches("(?s).*[,\\s].*")) {
            throw wrong("functionName", text.strip(), "It names one function. Name several with functionNames.");
        }
        return functionNamed("functionName", text.strip());
    }

    private static FunctionName functionNamed(String setting, String text) throws DeployException {
        Optional<String> unset = unsetVariable(text);
        if (unset.isPresent()) {
            throw wrong(setting, text, "");
        }
        return FunctionName.parse(text);
    }

    /** @param text names, partial ARNs or ARNs, separated by commas or white space */
    public static List<FunctionName> functionNames(String text) throws DeployException {
        List<FunctionName> functions = new ArrayList<>();
        for (String name : text.strip().split("[,\\s]+")) {
            functions.add(functionNamed("functionNames", name));
        }
        return functions;
    }

    public static String region(String text) throws DeployException {
        if (!AwsRegion.isRegion(text.strip())) {
            throw wrong("region", text, "Name an AWS region such as eu-west-1.");
        }
        return text.strip();
    }

    /** @param setting {@code roleArn} for the role of a deployment, {@code role} for a function's */
    public static String role(String setting, String text) throws DeployException {
        return matching(setting, text, ROLE, "Give the ARN of a role: arn:aws:iam::123456789012:role/name.");
    }

    public static String roleSessionName(String text) throws DeployException {
        return matching("roleSessionName", text, SESSION_NAME, "Use 2 to 64 letters, digits and _+=,.@-.");
    }

    /** An endpoint in place of AWS's own, without what could be a secret: messages name it. */
    public static URI endpoint(String text) throws DeployException {
        URI endpoint;
        try {
            endpoint = new URI(text.strip());
        } catch (URISyntaxException e) {
            throw notAnEndpoint(text);
        }
        if (endpoint.getHost() == null || !List.of("http", "https").contains(endpoint.getScheme())) {
            throw notAnEndpoint(text);
        }
        if (endpoint.getRawUserInfo() != null || endpoint.getRawQuery() != null || endpoint.getRawFragment() != null) {
            throw notAnEndpoint(text);
        }
        return endpoint;
    }

    /** What stands before an @ or after a ? can be a secret: such a text is not repeated. */
    private static DeployException notAnEndpoint(String text) {
        String right =
                "Give the endpoint's address alone, such as https://vpce-0123.lambda.eu-west-1.vpce.amazonaws.com, or"
                        + " http://localhost:4566.";
        return text.matches("(?s).*[@?#].*")
                ? new DeployException("endpointUrl has a user name, a query or a fragment. " + right)
                : wrong("endpointUrl", text, right);
    }

    // The package

    public static InstallSetting install(String text) throws DeployException {
        return InstallSetting.parse(text);
    }

    /** @return a folder in the project, relative with {@code /}; empty for the project's own */
    public static String codeDir(String text) throws DeployException {
        return inProject("codeDir", text, "Name a folder in the project's folder, relative to it, such as dist.");
    }

    /** The record of one deployment, as JSON. */
    public static DeploymentRecord from(String json) throws DeployException {
        List<DeploymentRecord> records = DeploymentRecord.read(json, "from");
        if (records.size() != 1 || records.get(0).outcome() == DeployResult.Outcome.VALIDATED) {
            throw new DeployException(
                    "from is the record of " + (records.size() == 1 ? "a dry run" : records.size() + " functions")
                            + ", and a deployment is promoted from one function that has its code.\nGive the record of one.");
        }
        return records.get(0);
    }

    /** A file. */
    public static String zipFile(String text) throws DeployException {
        String path =
                inProject("zipFile", text, "Name a ZIP in the project's folder, relative to it, such as orders.zip.");
        if (path.isEmpty()) {
            throw wrong("zipFile", text, "Name a ZIP in the project's folder, relative to it, such as orders.zip.");
        }
        return path;
    }

    private static String inProject(String setting, String text, String right) throws DeployException {
        Deque<String> path = new ArrayDeque<>();
        String folder = text.strip().replace('\\', '/');
        boolean outside = folder.startsWith("/")
                || folder.matches("[A-Za-z]:.*")
                || folder.codePoints().anyMatch(Character::isISOControl);
        for (String step : folder.split("/")) {
            if (step.equals("..")) {
                outside |= path.pollLast() == null;
            } else if (!step.isEmpty() && !step.equals(".")) {
                path.add(step);
            }
        }
        if (outside) {
            throw wrong(setting, text, right);
        }
        return String.join("/", path);
    }

    /** @param setting {@code includes} or {@code excludes}; patterns are separated by commas or line ends */
    public static List<String> patterns(String setting, String text) throws DeployException {
        List<String> patterns = list(text);
        for (String pattern : patterns) {
            pattern(setting, pattern);
        }
        return patterns;
    }

    /** An Ant pattern. */
    public static String pattern(String setting, String text) throws DeployException {
        String pattern = text.strip();
        Optional<String> problem = AntPattern.problem(pattern);
        if (problem.isPresent()) {
            throw new DeployException(setting + ": " + problem.get());
        }
        return pattern;
    }

    public static PackSettings.Links symlinks(String text) throws DeployException {
        return PackSettings.Links.valueOf(
                oneOf("symlinks", text, "follow", "store").toUpperCase(Locale.ROOT));
    }

    public static int compressionLevel(String text) throws DeployException {
        return number("compressionLevel", text);
    }

    public static Dependencies dependencies(String text) throws DeployException {
        return Dependencies.valueOf(
                oneOf("dependencies", text, "package", "layer", "none").toUpperCase(Locale.ROOT));
    }

    public static String layerName(String text) throws DeployException {
        return matching(
                "layerName",
                text,
                LAYER_NAME,
                "Use letters, digits, - and _, at most 140. The layer is made in the function's account and region.");
    }

    public static int keepVersions(String text) throws DeployException {
        return number("keepVersions", text);
    }

    public static int keepLayerVersions(String text) throws DeployException {
        return number("keepLayerVersions", text);
    }

    // Staging

    /** @return empty for {@value #NO_BUCKET} */
    public static Optional<String> bucket(String text) throws DeployException {
        if (text.contains(":accesspoint/") || text.contains(":accesspoint:")) {
            throw wrong(
                    "s3Bucket",
                    text,
                    "Lambda fetches no package through an access point. Name the bucket that it belongs to.");
        }
        if (text.strip().endsWith(DIRECTORY_BUCKET)) {
            throw wrong(
                    "s3Bucket",
                    text,
                    "Lambda fetches no package from a directory bucket. Name a general purpose bucket.");
        }
        return text.strip().equals(NO_BUCKET)
                ? Optional.empty()
                : Optional.of(
                        matching(
                                "s3Bucket",
                                text,
                                BUCKET,
                                "Name the bucket alone (3 to 63 letters, digits, . and -), without s3:// and without a path, or use none."));
    }

    public static String prefix(String text) throws DeployException {
        if (text.length() > LONGEST_PREFIX || text.codePoints().anyMatch(Character::isISOControl)) {
            throw wrong(
                    "s3Prefix",
                    text,
                    "A prefix has at most " + LONGEST_PREFIX + " characters and no control character.");
        }
        return text;
    }

    /** Bytes. */
    public static long threshold(String text) throws DeployException {
        return number("s3Threshold", text);
    }

    /** How S3 encrypts what is staged. */
    public static String sse(String text) throws DeployException {
        return oneOf("s3Sse", text, "AES256", "aws:kms");
    }

    public static String stagingKey(String text) throws DeployException {
        return matching("s3KmsKeyId", text, KMS_KEY, "Give a KMS key's ID or ARN, or an alias such as alias/staging.");
    }

    // Update and release

    /** Whether warnings make a build unstable. */
    public static boolean unstableOnWarning(String text) throws DeployException {
        return oneOf("unstableOn", text, "never", "warning").equals("warning");
    }

    public static String alias(String text) throws DeployException {
        return matching("alias", text, ALIAS, "Use letters, digits, - and _, at most 128, and not digits alone.");
    }

    /** A published version's number: {@code $LATEST} is other code after each deployment. */
    public static String version(String text) throws DeployException {
        return matching("version", text, VERSION, "Give the number of a published version, such as 12.");
    }

    /**
     * Names of CloudWatch alarms, one in a line, since they may have commas; {@value #MAX_ALARMS} at most: what DescribeAlarms
     * takes.
     */
    public static List<String> alarms(String text) throws DeployException {
        List<String> names = text.lines()
                .map(String::strip)
                .filter(name -> !name.isEmpty())
                .distinct()
                .toList();
        if (names.size() > MAX_ALARMS) {
            throw new DeployException("alarms has " + names.size() + " names. The limit is " + MAX_ALARMS + ".");
        }
        for (String name : names) {
            matching("alarms", name, ALARM, "The name of an alarm has 1 to 255 characters.");
        }
        return names;
    }

    public static String sourceKey(String text) throws DeployException {
        return matching(
                "sourceKmsKeyArn",
                text,
                KMS_ARN,
                "Give the ARN of a KMS key: arn:aws:kms:eu-west-1:123456789012:key/id.");
    }

    /** @return one architecture, since a function has one */
    public static List<String> architectures(String text) throws DeployException {
        return List.of(oneOf("architectures", text, "x86_64", "arm64"));
    }

    /** @param text seconds */
    public static Duration waitTimeout(String text) throws DeployException {
        return Duration.ofSeconds(number("waitTimeout", text));
    }

    // A function that is created

    public static int memorySize(String text) throws DeployException {
        return number("memorySize", text);
    }

    /** @param text seconds */
    public static int timeout(String text) throws DeployException {
        return number("timeout", text);
    }

    /** @param text a line of KEY=value for each variable */
    public static Map<String, String> environment(String text) throws DeployException {
        Map<String, String> variables = new LinkedHashMap<>();
        for (String line : text.split("\n")) {
            int equals = line.indexOf('=');
            if (!line.isBlank() && equals < 0) {
                throw new DeployException("environment has a line without '='. Write KEY=value in each line.");
            }
            if (equals >= 0) {
                variables.put(
                        variable(line.substring(0, equals)),
                        line.substring(equals + 1).strip());
            }
        }
        return variables;
    }

    /** The name of a variable of the function's environment. */
    public static String variable(String text) throws DeployException {
        return matching(
                "environment",
                text,
                VARIABLE,
                "The name of a variable has a letter first, then letters, digits and _.");
    }

    // Several settings

    /** Items that are separated by commas or line ends. */
    public static List<String> list(String text) {
        return Arrays.stream(text.split("[,\n]"))
                .map(String::strip)
                .filter(item -> !item.isEmpty())
                .toList();
    }

    private static String matching(String setting, String text, Pattern grammar, String right) throws DeployException {
        if (!grammar.matcher(text.strip()).matches()) {
            throw wrong(setting, text, right);
        }
        return text.strip();
    }

    private static String oneOf(String setting, String text, String... values) throws DeployException {
        for (String value : values) {
            if (value.equalsIgnoreCase(text.strip())) {
                return value;
            }
        }
        String last = values[values.length - 1];
        throw wrong(
                setting,
                text,
                "Use " + String.join(", ", Arrays.copyOf(values, values.length - 1)) + " or " + last + ".");
    }

    private record Range(int least, int most, String unit) {}

    /** Lambda API reference, CreateFunction: MemorySize and Timeout. */
    private static final Map<String, Range> NUMBERS = Map.of(
            "compressionLevel", new Range(1, 9, ""),
            "keepVersions", new Range(1, Integer.MAX_VALUE, " of versions"),
            "keepLayerVersions", new Range(1, Integer.MAX_VALUE, " of versions"),
            "s3Threshold", new Range(0, Integer.MAX_VALUE, " of bytes"),
            "waitTimeout", new Range(1, (int) Duration.ofDays(1).toSeconds(), " of seconds"),
            "memorySize", new Range(128, 10240, " of MB"),
            "timeout", new Range(1, 900, " of seconds"));

    /**
     * A whole number.
     *
     * @param setting the name of one whose value is a number
     * @throws DeployException if it is none that the setting takes
     */
    public static int number(String setting, String text) throws DeployException {
        Range range = NUMBERS.get(setting);
        try {
            int number = Integer.parseInt(text.strip());
            if (number >= range.least() && number <= range.most()) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw notIn(range, setting, text);
        }
        throw notIn(range, setting, text);
    }

    private static DeployException notIn(Range range, String setting, String text) {
        return wrong(
                setting,
                text,
                "Use a whole number" + range.unit() + " from " + range.least() + " to " + range.most() + ".");
    }

    private static DeployException wrong(String setting, String text, String right) {
        return new DeployException(setting + " is '" + SafeText.oneLine(text, 200) + "'. "
                + unsetVariable(text)
                        .map(unset -> (unset + " " + right).strip())
                        .orElse(right));
    }

    /** What is wrong with a text that still has a variable in it when all that are set have been put in; empty where it has none. */
    private static Optional<String> unsetVariable(String text) {
        Matcher variable = VARIABLE_REFERENCE.matcher(text);
        return variable.find()
                ? Optional.of("The variable " + variable.group(1)
                        + " is not set: set it before the deployment, or check its name.")
                : Optional.empty();
    }

    /** Whether the text of a smoke test's setting is JSON itself; it is the name of a file otherwise. */
    public static boolean isJson(String text) {
        return text.strip().matches("(?s)[\\[{\"].*|-?[0-9].*|true|false|null");
    }

    /**
     * JSON, at most {@value #MAX_PAYLOAD} bytes of UTF-8.
     *
     * @param setting for the message
     * @return without a byte order mark
     */
    public static String json(String setting, String text) throws DeployException {
        int bytes = text.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > MAX_PAYLOAD) {
            throw new DeployException(
                    setting + " of smokeTest has " + bytes + " bytes. The limit is " + MAX_PAYLOAD + ".");
        }
        try {
            String json = Json.withoutByteOrderMark(text);
            JSON.readTree(json);
            return json;
        } catch (JsonProcessingException e) {
            throw new DeployException(
                    setting + " of smokeTest is not JSON: " + SafeText.oneLine(e.getOriginalMessage(), 200)
                            + "\nGive JSON, such as {\"ping\": true}, or the name of a file with it.");
        }
    }
}
