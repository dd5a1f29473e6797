package io.jenkins.plugins.lambdanode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import com.sun.net.httpserver.HttpServer;
import hudson.ProxyConfiguration;
import hudson.model.FreeStyleBuild;
import hudson.model.FreeStyleProject;
import hudson.model.Label;
import hudson.model.Result;
import hudson.model.Run;
import hudson.model.Slave;
import hudson.tasks.Shell;
import hudson.util.Secret;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import io.jenkins.plugins.lambdanode.testing.jenkins.Builds;
import io.jenkins.plugins.lambdanode.testing.jenkins.TcpProxy;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import java.util.stream.Stream;
import java.util.zip.ZipInputStream;
import org.jenkinsci.plugins.credentialsbinding.impl.SecretBuildWrapper;
import org.jenkinsci.plugins.credentialsbinding.impl.StringBinding;
import org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/**
 * Secrets in every place where one can be, and then a search through everything that was written anywhere: none is found.
 * AgentIsolationTest searches the agent's memory.
 */
@WithJenkins
@ExtendWith(EmulatorExtension.class)
class SecretsTest {

    /** Writes down the machine's command lines and its own environment, as a package's script can. */
    private static final String RECORD_SCRIPT = "const fs = require(\"fs\");\n"
            + "let lines = \"\";\n"
            + "for (const pid of fs.readdirSync(\"/proc\").filter((name) => /^[0-9]+$/.test(name))) {\n"
            + "  try { lines += fs.readFileSync(`/proc/${pid}/cmdline`, \"latin1\").replace(/\\0/g, \" \") + \"\\n\"; } catch {}\n"
            + "}\n"
            + "const [name, said] = [process.argv[2], process.argv[3] ? fs.readFileSync(0, \"utf8\") : \"\"];\n"
            + "fs.writeFileSync(`${process.env.EVIDENCE}/${name}-processes`, lines);\n"
            + "fs.writeFileSync(`${process.env.EVIDENCE}/${name}-environment`, fs.readFileSync(\"/proc/self/environ\"));\n"
            + "fs.writeFileSync(`${process.env.EVIDENCE}/${name}-said`,"
            + " require(\"crypto\").createHash(\"sha256\").update(said).digest(\"hex\"));\n"
            + "console.log(process.env);\n";

    /** A project whose .npmrc has a token, whose scripts look around and print all they see, and that leaves .npmrc out. */
    private static final String WRITE_PROJECT = Builds.WRITE_PROJECT
            + "writeFile file: 'fn/record.js', text: '''" + RECORD_SCRIPT.replace("\\", "\\\\") + "'''\n"
            + "sh 'echo \"//127.0.0.1:9/:_authToken=$NPM_TOKEN\" > fn/.npmrc'\n"
            + "writeFile file: 'fn/package.json', text: '{\"scripts\":{\"preinstall\":\"node record.js npm\"}}'\n";

    private static final String SDK = "software.amazon.awssdk";

    private final Map<String, String> secrets = new TreeMap<>();
    private final StringBuffer logged = new StringBuffer();
    private final StringBuffer loggedBySdk = new StringBuffer();
    private final Logger logger = Logger.getLogger("io.jenkins.plugins.lambdanode");
    private final Logger sdk = Logger.getLogger(SDK);
    private final Recorder recorder = new Recorder();

    @TempDir
    private Path evidence;

    private JenkinsRule jenkins;
    private Slave agent;

    @BeforeEach
    void setUp(JenkinsRule rule) throws Exception {
        jenkins = rule;
        agent = Builds.startAgent(jenkins);
        logger.setLevel(Level.ALL);
        logger.addHandler(recorder);
        sdk.setLevel(Level.ALL);
        Logger.getLogger("").addHandler(recorder);
        String[] user = Aws.newUser();
        Aws.addCredentials("marked", secret("access key", user[0]), secret("secret key", user[1]));
        Aws.addCredentials(
                "unknown", secret("unknown access key", "AKIAMARKEDANDUNKNOWN"), secret("unknown secret key", mark()));
        String[] session = Aws.newSession();
        addText("session-key", secret("session's access key", session[0]));
        addText("session-secret", secret("session's secret key", session[1]));
        addText("session-token", secret("session token", session[2]));
        addText("npm-token", secret("npm token", "npm_" + mark()));
        addText("db-password", secret("variable of the function", mark()));
        jenkins.jenkins.setProxy(
                new ProxyConfiguration("127.0.0.1", 9, "proxy-user", secret("proxy's password", mark()), "127.0.0.1"));
    }

    @AfterEach
    void stopRecording() {
        Logger.getLogger("").removeHandler(recorder);
        logger.removeHandler(recorder);
        logger.setLevel(null);
        sdk.setLevel(null);
    }

