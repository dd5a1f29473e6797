package io.jenkins.plugins.lambdanode.access;

import jenkins.model.GlobalConfiguration;

/** A job's settings of where AWS is and with whose credentials it is called, as text: null where not set, variables still in it. */
public interface AccessSettings {

    String getRegion();

    String getCredentialsId();

    String getRoleArn();

    String getExternalId();

    String getRoleSessionName();

    boolean isAgentIdentity();

    String getEndpointUrl();

    /** What an administrator has set, for what a job leaves out. */
    interface Defaults {

        String getRegion();

        String getEndpointUrl();

        /** Whether jobs without credentials of their own may use the controller's AWS identity. */
        boolean isControllerIdentityAllowed();

        /** Those of this Jenkins. */
        static Defaults get() {
            return GlobalConfiguration.all().stream()
                    .filter(Defaults.class::isInstance)
                    .map(Defaults.class::cast)
                    .findFirst()
                    .orElseThrow();
        }
    }
}
