package io.jenkins.plugins.lambdanode.engine.base;

import java.util.Optional;

/**
 * The parts of an ARN, {@code arn:partition:service:region:account:resource} (IAM User Guide, "Identify AWS resources with Amazon
 * Resource Names"). A part that is empty or missing is empty.
 */
public final class Arn {

    private static final int PARTS = 6;
    private static final int REGION = 3;
    private static final int ACCOUNT = 4;

    private Arn() {}

    /** For instance {@code eu-west-1}. */
    public static Optional<String> region(String arn) {
        return part(arn, REGION);
    }

    /** 12 digits. */
    public static Optional<String> account(String arn) {
        return part(arn, ACCOUNT);
    }

    /** For instance {@code function:orders}, with a version or an alias where the ARN names one. */
    public static Optional<String> resource(String arn) {
        return part(arn, PARTS - 1);
    }

    private static Optional<String> part(String arn, int index) {
        String[] parts = arn.split(":", PARTS);
        return parts.length > index ? Optional.of(parts[index]).filter(part -> !part.isEmpty()) : Optional.empty();
    }
}
