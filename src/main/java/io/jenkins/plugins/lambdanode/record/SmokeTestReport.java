package io.jenkins.plugins.lambdanode.record;

import java.io.Serializable;
import org.jenkinsci.plugins.scriptsecurity.sandbox.whitelists.Whitelisted;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/** What Lambda reported of a smoke test that was passed. */
@ExportedBean(defaultVisibility = 999)
public final class SmokeTestReport implements Serializable {
    private static final long serialVersionUID = 1L;

    private final double durationMillis;
    private final int billedMillis;
    private final int maxMemoryUsed;
    private final double initMillis;

    SmokeTestReport(double durationMillis, int billedMillis, int maxMemoryUsed, double initMillis) {
        this.durationMillis = durationMillis;
        this.billedMillis = billedMillis;
        this.maxMemoryUsed = maxMemoryUsed;
        this.initMillis = initMillis;
    }

    @Exported
    @Whitelisted
    public double getDurationMillis() {
        return durationMillis;
    }

    @Exported
    @Whitelisted
    public int getBilledMillis() {
        return billedMillis;
    }

    /** In MB. */
    @Exported
    @Whitelisted
    public int getMaxMemoryUsed() {
        return maxMemoryUsed;
    }

    /** How long the start of the function took; 0 where it had started before. */
    @Exported
    @Whitelisted
    public double getInitMillis() {
        return initMillis;
    }

    @Override
    public String toString() {
        return durationMillis + " ms, " + maxMemoryUsed + " MB used";
    }
}
