package io.jenkins.plugins.lambdanode.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult;
import io.jenkins.plugins.lambdanode.engine.report.DeploymentJson;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import io.jenkins.plugins.lambdanode.testing.Account;
import io.jenkins.plugins.lambdanode.testing.Emulator;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.Project;
import io.jenkins.plugins.lambdanode.testing.Wire;
import io.jenkins.plugins.lambdanode.testing.Wire.Answer;
import io.jenkins.plugins.lambdanode.testing.Wire.Deed;
import io.jenkins.plugins.lambdanode.testing.Wire.Fault;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Hundreds of deployments one after another and side by side, of ten functions in every way there is, while one call in ten
 * fails at random. {@code make soak} runs it, with a temporary folder of its own.
 *
 * <p>A deployment that fails all the same is run again, as its message says; that is counted and printed.
 */
@Tag("soak")
@ExtendWith(EmulatorExtension.class)
class SoakTest {

    private static final Account ACCOUNT = new Account(Emulator.MINISTACK);
    private static final int DEPLOYMENTS = Integer.getInteger("soak.deployments", 500);
    private static final long SEED = Long.getLong("soak.seed", System.nanoTime());
    private static final int FUNCTIONS = 10;
    private static final int THREADS = 4;
    private static final int LARGE = 17 << 20;

    /** What the garbage collector has to find first: the JDK 17 client's threads end with the client. */
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

    @TempDir
    Path folder;

    private final String bucket = ACCOUNT.newBucket();
    private final AtomicInteger calls = new AtomicInteger();
    private final AtomicInteger repeated = new AtomicInteger();
    private final Map<String, AtomicInteger> faults = new ConcurrentSkipListMap<>();
    private final Map<String, String> records = new ConcurrentHashMap<>();

    @Test
    void everyFunctionIsAsItsLastRecordSaysAndNothingIsLeftOver() throws Exception {
        System.out.println("Soak: seed " + SEED + ", " + DEPLOYMENTS + " deployments");
        long begun = System.nanoTime();
        List<String> names = Stream.generate(Account::newName).limit(FUNCTIONS).toList();
        for (int i = 0; i < FUNCTIONS; i++) {
            // Whatever is loaded or opened once for the process is there before it is counted.
            deploy(names.get(i), i, 0, Emulator.MINISTACK.endpoint());
        }
        List<String> filesBefore = temporaryFiles();
        int threadsBefore = settled(SoakTest::threads, 0);
        int handlesBefore = settled(SoakTest::handles, 0);

        Random random = new Random(SEED);
        try (Wire wire = new Wire(Emulator.MINISTACK.endpoint()).otherwise(line -> fault(line, random))) {
            ExecutorService workers = Executors.newFixedThreadPool(THREADS);
            List<Future<?>> ends = new ArrayList<>();
            for (int worker = 0; worker < THREADS; worker++) {
                int first = worker;
                // A worker's functions are its own, as the plugin lets deployments of one function take turns.
                List<Integer> own = IntStream.range(0, FUNCTIONS)
                        .filter(i -> i % THREADS == first)
                        .boxed()
                        .toList();
                ends.add(workers.submit(() -> {
                    for (int run = first; run < DEPLOYMENTS; run += THREADS) {
                        int index = own.get(run / THREADS % own.size());
                        deploy(names.get(index), index, 1 + run, wire.endpoint());
                    }
                    return null;
                }));
            }
            for (Future<?> end : ends) {
                end.get();
            }
            workers.shutdown();
            assertTrue(workers.awaitTermination(10, TimeUnit.SECONDS));
        }
        long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begun);
        int failed = faults.values().stream().mapToInt(AtomicInteger::get).sum();
        System.out.println("Soak: " + seconds + " s, " + calls + " calls, " + failed + " of them failed: " + faults
                + "; " + repeated + " deployments were run again");

