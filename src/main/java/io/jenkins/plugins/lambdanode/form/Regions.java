package io.jenkins.plugins.lambdanode.form;

import hudson.util.ComboBoxModel;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.lambda.LambdaClient;

/** The regions that a form suggests; another, or a variable, can be typed in. */
public final class Regions {

    private Regions() {}

    /** The regions that the SDK knows to have Lambda. */
    public static ComboBoxModel items() {
        ComboBoxModel items = new ComboBoxModel();
        LambdaClient.serviceMetadata().regions().stream()
                .filter(region -> !region.isGlobalRegion())
                .map(Region::id)
                .sorted()
                .forEach(items::add);
        return items;
    }
}
