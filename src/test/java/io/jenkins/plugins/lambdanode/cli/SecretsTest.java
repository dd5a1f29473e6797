package io.jenkins.plugins.lambdanode.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.testing.Account;
import io.jenkins.plugins.lambdanode.testing.Emulator;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.Program;
import io.jenkins.plugins.lambdanode.testing.Project;
import io.jenkins.plugins.lambdanode.testing.Wire;
import io.jenkins.plugins.lambdanode.testing.Wire.Answer;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Secrets that are marked go wherever a deployment takes some, AWS and a proxy quote them in their answers, and then everything
 * that was written is searched, with debugging on.
 */
@ExtendWith(EmulatorExtension.class)
class SecretsTest {

    private static final String ACCESS_KEY = "AKIAMARKEDACCESSKEY1";
    private static final String SECRET_KEY = "MARKEDsecret/key+of==forty/characters+++";
    private static final String SESSION_TOKEN = "MARKEDsession//token+with/everything==";
    private static final String NPM_TOKEN = "npm_MARKEDtokenOfTheRegistry";
    private static final List<String> SECRETS = List.of(ACCESS_KEY, SECRET_KEY, SESSION_TOKEN, NPM_TOKEN);

    private static final String CANONICAL =
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key."
                    + "\\n\\nThe Canonical String for this request should have been\\n'PUT\\n/x\\n\\nhost:x\\nx-amz-security-token:"
                    + SESSION_TOKEN + "\\n\\nhost'\\n\\nThe String-to-Sign should have been\\n'AWS4-HMAC-SHA256 "
                    + ACCESS_KEY + "'";

    private static final String URL = "https://b.s3.amazonaws.com/k?X-Amz-Credential=" + ACCESS_KEY
            + "%2F20260101&amp;X-Amz-Security-Token=" + encoded(SESSION_TOKEN) + "&amp;X-Amz-Signature=MARKEDsignature";

    private static final String SIGNED_HEADER = "X-Amz-Security-Token: " + SESSION_TOKEN;

    private static final Account ACCOUNT = new Account(Emulator.MOTO);

    @TempDir
    Path home;

    private final String name = Account.newName();
    private Project project;
    private final StringBuilder written = new StringBuilder();

    @BeforeEach
    void makeProject() throws Exception {
        Emulator.MOTO.accept(ACCESS_KEY, SECRET_KEY, SESSION_TOKEN);
        project = Project.answering(home.resolve("project"), "first")
                .with(
                        ".npmrc",
                        "//127.0.0.1:9/:_authToken=" + NPM_TOKEN + "\nregistry=http://127.0.0.1:9/\nfetch-retries=0\n")
                .with(
                        "package.json",
                        "{\"scripts\": {\"preinstall\": \"cat /proc/[0-9]*/cmdline > ../processes.txt 2> /dev/null || true\"}}")
                .withBallast("ballast.bin", 17 << 20);
        Files.createDirectory(home.resolve("tmp"));
    }

    private Program deploy(Wire wire, String... more) {
        Map<String, String> variables = new HashMap<>(Map.of(
                "AWS_ACCESS_KEY_ID", ACCESS_KEY,
                "AWS_SECRET_ACCESS_KEY", SECRET_KEY,
                "AWS_SESSION_TOKEN", SESSION_TOKEN,
                "AWS_REGION", Account.REGION,
                "NPM_TOKEN", NPM_TOKEN,
                "LAMBDA_NODE_DEPLOY_DEBUG", "1"));
        List<String> arguments = new ArrayList<>(List.of(
                "deploy",
                "--function-name",
                name,
                "--create",
                "--role",
                ACCOUNT.role(),
                "--publish",
                "--alias",
                "live",
                "--endpoint-url",
                wire.endpoint().toString(),
                "--cache",
                home.resolve("cache").toString(),
                "--result",
                home.resolve("record.json").toString()));
        arguments.addAll(List.of(more));
        Program run = CommandLineRun.inProcess(
                project.folder(),
                variables,
                List.of("-Djava.io.tmpdir=" + home.resolve("tmp")),
                arguments.toArray(new String[0]));
        written.append(run.out()).append(run.err());
        return run;
    }

