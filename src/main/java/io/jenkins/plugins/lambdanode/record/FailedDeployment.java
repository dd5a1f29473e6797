package io.jenkins.plugins.lambdanode.record;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/** A deployment that failed or was stopped, as the build's page shows it. */
@Restricted(NoExternalUse.class)
@ExportedBean(defaultVisibility = 999)
public final class FailedDeployment implements Serializable {
    private static final long serialVersionUID = 1L;

    /** What failed: a success of the same kind makes up for it. */
    public enum Kind {
        /** Of a package. */
        DEPLOYMENT,
        /** Of a version that is there. */
        RELEASE,
        ROLLBACK;

        static Kind of(DeployedFunction function) {
            return function.isRollback() ? ROLLBACK : function.isOfPackage() ? DEPLOYMENT : RELEASE;
        }
    }

    private final Kind kind;
    private final List<String> functions;
    private final String region;
    private final String phase;
    private final String message;
    private final boolean stopped;

    /**
     * @param functions the names or ARNs of the functions that it failed for; empty where none is known
     * @param region empty where it is not known
     * @param phase where it failed; empty where it had not begun
     * @param message what the log says
     */
    public FailedDeployment(Kind kind, List<String> functions, String region, String phase, String message) {
        this(kind, functions, region, phase, message, false);
    }

    private FailedDeployment(
            Kind kind, List<String> functions, String region, String phase, String message, boolean stopped) {
        this.kind = kind;
        this.functions = new ArrayList<>();
        functions.forEach(name -> this.functions.add(name.replaceFirst("^.*:function:", "")));
        this.region = region;
        this.phase = phase;
        this.message = message;
        this.stopped = stopped;
    }

    /** The same of one that was stopped, because the build was aborted. */
    public static FailedDeployment stopped(
            Kind kind, List<String> functions, String region, String phase, String message) {
        return new FailedDeployment(kind, functions, region, phase, message, true);
    }

    @Exported
    public boolean isStopped() {
        return stopped;
    }

    /** For a page; empty where none is known. */
    @Exported
    public String getFunctionNames() {
        return String.join(", ", functions);
    }

    @Exported
    public String getRegion() {
        return region;
    }

    @Exported
    public String getPhase() {
        return phase;
    }

    @Exported
    public String getMessage() {
        return message;
    }

    /** Whether this has been done after all. */
    boolean isMadeUpForBy(DeployedFunction function) {
        return kind == Kind.of(function)
                && functions.contains(function.functionName)
                && (region.isEmpty() || region.equals(function.region));
    }

    boolean isOfThoseOf(FailedDeployment other) {
        return kind == other.kind && functions.equals(other.functions) && region.equals(other.region);
    }
}
