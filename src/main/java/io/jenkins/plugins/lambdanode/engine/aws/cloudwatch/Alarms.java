package io.jenkins.plugins.lambdanode.engine.aws.cloudwatch;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsCalls;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsOperation;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import java.util.ArrayList;
import java.util.List;
import software.amazon.awssdk.services.cloudwatch.CloudWatchClient;
import software.amazon.awssdk.services.cloudwatch.model.AlarmType;
import software.amazon.awssdk.services.cloudwatch.model.DescribeAlarmsResponse;

/** Reads the states of CloudWatch alarms. */
public final class Alarms {

    private final AwsSession session;

    public Alarms(AwsSession session) {
        this.session = session;
    }

    /**
     * An alarm.
     *
     * @param state {@code OK}, {@code ALARM} or {@code INSUFFICIENT_DATA}
     * @param reason CloudWatch's words for the state
     */
    public record Alarm(String name, String state, String reason) {

        public Alarm {
            reason = SafeText.oneLine(reason == null ? "" : reason, 1000);
        }

        public boolean isRed() {
            return state.equals("ALARM");
        }
    }

    /**
     * Metric and composite alarms, those that there are.
     *
     * @param names 100 at most, as DescribeAlarms takes them
     * @throws DeployException if CloudWatch refuses
     */
    public List<Alarm> read(List<String> names) throws DeployException, InterruptedException {
        CloudWatchClient cloudWatch = session.cloudWatch();
        AwsOperation operation = new AwsOperation(
                "CloudWatch did not describe the alarms " + String.join(", ", names),
                "cloudwatch:DescribeAlarms",
                "*",
                "the alarms " + String.join(", ", names),
                session.place("cloudwatch"));
        return AwsCalls.call(operation, () -> {
            List<Alarm> read = new ArrayList<>();
            for (DescribeAlarmsResponse page : cloudWatch.describeAlarmsPaginator(
                    r -> r.alarmNames(names).alarmTypes(AlarmType.METRIC_ALARM, AlarmType.COMPOSITE_ALARM))) {
                page.metricAlarms()
                        .forEach(alarm -> read.add(
                                new Alarm(alarm.alarmName(), alarm.stateValueAsString(), alarm.stateReason())));
                page.compositeAlarms()
                        .forEach(alarm -> read.add(
                                new Alarm(alarm.alarmName(), alarm.stateValueAsString(), alarm.stateReason())));
            }
            return read;
        });
    }

    /** @throws DeployException if one of the names is not among the alarms that were read */
    public void requireAll(List<String> names, List<Alarm> read) throws DeployException {
        for (String name : names) {
            if (read.stream().noneMatch(alarm -> alarm.name().equals(name))) {
                throw new DeployException("There is no CloudWatch alarm \"" + SafeText.oneLine(name, 255) + "\" in "
                        + session.place("cloudwatch") + ".\nCheck the name in alarms, and that the alarm is in the"
                        + " function's region and account."
                        + (name.contains(",") ? " Several alarms are a list, or stand one in a line." : ""));
            }
        }
    }
}