        for (String name : records.keySet()) {
            assertEquals(records.get(name), ACCOUNT.configuration(name, "CodeSha256"), name);
            assertEquals(records.get(name), ACCOUNT.configuration(name + ":live", "CodeSha256"), name + ":live");
        }
        assertTrue(failed > calls.get() / 20, failed + " of " + calls + " calls failed");
        assertEquals("0", ACCOUNT.unfinishedUploads(bucket));
        assertEquals(filesBefore, temporaryFiles());
        int threads = settled(SoakTest::threads, threadsBefore);
        assertTrue(threads <= threadsBefore, threads + " threads, " + threadsBefore + " before: " + threadNames());
        int handles = settled(SoakTest::handles, handlesBefore);
        assertTrue(
                handles <= handlesBefore, handles + " file handles, " + handlesBefore + " before: " + handleTargets());
        System.out.println("Soak: threads " + threadsBefore + " -> " + threads + ", file handles " + handlesBefore
                + " -> " + handles + ", temporary files " + filesBefore.size() + " -> "
                + temporaryFiles().size());
    }

    /**
     * Deploys a function once, and again where that fails.
     *
     * @param index of the function, which says in what way it is deployed
     * @param run the deployment's number
     */
    private void deploy(String name, int index, int run, URI endpoint) throws Exception {
        Project project = new Project(folder.resolve(name));
        if (run % 4 != 3) {
            project.with("index.js", "exports.handler = async () => 'run " + run + "';\n");
        }
        boolean large = index == FUNCTIONS - 1 && run % 3 == 0;
        if (large || !project.has("node_modules/dep/index.js")) {
            project.with("node_modules/dep/index.js", "module.exports = " + run + ";\n");
        }
        if (index == FUNCTIONS - 1) {
            project.withBallast("ballast.bin", LARGE);
        }
        Orders orders = Orders.at(endpoint, ACCOUNT.role(), Progress.NONE).caching(folder.resolve("cache-" + name));
        DeployRequest request = index < 4
                ? orders.direct(name)
                : index < 7 || index == FUNCTIONS - 1 ? orders.staged(name, bucket, 0) : orders.apart(name, bucket);
        for (int attempt = 1; ; attempt++) {
            try {
                DeployResult result = orders.deploy(project.folder(), request);
                records.put(
                        name,
                        new ObjectMapper()
                                .readTree(DeploymentJson.text(result))
                                .get("CodeSha256")
                                .asText());
                return;
            } catch (DeployException e) {
                if (attempt == 3) {
                    throw e;
                }
                repeated.incrementAndGet();
                System.out.println("Soak: run again: " + e.getMessage());
            }
        }
    }

    private Optional<Deed> fault(String line, Random random) {
        calls.incrementAndGet();
        int which;
        synchronized (random) {
            which = random.nextInt(10) == 0 ? random.nextInt(9) : -1;
        }
        boolean lambda = line.matches("[A-Z]+ /20.*");
        Optional<Deed> deed =
                switch (which) {
                    case 0 ->
                        Optional.of(
                                lambda
                                        ? Answer.ofLambda(429, "TooManyRequestsException", "Rate exceeded")
                                        : Answer.ofS3(503, "SlowDown", "Please reduce your request rate."));
                    case 1 -> Optional.of(Answer.ofLambda(500, lambda ? "ServiceException" : "InternalError", "oops"));
                    case 2 -> Optional.of(Answer.ofLambda(502, "", "<html>"));
                    case 3 -> Optional.of(Answer.ofLambda(503, "ServiceUnavailable", "oops"));
                    case 4 -> Optional.of(Fault.CUT_BEFORE);
                    case 5 -> Optional.of(Fault.CUT_IN_BODY);
                    case 6 -> Optional.of(Fault.CUT_ANSWER);
                    case 7 ->
                        Optional.of(
                                lambda
                                        ? Answer.ofLambda(403, "ExpiredTokenException", "The security token is expired")
                                        : Answer.ofS3(400, "ExpiredToken", "The provided token has expired."));
                    // What else is sent is XML or JSON over HTTPS, whose bytes TLS protects; only packages are checked
                    // end to end here.
                    case 8 ->
                        line.matches("PUT /b-.*|PUT /20.*/code|POST /20.*/functions")
                                ? Optional.of(Fault.FLIPPED_BYTE)
                                : Optional.empty();
                    default -> Optional.empty();
                };
        deed.ifPresent(is -> faults.computeIfAbsent(
                        is instanceof Answer answer ? Integer.toString(answer.status()) : is.toString(),
                        key -> new AtomicInteger())
                .incrementAndGet());
        return deed;
    }

    /** A count when it has come down to a level, or when it has not for a minute; its least then. */
    private static int settled(IntSupplier count, int level) throws InterruptedException {
        long end = System.nanoTime() + (level == 0 ? PATIENCE_NANOS / 20 : PATIENCE_NANOS);
        int least = Integer.MAX_VALUE;
        while (true) {
            System.gc();
            least = Math.min(least, count.getAsInt());
            if (least <= level || System.nanoTime() > end) {
                return least;
            }
            TimeUnit.MILLISECONDS.sleep(200);
        }
    }

    private static int threads() {
        return Thread.getAllStackTraces().size();
    }

    private static Map<String, Long> threadNames() {
        return Thread.getAllStackTraces().keySet().stream()
                .collect(Collectors.groupingBy(
                        thread -> thread.getName().replaceAll("\\d+", "#"), TreeMap::new, Collectors.counting()));
    }

    private static int handles() {
        return handleTargets().size();
    }

    private static List<String> handleTargets() {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.map(SoakTest::target).sorted().toList();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException e) {
            return "closed";
        }
    }

    private static List<String> temporaryFiles() throws IOException {
        try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            return files.map(Path::toString)
                    .filter(name -> name.contains("lambda-node-deploy"))
                    .sorted()
                    .toList();
        }
    }
}
