package io.jenkins.plugins.lambdanode.build;

import hudson.EnvVars;
import io.jenkins.plugins.lambdanode.access.AccessSettings;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequestBuilder;
import java.io.Serializable;
import java.util.List;

/** The settings of a deployment, as text: null where not set, variables still in it. A build keeps them over a restart. */
public interface DeploymentSettings extends AccessSettings, Serializable {

    String getFunctionName();

    String getFunctionNames();

    String getDir();

    /** A package that is there, relative to {@link #getDir()}. */
    String getZipFile();

    /** The record of a deployment whose package is deployed again: JSON, or the name of a file in the workspace. */
    String getFrom();

    String getInstall();

    String getBuild();

    /** The smoke tests; empty where there are none. */
    List<? extends Test> getSmokeTest();

    /** What a function is invoked with, and what its response must contain: JSON, or the name of a file in the workspace. */
    interface Test {

        String getPayload();

        String getExpect();
    }

    /** Whether a function that the job of a branch creates is deleted with that job. */
    boolean isDeleteWithBranch();

    /** {@code warning} where warnings make the build unstable. */
    String getUnstableOn();

    /** What an administrator has set for all deployments. */
    Defaults defaults();

    /** Adds all that the engine is to know, but for {@link #getInstall()} and {@link #getBuild()}: a command is expanded by the shell that runs it. */
    void addTo(DeployRequestBuilder request, EnvVars variables) throws DeployException;

    /** What an administrator has set, for what a job leaves out. */
    interface Defaults extends AccessSettings.Defaults {

        /** With {@code ${AWS_REGION}} for the region of the deployment. */
        String getS3Bucket();

        String getS3Prefix();
    }
}
