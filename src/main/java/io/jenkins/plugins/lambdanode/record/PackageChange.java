package io.jenkins.plugins.lambdanode.record;

import io.jenkins.plugins.lambdanode.engine.report.PackageChanges;
import java.io.Serializable;
import org.jenkinsci.plugins.scriptsecurity.sandbox.whitelists.Whitelisted;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/** An npm package that is in the deployment package or its layer in other versions than before. */
@ExportedBean(defaultVisibility = 999)
public final class PackageChange implements Serializable {
    private static final long serialVersionUID = 1L;

    private final String name;
    private final String before;
    private final String after;

    PackageChange(String name, String before, String after) {
        this.name = name;
        this.before = before;
        this.after = after;
    }

    @Exported
    @Whitelisted
    public String getName() {
        return name;
    }

    /** The version or versions that are gone; empty where it was added. */
    @Exported
    @Whitelisted
    public String getBefore() {
        return before;
    }

    /** The version or versions that have come; empty where it was removed. */
    @Exported
    @Whitelisted
    public String getAfter() {
        return after;
    }

    @Override
    public String toString() {
        return new PackageChanges.Change(name, before, after).text();
    }
}