    private static String mark() {
        return "marked-" + UUID.randomUUID();
    }

    private String secret(String name, String value) {
        secrets.put(name, value);
        return value;
    }

    private static void addText(String id, String value) throws IOException {
        SystemCredentialsProvider.getInstance()
                .getCredentials()
                .add(new StringCredentialsImpl(CredentialsScope.GLOBAL, id, "for tests", Secret.fromString(value)));
        SystemCredentialsProvider.getInstance().save();
    }

    private WorkflowRun build(String name, String steps, Result expected) throws Exception {
        return Builds.run(
                jenkins,
                name,
                "node('agent') { withEnv(['EVIDENCE=" + evidence + "']) {\n"
                        + "withCredentials([string(credentialsId: 'npm-token', variable: 'NPM_TOKEN'),"
                        + " string(credentialsId: 'db-password', variable: 'DB_PASSWORD')]) {\n"
                        + steps + "\n} } }",
                expected);
    }

    private static String deploy(String function, String more) {
        return "lambdaNodeDeploy functionName: '" + function + "', dir: 'fn', create: [role: '" + Aws.ROLE
                + "', environment: 'DB_PASSWORD=${DB_PASSWORD}']" + more + "\n";
    }

    private static String staged() {
        return ", s3Threshold: 0, s3Bucket: '" + Aws.BUCKET + "'";
    }

    @Test
    void deploymentsWriteNoSecretAnywhere() throws Exception {
        String role = Aws.newRole("marked");
        WorkflowRun run = build(
                "good",
                WRITE_PROJECT
                        + deploy("secrets-direct", ", credentialsId: 'marked'")
                        + deploy("secrets-staged", ", credentialsId: 'marked'" + staged())
                        + deploy(
                                "secrets-role",
                                ", credentialsId: 'marked', roleArn: '" + role + "', externalId: 'marked'")
                        + "withCredentials([string(credentialsId: 'session-key', variable: 'AWS_ACCESS_KEY_ID'),"
                        + " string(credentialsId: 'session-secret', variable: 'AWS_SECRET_ACCESS_KEY'),"
                        + " string(credentialsId: 'session-token', variable: 'AWS_SESSION_TOKEN')]) {\n"
                        + deploy("secrets-session", staged()) + "}\n"
                        + deploy(
                                "secrets-shell",
                                ", credentialsId: 'marked', install: 'echo \"$NPM_TOKEN\" | node record.js shell stdin'"),
                Result.SUCCESS);

        jenkins.assertLogContains("NPM_TOKEN: '****'", run);
        assertEquals(
                sha256(secrets.get("npm token") + "\n"),
                Files.readString(evidence.resolve("shell-said")),
                "the shell puts the variable in");
        try (var lambda = Aws.lambda()) {
            assertEquals(
                    secrets.get("variable of the function"),
                    lambda.getFunctionConfiguration(request -> request.functionName("secrets-direct"))
                            .environment()
                            .variables()
                            .get("DB_PASSWORD"));
        }
        String processes = Files.readString(evidence.resolve("shell-processes"), StandardCharsets.ISO_8859_1);
        assertTrue(processes.contains("node record.js shell stdin"), processes);
        assertNoSecretIn(
                "npm's environment",
                Files.readAllBytes(evidence.resolve("npm-environment")),
                "npm token",
                "variable of the function");
        assertNoSecretAnywhere(run);
    }

    @Test
    void aFreestyleBuildWritesNoSecretAnywhere() throws Exception {
        FreeStyleProject project = jenkins.createFreeStyleProject("freestyle");
        project.setAssignedLabel(Label.get("agent"));
        project.getBuildWrappersList()
                .add(new SecretBuildWrapper(List.of(
                        new StringBinding("NPM_TOKEN", "npm-token"),
                        new StringBinding("DB_PASSWORD", "db-password"),
                        new StringBinding("AWS_ACCESS_KEY_ID", "session-key"),
                        new StringBinding("AWS_SECRET_ACCESS_KEY", "session-secret"),
                        new StringBinding("AWS_SESSION_TOKEN", "session-token"))));
        project.getBuildersList()
                .add(new Shell("cat > record.js <<'END'\n" + RECORD_SCRIPT + "END\n"
                        + "echo 'exports.handler = async () => 1;' > index.js\n"
                        + "echo '{\"scripts\":{\"preinstall\":\"EVIDENCE=" + evidence
                        + " node record.js npm\"}}' > package.json\n"
                        + "echo \"//127.0.0.1:9/:_authToken=$NPM_TOKEN\" > .npmrc\n"));
        LambdaNodeDeployStep settings = new LambdaNodeDeployStep("secrets-freestyle");
        FunctionConfiguration create = new FunctionConfiguration(Aws.ROLE);
        create.setEnvironment("DB_PASSWORD=$DB_PASSWORD");
        settings.setCreate(create);
        project.getBuildersList().add(new LambdaNodeDeployBuilder(settings));

        FreeStyleBuild build = jenkins.buildAndAssertStatus(Result.SUCCESS, project);

        jenkins.assertLogContains("NPM_TOKEN: '****'", build);
        assertTrue(Aws.function("secrets-freestyle").isPresent());
        assertNoSecretAnywhere(build);
    }

