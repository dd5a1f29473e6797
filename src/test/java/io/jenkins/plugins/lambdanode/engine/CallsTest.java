package io.jenkins.plugins.lambdanode.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.report.DeployResult;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequestBuilder;
import io.jenkins.plugins.lambdanode.testing.Account;
import io.jenkins.plugins.lambdanode.testing.Emulator;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.KeptLog;
import io.jenkins.plugins.lambdanode.testing.Project;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The table of calls in docs/benchmarks.md is what a proxy counts, but for the reads that wait for an update to be in force. */
@ExtendWith(EmulatorExtension.class)
class CallsTest {

    private static final Account ACCOUNT = new Account(Emulator.MINISTACK);

    @RegisterExtension
    final ObservedAws aws = new ObservedAws(Emulator.MINISTACK);

    @TempDir
    Path folder;

    private DeployRequestBuilder request(String function) throws Exception {
        return DeployRequest.builder().functionNames(function).install("none").waitTimeout(60);
    }

    private String counted(Project project, DeployRequestBuilder request) throws Exception {
        int before = aws.requests().size();
        DeployResult result =
                Orders.at(aws.endpoint(), ACCOUNT.role(), new KeptLog()).deploy(project.folder(), request.build());
        List<String> asked = aws.requests().subList(before, aws.requests().size());
        long calls = IntStream.range(0, asked.size())
                .filter(i -> i == 0
                        || !asked.get(i).endsWith("/configuration")
                        || !asked.get(i).equals(asked.get(i - 1)))
                .count();
        assertTrue(
                result.sentBytes() == 0
                        || result.sentBytes() == result.packaged().zippedBytes(),
                result.sentBytes() + " bytes");
        return calls + " | " + (result.sentBytes() == 0 ? "none" : "the package");
    }

    @Test
    void eachModeMakesTheCallsThatThePageSays() throws Exception {
        String function = ACCOUNT.newFunction("former");
        String bucket = ACCOUNT.newBucket();
        Project small = Project.answering(folder.resolve("small"), "small");
        Project other = Project.answering(folder.resolve("other"), "other").withBallast("ballast.bin", 1 << 20);
        Project large = Project.answering(folder.resolve("large"), "large").withBallast("ballast.bin", 20 << 20);

        Map<String, String> page = Files.readAllLines(Path.of("docs", "benchmarks.md")).stream()
                .filter(line -> line.matches("\\| [^|]+ \\| \\d+ \\| (none|the package) \\|"))
                .map(line -> line.substring(2, line.length() - 2).split(" \\| ", 2))
                .collect(Collectors.toMap(row -> row[0], row -> row[1]));

        assertEquals(
                page,
                Map.of(
                        "straight to Lambda", counted(small, request(function)),
                        "unchanged", counted(small, request(function)),
                        "through S3",
                                counted(
                                        other,
                                        request(function).s3Bucket(bucket).s3Threshold(0L)),
                        "through S3 in parts, 20 MB",
                                counted(large, request(function).s3Bucket(bucket)),
                        "straight to Lambda, version and alias",
                                counted(small, request(function).alias("live")),
                        "unchanged, version and alias",
                                counted(small, request(function).alias("live"))));
    }
}
