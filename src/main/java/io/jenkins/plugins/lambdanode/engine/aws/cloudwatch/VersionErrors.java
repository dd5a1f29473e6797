package io.jenkins.plugins.lambdanode.engine.aws.cloudwatch;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsCalls;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsOperation;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import software.amazon.awssdk.services.cloudwatch.CloudWatchClient;
import software.amazon.awssdk.services.cloudwatch.model.Dimension;
import software.amazon.awssdk.services.cloudwatch.model.MetricDataQuery;

/**
 * Reads how often the versions behind an alias were invoked and failed: the metrics Invocations and Errors in AWS/Lambda by
 * FunctionName, Resource and ExecutedVersion (Lambda Developer Guide, "Types of metrics for Lambda functions").
 */
public final class VersionErrors {

    private static final int MINUTE = 60;

    private final AwsSession session;

    public VersionErrors(AwsSession session) {
        this.session = session;
    }

    /** How often a version was invoked by the alias, and how often it failed then. */
    public record Counts(long invocations, long errors) {

        /** From 0 to 1; 0 where it was not invoked. */
        public double rate() {
            return invocations == 0 ? 0 : (double) errors / invocations;
        }
    }

    /**
     * The counts of each version since a time by this machine's clock, in whole minutes. CloudWatch has them a minute or two later.
     *
     * @throws DeployException if CloudWatch refuses
     */
    public Map<String, Counts> read(
            String functionName, String alias, List<String> versions, Instant start, Instant now)
            throws DeployException, InterruptedException {
        CloudWatchClient cloudWatch = session.cloudWatch();
        AwsOperation operation = new AwsOperation(
                "CloudWatch did not give the metrics of function " + functionName,
                "cloudwatch:GetMetricData",
                "*",
                "the metrics of function " + functionName,
                session.place("cloudwatch"));
        List<MetricDataQuery> queries = new ArrayList<>();
        for (String version : versions) {
            for (String metric : List.of("Invocations", "Errors")) {
                queries.add(query(functionName, alias, version, metric));
            }
        }
        Map<String, Double> sums = AwsCalls.call(operation, () -> {
            Map<String, Double> read = new HashMap<>();
            cloudWatch
                    .getMetricDataPaginator(r -> r.metricDataQueries(queries)
                            .startTime(session.signingClock().toAws(start).truncatedTo(ChronoUnit.MINUTES))
                            .endTime(session.signingClock().toAws(now)))
                    .metricDataResults()
                    .forEach(result -> read.merge(
                            result.id(),
                            result.values().stream()
                                    .mapToDouble(Double::doubleValue)
                                    .sum(),
                            Double::sum));
            return read;
        });
        Map<String, Counts> counts = new HashMap<>();
        for (String version : versions) {
            counts.put(
                    version,
                    new Counts(
                            Math.round(sums.getOrDefault(id("Invocations", version), 0.0)),
                            Math.round(sums.getOrDefault(id("Errors", version), 0.0))));
        }
        return counts;
    }

    private static String id(String metric, String version) {
        return (metric + "_" + version).toLowerCase(Locale.ROOT);
    }

    private static MetricDataQuery query(String functionName, String alias, String version, String metric) {
        return MetricDataQuery.builder()
                .id(id(metric, version))
                .metricStat(stat -> stat.period(MINUTE)
                        .stat("Sum")
                        .metric(of -> of.namespace("AWS/Lambda")
                                .metricName(metric)
                                .dimensions(
                                        dimension("FunctionName", functionName),
                                        dimension("Resource", functionName + ":" + alias),
                                        dimension("ExecutedVersion", version))))
                .build();
    }

    private static Dimension dimension(String name, String value) {
        return Dimension.builder().name(name).value(value).build();
    }
}
