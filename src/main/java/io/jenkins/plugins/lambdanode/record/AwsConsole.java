package io.jenkins.plugins.lambdanode.record;

/** Pages of the AWS console, which each partition has at a host of its own. */
final class AwsConsole {

    private AwsConsole() {}

    static String functionUrl(String region, String functionName) {
        String host = region.startsWith("cn-")
                ? "console.amazonaws.cn"
                : region.startsWith("us-gov-") ? "console.amazonaws-us-gov.com" : region + ".console.aws.amazon.com";
        return "https://" + host + "/lambda/home?region=" + region + "#/functions/" + functionName;
    }
}
