package io.jenkins.plugins.lambdanode.live;

import io.jenkins.plugins.lambdanode.access.AccessSettings;
import io.jenkins.plugins.lambdanode.access.SavedAccess;
import io.jenkins.plugins.lambdanode.build.RollbackSettings;

/** An alias of a function that goes back to a version, with what its deployment was made. */
record PageRollback(String functionArn, String alias, String version, SavedAccess access) implements RollbackSettings {

    @Override
    public String getFunctionName() {
        return functionArn;
    }

    @Override
    public String getAlias() {
        return alias;
    }

    @Override
    public String getVersion() {
        return version;
    }

    @Override
    public Integer getBuild() {
        return null;
    }

    @Override
    public boolean isForce() {
        return false;
    }

    @Override
    public AccessSettings.Defaults defaults() {
        return AccessSettings.Defaults.get();
    }

    @Override
    public String getRegion() {
        return access.getRegion();
    }

    @Override
    public String getCredentialsId() {
        return access.getCredentialsId();
    }

    @Override
    public String getRoleArn() {
        return access.getRoleArn();
    }

    @Override
    public String getExternalId() {
        return access.getExternalId();
    }

    @Override
    public String getRoleSessionName() {
        return access.getRoleSessionName();
    }

    @Override
    public boolean isAgentIdentity() {
        return access.isAgentIdentity();
    }

    @Override
    public String getEndpointUrl() {
        return access.getEndpointUrl();
    }
}
