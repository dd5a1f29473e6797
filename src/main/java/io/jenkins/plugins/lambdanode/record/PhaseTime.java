package io.jenkins.plugins.lambdanode.record;

import java.io.Serializable;
import org.jenkinsci.plugins.scriptsecurity.sandbox.whitelists.Whitelisted;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/** How long a phase of the deployment took. */
@ExportedBean(defaultVisibility = 999)
public final class PhaseTime implements Serializable {
    private static final long serialVersionUID = 1L;

    private final String name;
    private final long millis;
    private final long bytes;
    private final boolean shared;

    PhaseTime(String name, long millis, long bytes, boolean shared) {
        this.name = name;
        this.millis = millis;
        this.bytes = bytes;
        this.shared = shared;
    }

    @Exported
    @Whitelisted
    public String getName() {
        return name;
    }

    @Exported
    @Whitelisted
    public long getMillis() {
        return millis;
    }

    /** The bytes that it wrote or sent; 0 where it did neither. */
    @Exported
    @Whitelisted
    public long getBytes() {
        return bytes;
    }

    /** Whether it was for several functions, which were deployed together. */
    @Exported
    @Whitelisted
    public boolean isShared() {
        return shared;
    }

    @Override
    public String toString() {
        return name + " " + millis + " ms";
    }
}
