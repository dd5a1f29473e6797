package io.jenkins.plugins.lambdanode.access;

import hudson.EnvVars;
import java.io.Serializable;

/** Settings with a build's variables in them, for what is done without the build later. Saved as XML, without any secret. */
public final class SavedAccess implements AccessSettings, Serializable {
    private static final long serialVersionUID = 1L;

    private final String region;
    private final String credentialsId;
    private final String roleArn;
    private final String externalId;
    private final String roleSessionName;
    private final String endpointUrl;

    public SavedAccess(AccessSettings settings, EnvVars variables) {
        this.region = variables.expand(settings.getRegion());
        this.credentialsId = variables.expand(settings.getCredentialsId());
        this.roleArn = variables.expand(settings.getRoleArn());
        this.externalId = variables.expand(settings.getExternalId());
        this.roleSessionName = variables.expand(settings.getRoleSessionName());
        this.endpointUrl = variables.expand(settings.getEndpointUrl());
    }

    @Override
    public String getRegion() {
        return region;
    }

    @Override
    public String getCredentialsId() {
        return credentialsId;
    }

    @Override
    public String getRoleArn() {
        return roleArn;
    }

    @Override
    public String getExternalId() {
        return externalId;
    }

    @Override
    public String getRoleSessionName() {
        return roleSessionName;
    }

    /** No agent is there later. */
    @Override
    public boolean isAgentIdentity() {
        return false;
    }

    @Override
    public String getEndpointUrl() {
        return endpointUrl;
    }
}