    @Test
    void deploymentsThatAreRefusedWriteNoSecretAnywhere() throws Exception {
        HttpServer quoting = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        // As AWS does where a signature is wrong: its answer quotes what was to be signed.
        quoting.createContext("/", exchange -> {
            boolean toS3 = exchange.getRequestURI().getPath().startsWith("/" + Aws.BUCKET);
            boolean upload = exchange.getRequestMethod().equals("PUT");
            String quoted = exchange.getRequestURI() + " " + Map.copyOf(exchange.getRequestHeaders());
            String message =
                    "The request signature we calculated does not match the signature you provided. The Canonical"
                            + " String for this request should have been '" + quoted.replaceAll("[<>&\"\\\\]", " ")
                            + "'";
            String body = toS3
                    ? "<Error><Code>SignatureDoesNotMatch</Code><Message>The request signature does not match.</Message>"
                            + "<CanonicalRequest>" + message + "</CanonicalRequest></Error>"
                    : "{\"message\":\"" + message + "\"}";
            exchange.getRequestBody().readAllBytes();
            exchange.getResponseHeaders().add("x-amzn-ErrorType", "InvalidSignatureException");
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            boolean head = exchange.getRequestMethod().equals("HEAD");
            exchange.sendResponseHeaders(toS3 && !upload ? head ? 200 : 404 : 403, head ? -1 : bytes.length);
            if (!head) {
                exchange.getResponseBody().write(bytes);
            }
            exchange.close();
        });
        quoting.start();
        try (TcpProxy cut = new TcpProxy("127.0.0.1", Aws.endpoint().getPort()).cutAt("X-Amz-Signature")) {
            String elsewhere =
                    ", endpointUrl: 'http://127.0.0.1:" + quoting.getAddress().getPort() + "'";
            String session = "withCredentials([string(credentialsId: 'session-key', variable: 'AWS_ACCESS_KEY_ID'),"
                    + " string(credentialsId: 'session-secret', variable: 'AWS_SECRET_ACCESS_KEY'),"
                    + " string(credentialsId: 'session-token', variable: 'AWS_SESSION_TOKEN')]) {\n";
            List<WorkflowRun> runs = List.of(
                    build(
                            "unknown",
                            WRITE_PROJECT + deploy("secrets-unknown", ", credentialsId: 'unknown'"),
                            Result.FAILURE),
                    build(
                            "quoted",
                            WRITE_PROJECT + session + deploy("secrets-quoted", elsewhere) + "}",
                            Result.FAILURE),
                    build(
                            "cut",
                            WRITE_PROJECT
                                    + deploy(
                                            "secrets-cut",
                                            ", credentialsId: 'marked', endpointUrl: '" + cut.url() + "'" + staged()),
                            Result.FAILURE),
                    build(
                            "npm",
                            WRITE_PROJECT
                                    + deploy(
                                            "secrets-npm",
                                            ", credentialsId: 'marked', install: 'env; echo \"$NPM_TOKEN\";"
                                                    + " printf \"%4090s%s\\\\n\" x \"$NPM_TOKEN\"; exit 3'"),
                            Result.FAILURE),
                    build(
                            "smoke-test",
                            WRITE_PROJECT
                                    + "writeFile file: 'fn/index.js', text: 'exports.handler = async (event) => {"
                                    + " console.log(\"got \" + event.token); console.log(\"-\".repeat(480) + event.token);"
                                    + " throw new Error(\"bad \" + event.token) };'\n"
                                    + deploy(
                                            "secrets-smoke-test",
                                            ", credentialsId: 'marked', publish: true,"
                                                    + " smokeTest: [payload: '{\"token\": \"${NPM_TOKEN}\"}']"),
                            Result.FAILURE));

            jenkins.assertLogContains("bad ****", runs.get(4));
            jenkins.assertLogContains("does not match the signature", runs.get(1));
            jenkins.assertLogContains("could not be staged at", runs.get(2));
            jenkins.assertLogContains("x****[...]", runs.get(3));
            jenkins.assertLogContains("--****[...]", runs.get(4));
            // The beginnings and ends of secrets, where a long line was cut.
            secret("beginning of a cut npm token", secrets.get("npm token").substring(0, 7));
            secret("end of a cut npm token", secrets.get("npm token").substring(30));
            for (WorkflowRun run : runs) {
                assertNoSecretAnywhere(run);
            }
        } finally {
            quoting.stop(0);
        }
    }

