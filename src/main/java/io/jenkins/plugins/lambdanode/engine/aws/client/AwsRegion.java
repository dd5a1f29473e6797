package io.jenkins.plugins.lambdanode.engine.aws.client;

import software.amazon.awssdk.regions.PartitionMetadata;
import software.amazon.awssdk.regions.Region;

/** What a region's name says, by the SDK's own partitions: regions that are newer than the SDK match their patterns too. */
public final class AwsRegion {

    private AwsRegion() {}

    /** Whether a text has the form of a region of any partition: {@code eu-west-1}, {@code eusc-de-east-1}. */
    public static boolean isRegion(String text) {
        return !text.isBlank() && text.matches(metadata(text).regionRegex());
    }

    /** For instance {@code aws}, {@code aws-cn} or {@code aws-eusc}. */
    public static String partition(String region) {
        return metadata(region).id();
    }

    /** The partition whose pattern the region matches; that of most regions where none does. */
    private static PartitionMetadata metadata(String region) {
        return PartitionMetadata.of(Region.of(region));
    }
}
