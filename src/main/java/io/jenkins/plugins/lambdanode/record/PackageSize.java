package io.jenkins.plugins.lambdanode.record;

import java.io.Serializable;
import org.jenkinsci.plugins.scriptsecurity.sandbox.whitelists.Whitelisted;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/** What an npm package or a folder adds to the deployment package, in bytes. */
@ExportedBean(defaultVisibility = 999)
public final class PackageSize implements Serializable {
    private static final long serialVersionUID = 1L;

    private final String name;
    private final long unzippedBytes;
    private final long zippedBytes;

    PackageSize(String name, long unzippedBytes, long zippedBytes) {
        this.name = name;
        this.unzippedBytes = unzippedBytes;
        this.zippedBytes = zippedBytes;
    }

    @Exported
    @Whitelisted
    public String getName() {
        return name;
    }

    @Exported
    @Whitelisted
    public long getUnzippedBytes() {
        return unzippedBytes;
    }

    @Exported
    @Whitelisted
    public long getZippedBytes() {
        return zippedBytes;
    }

    @Override
    public String toString() {
        return name + " " + zippedBytes + " bytes zipped";
    }
}
