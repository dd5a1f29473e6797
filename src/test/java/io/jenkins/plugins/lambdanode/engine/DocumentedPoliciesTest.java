package io.jenkins.plugins.lambdanode.engine;

import static java.util.stream.Collectors.toSet;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.jenkins.plugins.lambdanode.engine.DocumentedPolicies.Grant;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSettings;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.http.HttpSender;
import io.jenkins.plugins.lambdanode.engine.report.Baseline;
import io.jenkins.plugins.lambdanode.engine.report.Origin;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequestBuilder;
import io.jenkins.plugins.lambdanode.engine.request.RollbackRequest;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal;
import io.jenkins.plugins.lambdanode.engine.workspace.LocalWorkspace;
import io.jenkins.plugins.lambdanode.testing.Account;
import io.jenkins.plugins.lambdanode.testing.Emulator;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.KeptLog;
import io.jenkins.plugins.lambdanode.testing.Program;
import io.jenkins.plugins.lambdanode.testing.Project;
import io.jenkins.plugins.lambdanode.testing.Wire;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/**
 * Each way to deploy by a user who may do exactly what the documents say, with their placeholders filled in. The strict proxy
 * evaluates the policies.
 */
@ExtendWith(EmulatorExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DocumentedPoliciesTest {

    private static final Emulator EMULATOR = Emulator.MINISTACK;
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String ALARM = "alarm-" + Account.newName();
    private static final int SIDE_BY_SIDE = 4;
    private static final int IN_PARTS = 17 << 20;
    private static final String KMS_KEY =
            "arn:aws:kms:eu-west-1:" + EMULATOR.account() + ":key/1234abcd-12ab-34cd-56ef-1234567890ab";

    private static final String ALWAYS = "every deployment";
    private static final String PUBLISH = "`publish`";
    private static final String ALIAS = "`alias`, beside those of `publish`";
    private static final String SMOKE_TEST = "`smokeTest`";
    private static final String ROLLBACK = "`lambdaNodeRollback`, all that it needs";
    private static final String RELEASE = "`lambdaNodeRelease`, beside `smokeTest`, `rollout` and `alarms`";
    private static final String ROLLOUT = "`rollout`, to look at the new version's errors";
    private static final String ALARMS = "`alarms`";
    private static final String LOG =
            "`rollout`, to show the new version's last log lines where its traffic goes back; without it the"
                    + " build says where they are";
    private static final String FROM = "`from`, of a package that is not staged where this function can be given it";
    private static final String KEEP_VERSIONS = "`keepVersions`";
    private static final String CREATE = "`create`";
    private static final String ROLE = "its `role`";
    private static final String LAYERS = "its `layers`";
    private static final String BUCKET = "`s3Bucket`";
    private static final String PARTS = "packages over 16 MB, sent in parts";
    private static final String UPLOADS = "to abort uploads that an earlier build, or a lost response, has left";
    private static final String VERSIONED = "a versioned bucket";
    private static final String LAYER = "`dependencies: 'layer'`";
    private static final String KEEP = "`keepLayerVersions`";
    private static final String KMS = "a KMS key: `s3KmsKeyId`, the bucket's own, `sourceKmsKeyArn`";
    private static final String ASSUME = "`roleArn`; the role has the rest";

    /** What a mode sets beside the name of its function, {@code orders-...}. */
    private interface Settings {
        void on(DeployRequestBuilder request, Resources resources) throws DeployException;
    }

    /** What goes wrong on the way. */
    private interface Fault {
        void on(Wire wire, Resources resources);
    }

    /**
     * A way to deploy.
     *
     * @param uses the rows of the table that it needs
     * @param settings how it is asked for
     * @param fault which a request meets; none where it is null
     * @param failure a part of the error in which it ends; none where it is null
     */
    private record Mode(String name, List<String> uses, Settings settings, Fault fault, String failure) {

        Mode(String name, List<String> uses, Settings settings, Fault fault) {
            this(name, uses, settings, fault, null);
        }

        boolean creates() {
            return isIn(CREATE);
        }

        boolean isIn(String... any) {
            return Stream.of(any).anyMatch(uses::contains);
        }
    }

    private static Mode mode(String name, List<String> uses, Settings settings) {
        return new Mode(name, uses, settings, null);
    }

    private static final List<Mode> MODES = List.of(
            mode("direct", List.of(ALWAYS), (request, on) -> {}),
            mode("dry run", List.of(ALWAYS), (request, on) -> request.dryRun(true)),
            mode("another architecture", List.of(ALWAYS), (request, on) -> request.architectures("arm64")),
            mode("forced", List.of(ALWAYS), (request, on) -> request.force(true)),
            mode("two functions", List.of(ALWAYS), (request, on) -> request.functionNames(on.function() + "-too")),
            mode("by a role", List.of(ALWAYS, ASSUME), (request, on) -> {}),
            mode("a version", List.of(ALWAYS, PUBLISH), (request, on) -> request.publish(true)),
            mode("an alias", List.of(ALWAYS, PUBLISH, ALIAS), (request, on) -> request.alias("live")),
            mode(
                    "tested",
                    List.of(ALWAYS, PUBLISH, ALIAS, SMOKE_TEST),
                    (request, on) -> request.alias("live").smokeTest("{}", null)),
            mode(
                    "promoted from what the function has",
                    List.of(ALWAYS, FROM),
                    (request, on) -> request.from(record(on, false))),
            mode("promoted from a version", List.of(ALWAYS, FROM), (request, on) -> request.from(record(on, true))),
            mode("rolled back", List.of(ROLLBACK), (request, on) -> {}),
            mode("released", List.of(RELEASE), (request, on) -> {}),
            mode(
                    "released step by step after a test",
                    List.of(RELEASE, SMOKE_TEST, ROLLOUT),
                    (request, on) -> request.smokeTest("{}", null).rollout("percent=50,every=0.02")),
            mode(
                    "released under alarms",
                    List.of(RELEASE, ALARMS),
                    (request, on) -> request.rollout("percent=50,every=0.02").alarms(ALARM)),
            mode("released to a new alias", List.of(RELEASE), (request, on) -> request.alias("new")),
            mode(
                    "shifted",
                    List.of(ALWAYS, PUBLISH, ALIAS, ROLLOUT),
                    (request, on) -> request.alias("live").rollout("percent=50,every=0.02")),
            new Mode(
                    "shifted and given back",
                    List.of(ALWAYS, PUBLISH, ALIAS, ROLLOUT, LOG),
                    (request, on) -> request.alias("live").rollout("percent=50,every=0.02"),
                    (wire, on) -> wire.otherwise(line -> line.matches("PUT .*/aliases/live")
                            ? Optional.of(new Wire.First(() -> failInVersion2(on)))
                            : Optional.empty()),
                    "ERROR of version 2"),
            mode(
                    "shifted under alarms",
                    List.of(ALWAYS, PUBLISH, ALIAS, ALARMS),
                    (request, on) -> request.alias("live")
                            .rollout("percent=50,every=0.02")
                            .alarms(ALARM)),
            mode(
                    "one version kept",
                    List.of(ALWAYS, PUBLISH, KEEP_VERSIONS),
                    (request, on) -> request.publish(true).keepVersions(1)),
            mode("created", List.of(ALWAYS, CREATE, ROLE), (request, on) -> {}),
            mode(
                    "created with an alias",
                    List.of(ALWAYS, CREATE, ROLE, PUBLISH, ALIAS),
                    (request, on) -> request.alias("live")),
            mode(
                    "created with a layer",
                    List.of(ALWAYS, CREATE, ROLE, LAYERS),
                    (request, on) -> request.layers(on.sharedLayer())),
            mode("created from a bucket", List.of(ALWAYS, CREATE, ROLE, BUCKET), (request, on) -> on.staged(request)),
            mode("staged", List.of(ALWAYS, BUCKET), (request, on) -> on.staged(request)),
            mode(
                    "staged, dry run",
                    List.of(ALWAYS, BUCKET),
                    (request, on) -> on.staged(request).dryRun(true)),
            mode(
                    "staged, encrypted by S3",
                    List.of(ALWAYS, BUCKET),
                    (request, on) -> on.staged(request).s3Sse("AES256")),
            mode(
                    "staged in a versioned bucket",
                    List.of(ALWAYS, BUCKET, VERSIONED),
                    (request, on) -> on.staged(request)),
            mode(
                    "staged, own key",
                    List.of(ALWAYS, BUCKET, KMS),
                    (request, on) -> on.staged(request).s3Sse("aws:kms").s3KmsKeyId(KMS_KEY)),
            mode("Lambda's own key", List.of(ALWAYS, KMS), (request, on) -> request.sourceKmsKeyArn(KMS_KEY)),
            mode("in parts", List.of(ALWAYS, BUCKET, PARTS), (request, on) -> on.staged(request)),
            mode(
                    "in parts, own key",
                    List.of(ALWAYS, BUCKET, PARTS, KMS),
                    (request, on) -> on.staged(request).s3Sse("aws:kms").s3KmsKeyId(KMS_KEY)),
            new Mode(
                    "a version that is not active at once",
                    List.of(ALWAYS, PUBLISH),
                    (request, on) -> request.publish(true),
                    (wire, on) ->
                            wire.otherwise(line -> line.matches("POST .*/versions") ? pending(on) : Optional.empty())),
            new Mode(
                    "in parts, given up",
                    List.of(ALWAYS, BUCKET, PARTS),
                    (request, on) -> on.staged(request),
                    (wire, on) -> wire.otherwise(line -> line.contains("partNumber=")
                            ? Optional.of(Wire.Answer.ofS3(400, "EntityTooSmall", "No."))
                            : Optional.empty()),
                    "EntityTooSmall"),
            new Mode(
                    "in parts, response lost",
                    List.of(ALWAYS, BUCKET, PARTS, UPLOADS),
                    (request, on) -> on.staged(request),
                    (wire, on) -> wire.next("POST /" + on.bucket(), Wire.Fault.CUT_ANSWER)),
            mode("a layer", List.of(ALWAYS, LAYER), (request, on) -> request.dependencies("layer")),
            mode(
                    "a layer, one version kept",
                    List.of(ALWAYS, LAYER, KEEP),
                    (request, on) -> request.dependencies("layer").keepLayerVersions(1)),
            mode(
                    "a layer, staged",
                    List.of(ALWAYS, LAYER, BUCKET),
                    (request, on) -> on.staged(request).dependencies("layer")),
            mode(
                    "created with dependencies in a layer",
                    List.of(ALWAYS, CREATE, ROLE, LAYER),
                    (request, on) -> request.dependencies("layer")));

    /** Publishes a version, and says that Lambda has not activated it yet. */
    private static Optional<Wire.Deed> pending(Resources on) {
        String version = python("""
                made = client('lambda').publish_version(FunctionName=sys.argv[2])
                print(json.dumps({**{k: v for k, v in made.items() if k != 'ResponseMetadata'}, 'State': 'Pending'}))
                """, on.function());
        return Optional.of(
                new Wire.Answer(201, Map.of("Content-Type", "application/json", "x-amzn-RequestId", "1"), version));
    }

    /** Invocations of both versions that an alias leads to, of which those of version 2 fail. */
    private static void failInVersion2(Resources on) {
        python("""
                import time
                name, logs = sys.argv[2], client('logs')
                for version, errors in ('1', 0), ('2', 90):
                    dimensions = [{'Name': 'FunctionName', 'Value': name}, {'Name': 'Resource', 'Value': name + ':live'},
                                  {'Name': 'ExecutedVersion', 'Value': version}]
                    client('cloudwatch').put_metric_data(Namespace='AWS/Lambda', MetricData=[
                        {'MetricName': 'Invocations', 'Dimensions': dimensions, 'Value': 100, 'Unit': 'Count'},
                        {'MetricName': 'Errors', 'Dimensions': dimensions, 'Value': errors, 'Unit': 'Count'}])
                place = {'logGroupName': '/aws/lambda/' + name, 'logStreamName': time.strftime('%Y/%m/%d/[2]0', time.gmtime())}
                try:
                    logs.create_log_group(logGroupName=place['logGroupName'])
                except logs.exceptions.ResourceAlreadyExistsException:
                    pass
                try:
                    logs.create_log_stream(**place)
                except logs.exceptions.ResourceAlreadyExistsException:
                    pass
                logs.put_log_events(**place, logEvents=[
                    {'timestamp': int(time.time() * 1000) + 1000, 'message': 'ERROR of version 2'}])
                """, on.function());
    }

    /** The record of code that a second function has, as its version or not. */
    private static String record(Resources on, boolean version) {
        return python("""
                l, name, version = client('lambda'), sys.argv[2] + '-too', ''
                kept = l.update_function_code(FunctionName=name, ZipFile=package('from'))
                if sys.argv[3] == 'true':
                    kept = l.publish_version(FunctionName=name)
                    version = kept['Version']
                print(json.dumps({'FunctionName': name, 'FunctionArn': kept['FunctionArn'].removesuffix(':' + version),
                    'CodeSha256': kept['CodeSha256'], 'CodeSize': kept['CodeSize'], 'Outcome': 'updated',
                    **({'Version': version} if version else {})}))
                """, on.function(), String.valueOf(version));
    }

    /** What a run of a mode works on. */
    private record Resources(String function, String bucket, String sharedLayer) {

        DeployRequestBuilder staged(DeployRequestBuilder request) throws DeployException {
            return request.s3Bucket(bucket).s3Prefix("lambda/" + function + "/").s3Threshold(0L);
        }

        /** The documents' resources, of this run. */
        List<Grant> filled(List<Grant> grants) {
            List<Grant> filled = new ArrayList<>();
            for (Grant grant : grants) {
                filled.add(grant.on(
                        grant.resources().stream().flatMap(this::filled).toList()));
            }
            return filled;
        }

        private Stream<String> filled(String resource) {
            String own = resource.replace("123456789012", EMULATOR.account())
                    .replace("orders-execution", EXECUTION_ROLE)
                    .replace("orders", function)
                    .replace("role/deploy", "role/" + function)
                    .replace("my-staging", bucket)
                    .replace("layer:shared", sharedLayer.replaceFirst("^.*:(layer:[^:]+):1$", "$1"));
            return resource.contains("function:orders")
                    ? Stream.of(own, own.replace(function, function + "-too"))
                    : Stream.of(own);
        }
    }

    private static final String EXECUTION_ROLE = "execution-" + Account.newName();

    /** A mode under a policy: that of its rows, or with less. */
    private record Run(Mode mode, Resources on, List<Grant> policy) {}

    /**
     * What came of it.
     *
     * @param failure empty where all was done as under a policy that allows everything
     * @param used the elements of the policy that have allowed something: action and resource
     */
    private record Outcome(Run run, Optional<String> failure, Set<List<String>> used) {}

    @TempDir
    static Path folder;

    private List<Grant> table;
    private Map<String, String> places;
    private List<Outcome> outcomes;

    @BeforeAll
    void deployInEachMode() throws Exception {
        table = DocumentedPolicies.table();
        places = makePlaces();
        List<Run> runs = new ArrayList<>();
        for (Mode mode : MODES) {
            runs.add(run(mode, table));
        }
        outcomes = outcomes(runs);
    }

    @Test
    void everyModeRunsUnderExactlyTheDocumentedActions() {
        assertEquals(List.of(), failures(outcomes));
        assertEquals(
                table.stream().map(Grant::use).collect(toSet()),
                MODES.stream().flatMap(mode -> mode.uses().stream()).collect(toSet()));
    }

    @Test
    void noDocumentedActionOrResourceIsWithoutUse() {
        assertEquals(List.of(), unused(table));
    }

    @Test
    void anActionOrResourceThatNoModeUsesIsNoticed() {
        List<Grant> more = new ArrayList<>(table);
        more.set(
                0,
                new Grant(
                        ALWAYS,
                        List.of("lambda:UpdateFunctionCode", "lambda:GetPolicy"),
                        table.get(0).resources()));
        more.set(1, table.get(1).on(List.of("arn:aws:lambda:eu-west-1:123456789012:function:orders", "*")));

        assertEquals(List.of(ALWAYS + ": lambda:GetPolicy", PUBLISH + ": *"), unused(more));
    }

    @Test
    void withoutAnyOneOfTheActionsAModeFails() throws Exception {
        List<Run> runs = new ArrayList<>();
        List<String> left = new ArrayList<>();
        for (Grant row : table) {
            for (String action : row.actions()) {
                List<Grant> less = new ArrayList<>(table);
                less.set(table.indexOf(row), row.without(action));
                runs.add(run(userOf(row, action), less));
                left.add(row.use() + ": " + action);
            }
        }
        List<Outcome> without = outcomes(runs);
        for (int i = without.size() - 1; i >= 0; i--) {
            if (without.get(i).failure().isPresent()) {
                left.remove(i);
            }
        }

        assertEquals(List.of(), left, "not needed");
    }

    @Test
    void thePoliciesInJsonAreTheSumOfTheirRows() throws Exception {
        isSumOf(DocumentedPolicies.readme(), ALWAYS, PUBLISH, ALIAS, BUCKET, PARTS, VERSIONED);
        isSumOf(DocumentedPolicies.layer(), LAYER, KEEP);
    }

    @Test
    void modesThatTheReadmesPolicyIsForRunUnderIt() throws Exception {
        List<Run> runs = new ArrayList<>();
        for (Mode mode : MODES) {
            if (List.of(ALWAYS, PUBLISH, ALIAS, BUCKET, PARTS, VERSIONED).containsAll(mode.uses())
                    && mode.isIn(ALIAS, VERSIONED)) {
                Run run = run(mode, List.of());
                runs.add(new Run(mode, run.on(), run.on().filled(DocumentedPolicies.readme())));
            }
        }

        assertEquals(List.of(), failures(outcomes(runs)));
    }

    /** Each action and each resource of a statement is in a row, each of a row in a statement, and no statement has others. */
    private void isSumOf(List<Grant> policy, String... uses) {
        List<Grant> rows =
                table.stream().filter(row -> List.of(uses).contains(row.use())).toList();
        assertEquals(
                pairs(rows).stream().map(pair -> pair.get(0)).collect(toSet()),
                pairs(policy).stream().map(pair -> pair.get(0)).collect(toSet()));
        assertTrue(pairs(policy).containsAll(pairs(rows)), () -> pairs(rows) + "\n" + pairs(policy));
        for (Grant statement : policy) {
            for (String resource : statement.resources()) {
                assertTrue(
                        statement.actions().stream()
                                .anyMatch(action -> pairs(rows).contains(List.of(action, resource))),
                        resource);
            }
        }
    }

    private static Set<List<String>> pairs(List<Grant> grants) {
        Set<List<String>> pairs = new LinkedHashSet<>();
        for (Grant grant : grants) {
            grant.actions()
                    .forEach(action -> grant.resources().forEach(resource -> pairs.add(List.of(action, resource))));
        }
        return pairs;
    }

    private static List<String> failures(List<Outcome> outcomes) {
        return outcomes.stream()
                .flatMap(outcome ->
                        outcome.failure().map(text -> outcome.run().mode().name() + ": " + text).stream())
                .toList();
    }

    /** The rows' actions and resources that have allowed nothing in any mode that has the row. */
    private List<String> unused(List<Grant> rows) {
        List<String> unused = new ArrayList<>();
        for (Grant row : rows) {
            Set<String> left = new LinkedHashSet<>(row.actions());
            left.addAll(row.resources());
            for (Outcome outcome : outcomes) {
                if (outcome.run().mode().uses().contains(row.use())) {
                    for (String resource : row.resources()) {
                        Set<List<String>> here = pairs(outcome.run().on().filled(List.of(row.on(List.of(resource)))));
                        here.stream()
                                .filter(outcome.used()::contains)
                                .forEach(pair -> left.removeAll(List.of(pair.get(0), resource)));
                    }
                }
            }
            left.forEach(element -> unused.add(row.use() + ": " + element));
        }
        return unused;
    }

    /** The first mode in which a row has allowed an action. */
    private Mode userOf(Grant row, String action) {
        return outcomes.stream()
                .filter(outcome -> outcome.run().mode().uses().contains(row.use()))
                .filter(outcome -> outcome.run().on().filled(List.of(row)).stream()
                        .flatMap(grant -> grant.resources().stream())
                        .anyMatch(resource -> outcome.used().contains(List.of(action, resource))))
                .map(outcome -> outcome.run().mode())
                .findFirst()
                .orElseThrow(() -> new AssertionError(row.use() + ": " + action + " is not used"));
    }

    /** A run of a mode by its rows of a table. */
    private Run run(Mode mode, List<Grant> rows) {
        String kind = mode.isIn(VERSIONED) ? "versioned" : "plain";
        Resources on = new Resources("orders-" + Account.newName(), places.get(kind), places.get("layer"));
        return new Run(
                mode,
                on,
                on.filled(rows.stream()
                        .filter(row -> mode.uses().contains(row.use()))
                        .toList()));
    }

    private List<Outcome> outcomes(List<Run> runs) throws Exception {
        List<AwsBasicCredentials> users = makeUsers(runs);
        ExecutorService threads = Executors.newFixedThreadPool(SIDE_BY_SIDE);
        try {
            List<Future<Optional<String>>> failures = new ArrayList<>();
            for (int i = 0; i < runs.size(); i++) {
                Run run = runs.get(i);
                AwsBasicCredentials user = users.get(i);
                failures.add(threads.submit(() -> failureOf(run, user)));
            }
            List<Outcome> all = new ArrayList<>();
            for (int i = 0; i < runs.size(); i++) {
                all.add(new Outcome(runs.get(i), failures.get(i).get(), usedBy(runs.get(i), users.get(i))));
            }
            return leftOver(all);
        } finally {
            threads.shutdownNow();
        }
    }

    /** Two deployments, the second with other code and another dependency; one of a large package. */
    private Optional<String> failureOf(Run run, AwsBasicCredentials user) throws Exception {
        Resources on = run.on();
        Optional<String> expected = Optional.ofNullable(run.mode().failure());
        try (Wire wire = new Wire(EMULATOR.endpoint())) {
            if (run.mode().fault() != null) {
                run.mode().fault().on(wire, on);
            }
            if (run.mode().isIn(ROLLBACK)) {
                rollBack(run.on(), user, wire.endpoint());
                return Optional.empty();
            }
            if (run.mode().isIn(RELEASE)) {
                release(run, user, wire.endpoint());
                return Optional.empty();
            }
            deploy(run, user, wire.endpoint(), "one");
            if (!run.mode().isIn(PARTS)) {
                deploy(run, user, wire.endpoint(), "two");
            }
            return expected.map(failure -> "not failed: " + failure);
        } catch (DeployException e) {
            return expected.filter(e.messageWithOutput()::contains).isPresent()
                    ? Optional.empty()
                    : Optional.of(e.getMessage());
        }
    }

    private void rollBack(Resources on, AwsBasicCredentials user, URI endpoint) throws Exception {
        python("""
                client('lambda').publish_version(FunctionName=sys.argv[2])
                client('lambda').create_alias(FunctionName=sys.argv[2], Name='live', FunctionVersion='$LATEST')
                """, on.function());
        KeptLog log = new KeptLog();
        try (AwsSession session = AwsSession.open(settings(endpoint, user, Optional.empty()))) {
            new Rollback(
                            RollbackRequest.of(on.function(), "live", "1", false),
                            session,
                            Rollback.Records.NONE,
                            Rollback.Journal.NONE,
                            DeploymentLocks.NONE,
                            Origin.UNKNOWN,
                            log)
                    .run();
        }
    }

    private void release(Run run, AwsBasicCredentials user, URI endpoint) throws Exception {
        String function = run.on().function();
        python("""
                l = client('lambda')
                l.publish_version(FunctionName=sys.argv[2])
                l.create_alias(FunctionName=sys.argv[2], Name='live', FunctionVersion='1')
                l.update_function_code(FunctionName=sys.argv[2], ZipFile=package('2'))
                l.get_waiter('function_updated_v2').wait(FunctionName=sys.argv[2], WaiterConfig={'Delay': 1})
                l.publish_version(FunctionName=sys.argv[2])
                """, function);
        DeployRequestBuilder request =
                DeployRequest.builder().functionName(function).alias("live");
        run.mode().settings().on(request, run.on());
        KeptLog log = new KeptLog();
        try (AwsSession session = AwsSession.open(settings(endpoint, user, Optional.empty()))) {
            Release release = new Release(
                    request.build(), "2", session, ShiftJournal.inMemory(), Baseline.NONE, Origin.UNKNOWN, log);
            for (Optional<Duration> pause = release.advance(); pause.isPresent(); pause = release.advance()) {
                Thread.sleep(pause.get().toMillis());
            }
        }
        requireAllSeen(log);
    }

    /** What a deployment does without, and says so, where it is denied. */
    private static void requireAllSeen(KeptLog log) throws DeployException {
        if (log.text().contains("are not looked at")) {
            throw new DeployException(log.text());
        }
    }

    private static AwsSettings settings(URI endpoint, AwsBasicCredentials user, Optional<AwsSettings.AssumeRole> role) {
        return new AwsSettings(
                Account.REGION, Optional.of(endpoint), StaticCredentialsProvider.create(user), role, Optional.empty());
    }

    private void deploy(Run run, AwsBasicCredentials user, URI endpoint, String text) throws Exception {
        Mode mode = run.mode();
        Resources on = run.on();
        Project project =
                Project.answering(folder.resolve(on.function()), text).with("node_modules/dep/index.js", "// " + text);
        if (mode.isIn(PARTS)) {
            project.withBallast("ballast-" + text, IN_PARTS);
        }
        DeployRequestBuilder request = DeployRequest.builder()
                .functionNames(on.function())
                .install("none")
                .waitTimeout(60);
        if (mode.creates()) {
            request.create(true)
                    .role("arn:aws:iam::" + EMULATOR.account() + ":role/" + EXECUTION_ROLE)
                    .runtime("nodejs22.x");
        }
        mode.settings().on(request, on);
        Optional<AwsSettings.AssumeRole> role = mode.isIn(ASSUME)
                ? Optional.of(new AwsSettings.AssumeRole(
                        "arn:aws:iam::" + EMULATOR.account() + ":role/" + on.function(), Optional.empty(), "deploy"))
                : Optional.empty();
        KeptLog log = new KeptLog();
        try (LocalWorkspace workspace =
                        new LocalWorkspace(project.folder(), System.getenv(), new HttpSender(log), log);
                AwsSession session = AwsSession.open(settings(endpoint, user, role))) {
            new Deployment(request.build(), workspace, session, DeploymentContext.NONE, log).run();
            requireAllSeen(log);
        }
    }

    private Set<List<String>> usedBy(Run run, AwsBasicCredentials user) throws Exception {
        Set<List<String>> used = new LinkedHashSet<>();
        for (JsonNode pair : JSON.readTree(EMULATOR.used(user.accessKeyId()))) {
            used.add(List.of(pair.get(0).asText(), pair.get(1).asText()));
        }
        return used;
    }

    /** A deployment that has done its work and leaves an upload, a layer version or a version, which it should not, has failed too. */
    private List<Outcome> leftOver(List<Outcome> all) throws Exception {
        String[] functions =
                all.stream().map(outcome -> outcome.run().on().function()).toArray(String[]::new);
        JsonNode left = JSON.readTree(python(
                """
                uploads = [u['Key'] for b in (json.loads(sys.argv[2])) for u in
                           client('s3').list_multipart_uploads(Bucket=b).get('Uploads', [])]
                def versions(f):
                    try:
                        found = client('lambda').list_versions_by_function(FunctionName=f)['Versions']
                        return sum(v['Version'] != '$LATEST' for v in found)
                    except client('lambda').exceptions.ResourceNotFoundException:
                        return 0
                print(json.dumps({f: {'uploads': sum('/' + f + '/' in u for u in uploads), 'layers': len(
                    client('lambda').list_layer_versions(LayerName=f + '-dependencies')['LayerVersions']), 'versions': versions(f)}
                    for f in sys.argv[3:]}))
                """,
                Stream.concat(
                                Stream.of(
                                        JSON.writeValueAsString(List.of(places.get("plain"), places.get("versioned")))),
                                Stream.of(functions))
                        .toArray(String[]::new)));
        List<Outcome> judged = new ArrayList<>();
        for (Outcome outcome : all) {
            JsonNode here = left.get(outcome.run().on().function());
            boolean isLeft = here.get("uploads").asInt() > 0
                    || outcome.run().mode().isIn(KEEP) && here.get("layers").asInt() != 1
                    || outcome.run().mode().isIn(KEEP_VERSIONS)
                            && here.get("versions").asInt() != 1;
            judged.add(
                    isLeft && outcome.failure().isEmpty()
                            ? new Outcome(outcome.run(), Optional.of("left over: " + here), outcome.used())
                            : outcome);
        }
        return judged;
    }

    /** Two buckets, a layer of somebody else's, and the functions' execution role. */
    private Map<String, String> makePlaces() throws Exception {
        JsonNode made = JSON.readTree(python("""
                s3, places = client('s3'), {}
                for kind in 'plain', 'versioned':
                    places[kind] = sys.argv[2] + '-' + kind
                    s3.create_bucket(Bucket=places[kind], CreateBucketConfiguration={'LocationConstraint': 'eu-west-1'})
                s3.put_bucket_versioning(Bucket=places['versioned'], VersioningConfiguration={'Status': 'Enabled'})
                places['layer'] = client('lambda').publish_layer_version(
                    LayerName=sys.argv[2] + '-shared', Content={'ZipFile': package()})['LayerVersionArn']
                role(sys.argv[3], {'Service': 'lambda.amazonaws.com'})
                client('cloudwatch').put_metric_alarm(AlarmName=sys.argv[4], Namespace='Orders', MetricName='Errors',
                    Statistic='Sum', Period=60, EvaluationPeriods=1, Threshold=1, ComparisonOperator='GreaterThanThreshold')
                print(json.dumps(places))
                """, "b" + Account.newName(), EXECUTION_ROLE, ALARM));
        Map<String, String> all = new LinkedHashMap<>();
        made.properties()
                .forEach(field -> all.put(field.getKey(), field.getValue().asText()));
        return all;
    }

    /** A user for each run with its policy, and its functions where they are not created; the keys of the users. */
    private List<AwsBasicCredentials> makeUsers(List<Run> runs) throws Exception {
        List<Map<String, Object>> wanted = new ArrayList<>();
        for (Run run : runs) {
            boolean assumes = run.mode().isIn(ASSUME);
            wanted.add(Map.of(
                    "name",
                    run.on().function(),
                    "exists",
                    !run.mode().creates(),
                    "policy",
                    policy(run.policy().stream()
                            .filter(grant -> !assumes || grant.use().equals(ASSUME))
                            .toList()),
                    "role",
                    assumes
                            ? policy(run.policy().stream()
                                    .filter(grant -> !grant.use().equals(ASSUME))
                                    .toList())
                            : ""));
        }
        String keys = python("""
                iam, l = client('iam'), client('lambda')
                for run in json.loads(sys.argv[2]):
                    name = run['name']
                    iam.create_user(UserName=name)
                    if run['policy']:
                        iam.put_user_policy(UserName=name, PolicyName='p', PolicyDocument=run['policy'])
                    if run['role']:
                        role(name, {'AWS': 'arn:aws:iam::' + sys.argv[4] + ':root'})
                        iam.put_role_policy(RoleName=name, PolicyName='p', PolicyDocument=run['role'])
                    for function in (name, name + '-too') if run['exists'] else ():
                        l.create_function(FunctionName=function, Runtime='nodejs22.x', Handler='index.handler',
                                          Role='arn:aws:iam::' + sys.argv[4] + ':role/' + sys.argv[3],
                                          Code={'ZipFile': package()})
                    key = iam.create_access_key(UserName=name)['AccessKey']
                    print(key['AccessKeyId'], key['SecretAccessKey'])
                """, JSON.writeValueAsString(wanted), EXECUTION_ROLE, EMULATOR.account());
        return keys.lines()
                .map(key -> AwsBasicCredentials.create(key.split(" ")[0], key.split(" ")[1]))
                .toList();
    }

    /** A policy's JSON; empty where it allows nothing. */
    private static String policy(List<Grant> grants) throws Exception {
        List<Map<String, Object>> statements = new ArrayList<>();
        for (Grant grant : grants) {
            if (!grant.actions().isEmpty()) {
                statements.add(Map.of("Effect", "Allow", "Action", grant.actions(), "Resource", grant.resources()));
            }
        }
        return statements.isEmpty()
                ? ""
                : JSON.writeValueAsString(Map.of("Version", "2012-10-17", "Statement", statements));
    }

    private static String python(String script, String... arguments) {
        return Program.python(
                """
                import boto3, io, json, sys, zipfile
                def client(service):
                    return boto3.client(service, endpoint_url=sys.argv[1], region_name='eu-west-1',
                                        aws_access_key_id='test', aws_secret_access_key='test')
                def package(text='1'):
                    content = io.BytesIO()
                    with zipfile.ZipFile(content, 'w') as z:
                        z.writestr('index.js', 'exports.handler = async () => "%s"' % text)
                    return content.getvalue()
                def role(name, principal):
                    client('iam').create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({'Version': '2012-10-17',
                        'Statement': [{'Effect': 'Allow', 'Action': 'sts:AssumeRole', 'Principal': principal}]}))
                """ + script,
                Stream.concat(Stream.of(EMULATOR.endpoint().toString()), Stream.of(arguments))
                        .toArray(String[]::new));
    }
}