    private static String sha256(String text) throws Exception {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().formatHex(digest);
    }

    /** All that Jenkins and its agent have on disk, what was logged at every level, and what the pages show. */
    private void assertNoSecretAnywhere(Run<?, ?> run) throws Exception {
        search(jenkins.jenkins.getRootDir().toPath());
        search(Path.of(agent.getRemoteFS()));
        search(evidence);
        assertNoSecretIn("what was logged", logged.toString().getBytes(StandardCharsets.UTF_8));
        // Asked for all, it logs the requests that it signs, and URLs; docs/credentials.md warns of that.
        assertTrue(loggedBySdk.indexOf("AWS4 Canonical Request") >= 0);
        assertNoSecretOf("what the AWS SDK logged", loggedBySdk.toString(), "access key", "session token");
        JenkinsRule.WebClient client = jenkins.createWebClient();
        for (String page : List.of("", "lambda/", "lambda/api/xml", "consoleFull", "api/xml?depth=3")) {
            String type = page.contains("api/") ? "application/xml" : "text/html";
            byte[] content = client.goTo(run.getUrl() + page, type)
                    .getWebResponse()
                    .getContentAsStream()
                    .readAllBytes();
            assertNoSecretIn("the page " + page, content);
        }
    }

    private void search(Path folder) throws IOException {
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path inside, BasicFileAttributes attributes) {
                // Jenkins's keys, and what is no build's: plugins, and the classes of the Jenkins under test.
                boolean foreign = List.of("secrets", "plugins", "war")
                                .contains(inside.getFileName().toString())
                        && inside.getParent().equals(folder);
                return foreign ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                String name = file.getFileName().toString();
                if (!attributes.isRegularFile() || name.equals(".npmrc") || name.endsWith("-environment")) {
                    // Written by the build itself, and what a command is given.
                    return FileVisitResult.CONTINUE;
                }
                byte[] content;
                try {
                    content = Files.readAllBytes(file);
                } catch (NoSuchFileException e) {
                    return visitFileFailed(file, e);
                }
                // Of the credentials themselves access keys are no secret: they are kept, and tracked, by them.
                boolean credentials = name.equals("credentials.xml") || file.startsWith(folder.resolve("fingerprints"));
                assertNoSecretIn(file.toString(), content, credentials ? new String[] {"access key"} : new String[0]);
                if (content.length > 4 && content[0] == 'P' && content[1] == 'K' && content[2] == 3) {
                    assertNoSecretInZip(file.toString(), content);
                }
                return FileVisitResult.CONTINUE;
            }

            /** Jenkins goes on: a file that it writes is put in its place under another name. */
            @Override
            public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
                if (failure instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw failure;
            }
        });
    }

    private void assertNoSecretInZip(String name, byte[] content) throws IOException {
        try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(content))) {
            for (var entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                assertFalse(entry.getName().endsWith(".npmrc"), name);
                assertNoSecretIn(name + "!" + entry.getName(), zip.readAllBytes());
            }
        }
    }

    /** @param but the names of secrets that may be there end so */
    private void assertNoSecretIn(String where, byte[] content, String... but) {
        String text = new String(content, StandardCharsets.ISO_8859_1);
        assertNoSecretOf(where, text, but);
        assertFalse(
                text.contains("X-Amz-Signature=") || text.contains("X-Amz-Security-Token="),
                "A signature is in " + where);
    }

    private void assertNoSecretOf(String where, String text, String... but) {
        secrets.forEach((name, value) -> {
            if (Stream.of(but).noneMatch(name::endsWith)) {
                for (String form : List.of(
                        value,
                        URLEncoder.encode(value, StandardCharsets.UTF_8),
                        Base64.getEncoder().withoutPadding().encodeToString(value.getBytes(StandardCharsets.UTF_8)))) {
                    assertFalse(text.contains(form), "The " + name + " is in " + where);
                }
            }
        });
    }

    private final class Recorder extends Handler {
        private final Formatter formatter = new SimpleFormatter();

        Recorder() {
            setLevel(Level.ALL);
        }

        @Override
        public void publish(LogRecord entry) {
            StringBuffer log = String.valueOf(entry.getLoggerName()).startsWith(SDK) ? loggedBySdk : logged;
            log.append(formatter.format(entry));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }
}
