package io.jenkins.plugins.lambdanode.record;

import java.io.Serializable;
import org.jenkinsci.plugins.scriptsecurity.sandbox.whitelists.Whitelisted;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/** Something about the package that its owner should know. */
@ExportedBean(defaultVisibility = 999)
public final class PackageFinding implements Serializable {
    private static final long serialVersionUID = 1L;

    private final String severity;
    private final String code;
    private final String message;

    PackageFinding(String severity, String code, String message) {
        this.severity = severity;
        this.code = code;
        this.message = message;
    }

    /** {@code warning} or {@code info}. */
    @Exported
    @Whitelisted
    public String getSeverity() {
        return severity;
    }

    /** A stable name, for instance {@code environment-file}. */
    @Exported
    @Whitelisted
    public String getCode() {
        return code;
    }

    /** What it is and what to do about it, after the file that it is about. */
    @Exported
    @Whitelisted
    public String getMessage() {
        return message;
    }

    @Override
    public String toString() {
        return severity + " " + code + ": " + message;
    }
}
