package io.jenkins.plugins.lambdanode;

import hudson.Extension;
import hudson.Util;
import hudson.model.AbstractDescribableImpl;
import hudson.model.Descriptor;
import io.jenkins.plugins.lambdanode.build.DeploymentSettings;
import java.io.Serializable;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;

/** What a function is invoked with before its alias moves, and what it has to respond: JSON, or the name of a file with it. */
public class SmokeTest extends AbstractDescribableImpl<SmokeTest> implements DeploymentSettings.Test, Serializable {
    private static final long serialVersionUID = 1L;

    private String payload;
    private String expect;

    @DataBoundConstructor
    public SmokeTest() {}

    @Override
    public String getPayload() {
        return payload;
    }

    @DataBoundSetter
    public void setPayload(String payload) {
        this.payload = Util.fixEmptyAndTrim(payload);
    }

    @Override
    public String getExpect() {
        return expect;
    }

    @DataBoundSetter
    public void setExpect(String expect) {
        this.expect = Util.fixEmptyAndTrim(expect);
    }

    @Extension
    public static final class DescriptorImpl extends Descriptor<SmokeTest> {

        @Override
        public String getDisplayName() {
            return Messages.SmokeTest_displayName();
        }
    }
}
