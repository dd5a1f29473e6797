package io.jenkins.plugins.lambdanode.engine.steps;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.AliasRouting;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionInvoker;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionReleases;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.Invocation;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Deployed;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Outcome;
import io.jenkins.plugins.lambdanode.engine.report.Phase;
import io.jenkins.plugins.lambdanode.engine.report.Timings;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import io.jenkins.plugins.lambdanode.engine.request.SmokeTest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Invokes the published version before callers get it: what does not run is not released. */
public final class VerifyStep {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MESSAGE_LENGTH = 500;
    private static final int TRACE_LINES = 10;

    private final DeployRequest request;
    private final FunctionInvoker invoker;
    private final FunctionReleases releases;
    private final Timings timings;
    private final Progress progress;

    public VerifyStep(
            DeployRequest request,
            FunctionInvoker invoker,
            FunctionReleases releases,
            Timings timings,
            Progress progress) {
        this.request = request;
        this.invoker = invoker;
        this.releases = releases;
        this.timings = timings;
        this.progress = progress;
    }

    /**
     * Runs the smoke tests, where there are any.
     *
     * @throws DeployException if the function fails one; no alias has been moved then
     */
    public Deployed run(Deployed deployed) throws IOException, InterruptedException {
        return request.smokeTests().isEmpty() || request.dryRun() || deployed.outcome() == Outcome.VALIDATED
                ? deployed
                : timings.time(Phase.VERIFY, () -> verify(deployed));
    }

    private Deployed verify(Deployed deployed) throws IOException, InterruptedException {
        FunctionName function = FunctionName.parse(deployed.state().functionArn());
        String version = deployed.version().orElse("$LATEST");
        if (request.alias().isEmpty()) {
            progress.log("Without alias, callers of " + deployed.state().functionName()
                    + " may run this code already while it is tested.");
        }
        List<Invocation.Report> reports = new ArrayList<>();
        for (int i = 0; i < request.smokeTests().size(); i++) {
            SmokeTest test = request.smokeTests().get(i);
            String which = request.smokeTests().size() == 1 ? "" : " no. " + (i + 1);
            Invocation invocation = invoker.invoke(function, version, test.payload());
            Optional<String> problem = problem(test, invocation);
            if (problem.isPresent()) {
                throw failure(deployed, function, version, which, problem.get(), invocation);
            }
            reports.add(invocation.report());
            progress.log("Smoke test" + which + " of " + named(deployed, version) + ": passed"
                    + figures(invocation.report()));
        }
        return deployed.verified(reports);
    }

    private static String figures(Invocation.Report report) {
        return report.durationMillis() == 0
                ? ""
                : String.format(
                        Locale.ROOT,
                        ", %.0f ms, %d MB used%s",
                        report.durationMillis(),
                        report.maxMemoryUsed(),
                        report.initMillis() == 0
                                ? ""
                                : String.format(Locale.ROOT, ", start %.0f ms", report.initMillis()));
    }

    private static Optional<String> problem(SmokeTest test, Invocation invocation) {
        if (invocation.error().isPresent()) {
            return Optional.of(error(invocation));
        }
        if (test.expect().isEmpty()) {
            return Optional.empty();
        }
        try {
            return ExpectedJson.difference(JSON.readTree(test.expect().get()), JSON.readTree(invocation.payload()))
                    .map(difference -> "its response is not as expected: " + difference);
        } catch (JsonProcessingException e) {
            return Optional.of("its response is no JSON: " + SafeText.oneLine(invocation.payload(), MESSAGE_LENGTH));
        }
    }

    /** Type and message of the error, as Lambda's runtime describes it (Lambda Developer Guide, "errorType"). */
    private static String error(Invocation invocation) {
        JsonNode error = errorOf(invocation);
        String type = error.path("errorType").asText("");
        String message = error.path("errorMessage").asText(invocation.payload());
        return "it ended with " + (type.isEmpty() ? "" : SafeText.oneLine(type, MESSAGE_LENGTH) + ": ")
                + SafeText.oneLine(message, MESSAGE_LENGTH);
    }

    private static JsonNode errorOf(Invocation invocation) {
        try {
            return JSON.readTree(invocation.payload());
        } catch (JsonProcessingException e) {
            return JSON.createObjectNode();
        }
    }

    private DeployException failure(
            Deployed deployed,
            FunctionName function,
            String version,
            String which,
            String problem,
            Invocation invocation)
            throws InterruptedException {
        List<String> lines = new ArrayList<>();
        int trace = 0;
        for (JsonNode line : errorOf(invocation).path("trace")) {
            if (trace++ < TRACE_LINES) {
                lines.add(line.asText());
            }
        }
        lines.addAll(invocation.log());
        VersionOutput output = new VersionOutput(named(deployed, version), lines);
        output.print(progress);
        return new DeployException(
                "The smoke test" + which + " of " + named(deployed, version) + " failed: " + problem + "\n"
                        + whoRunsIt(function, version)
                        + advice(problem),
                output.text());
    }

    private String whoRunsIt(FunctionName function, String version) throws InterruptedException {
        if (request.alias().isEmpty()) {
            return "The function has this code. ";
        }
        String alias = request.alias().get();
        try {
            Optional<AliasRouting> now = releases.findAlias(function, alias);
            if (now.isEmpty()) {
                return "Alias " + alias + " was not made. ";
            }
            if (now.get().version().equals(version)) {
                return "Alias " + alias + " points to this version already: callers run it. ";
            }
        } catch (DeployException e) {
            progress.log("Where alias " + alias + " points could not be read: " + e.getMessage());
        }
        return "Alias " + alias + " was not moved: callers run what they ran before. ";
    }

    private static String named(Deployed deployed, String version) {
        return "version " + version + " of function " + deployed.state().functionName();
    }

    private static String advice(String problem) {
        if (problem.contains("Runtime.ImportModuleError")
                || problem.contains("Cannot find module")
                || problem.contains("Cannot find package")) {
            return "A module is not in the package: check that it is in dependencies of package.json (not devDependencies), and that"
                    + " excludes and codeDir leave it in.";
        }
        if (problem.contains("Runtime.HandlerNotFound") || problem.contains("Runtime.MalformedHandlerName")) {
            return "The function's handler does not name an export of the package: change the function's handler, or export it.";
        }
        if (problem.contains("Runtime.UserCodeSyntaxError")) {
            return "The code can't be read: check that it is built for the function's runtime, and that \"type\" in package.json says"
                    + " \"module\" where files use import.";
        }
        if (problem.contains("Task timed out")) {
            return "Raise the function's timeout, or find what it waits for: a network that its VPC does not reach, for instance.";
        }
        if (problem.contains("Runtime.ExitError") || problem.contains("Runtime.OutOfMemory")) {
            return "The process ended: raise the function's memory, or find what exits.";
        }
        return "Fix the code and deploy again.";
    }
}