    @Test
    void noneIsFoundInAnythingThatIsWritten() throws Exception {
        String bucket = ACCOUNT.newBucket();
        try (Wire wire = new Wire(Emulator.MOTO.endpoint())
                .next("PUT /" + bucket, Answer.ofS3(503, "SlowDown", "Slow down: " + URL))
                .next(
                        "POST /2015-03-31/functions",
                        Answer.ofLambda(503, "ServiceException", "Not now: " + SIGNED_HEADER))) {
            Program done = deploy(wire, "--s3-bucket", bucket);
            assertEquals(0, done.status(), done.err());
            assertTrue(wire.allHappened());
            assertTrue(done.err().contains("Sending again: PUT ") && done.err().contains("Trying again"), done.err());
        }
        project.with("index.js", Project.handler("second"));
        failing(new Wire(Emulator.MOTO.endpoint())
                .otherwise(line -> line.startsWith("GET /2015")
                        ? Optional.of(Answer.ofLambda(403, "InvalidSignatureException", CANONICAL))
                        : Optional.empty()));
        failing(
                new Wire(Emulator.MOTO.endpoint())
                        .otherwise(line -> line.matches("(PUT|HEAD|POST) /" + bucket + ".*zip.*")
                                ? Optional.of(Answer.ofS3(403, "SignatureDoesNotMatch", CANONICAL.replace("\\n", "\n")))
                                : Optional.empty()),
                "--s3-bucket",
                bucket);
        failing(new Wire(Emulator.MOTO.endpoint()), "--install", "npm view left-pad");

        isNowhereIn("standard output and error", written.toString());
        isNowhereIn(
                "the processes' command lines",
                Files.readString(home.resolve("processes.txt"), StandardCharsets.ISO_8859_1));
        int packages = 0;
        for (String file : Program.run("find", home.toString(), "-type", "f")
                .successful()
                .out()
                .lines()
                .toList()) {
            if (!file.endsWith("/.npmrc") && !file.endsWith("/ballast.bin")) {
                isNowhereIn(file, Files.readString(Path.of(file), StandardCharsets.ISO_8859_1));
            }
            if (isZip(Path.of(file))) {
                packages++;
                isNowhereIn(
                        "what is in " + file,
                        Program.run("unzip", "-p", file, "-x", "ballast.bin")
                                .successful()
                                .out());
                assertTrue(Program.run("unzip", "-Z1", file).out().lines().noneMatch(".npmrc"::equals));
            }
        }
        assertTrue(packages > 0, "no package was looked into");
        // The lock of a folder stays, and is empty.
        assertEquals(
                "",
                Program.run(
                                "find",
                                home.resolve("tmp").toString(),
                                "-mindepth",
                                "1",
                                "-not",
                                "(",
                                "-name",
                                "*.lock",
                                "-empty",
                                ")")
                        .out());
    }

    private static boolean isZip(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return new String(in.readNBytes(4), StandardCharsets.ISO_8859_1).equals("PK\u0003\u0004");
        }
    }

    private void failing(Wire wire, String... more) throws Exception {
        try (wire) {
            Program failed = deploy(wire, more);
            assertEquals(1, failed.status(), failed.err());
            assertTrue(failed.err().contains("\tat "), "debugging is on: " + failed.err());
        }
    }

    private static void isNowhereIn(String place, String text) {
        for (String secret : SECRETS) {
            for (String form : List.of(secret, encoded(secret), base64(secret), secret.substring(0, 14))) {
                assertTrue(!text.contains(form), () -> form + " is in " + place + ":\n" + around(text, form));
            }
        }
        assertTrue(
                !text.contains("MARKEDsignature"),
                () -> "a signature is in " + place + ":\n" + around(text, "MARKEDsig"));
        assertTrue(!text.contains("X-Amz-Signature="), () -> "a signed URL is in " + place);
    }

    private static String around(String text, String form) {
        int at = text.indexOf(form);
        return text.substring(Math.max(0, at - 300), Math.min(text.length(), at + 100));
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static String base64(String text) {
        return Base64.getEncoder()
                .encodeToString(text.getBytes(StandardCharsets.UTF_8))
                .substring(0, 18);
    }
}
