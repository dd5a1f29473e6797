package io.jenkins.plugins.lambdanode.record;

import hudson.Util;
import hudson.model.Run;
import hudson.scm.ChangeLogSet;
import io.jenkins.plugins.lambdanode.engine.report.Origin;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import jenkins.scm.RunWithSCM;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/** A commit that a deployment brought, by the changes of its job's builds. Saved as XML. */
@Restricted(NoExternalUse.class)
@ExportedBean(defaultVisibility = 999)
public final class SourceChange {

    private static final int MAX_TEXT = 120;

    private final String commit;
    private final String author;
    private final String message;

    private SourceChange(ChangeLogSet.Entry entry) {
        commit = Util.fixNull(entry.getCommitId());
        author = shortened(entry.getAuthor().getFullName());
        message = shortened(entry.getMsg());
    }

    /** Of a build and of those before it after the one of this number, the latest first. Each is a file to read. */
    static List<SourceChange> since(int number, Run<?, ?> run) {
        List<SourceChange> changes = new ArrayList<>();
        Run<?, ?> build = run;
        for (int searched = 0;
                build != null && build.getNumber() > number && searched < BuildBaseline.SEARCHED_BUILDS;
                searched++) {
            if (build instanceof RunWithSCM<?, ?> changed) {
                List<SourceChange> ofBuild = new ArrayList<>();
                changed.getChangeSets().forEach(set -> set.forEach(entry -> ofBuild.add(new SourceChange(entry))));
                Collections.reverse(ofBuild);
                changes.addAll(ofBuild);
            }
            build = build.getPreviousBuild();
        }
        return changes;
    }

    private static String shortened(String text) {
        String line = Util.fixNull(text).lines().findFirst().orElse("");
        return line.length() <= MAX_TEXT ? line : line.substring(0, MAX_TEXT - 1) + "\u2026";
    }

    @Exported
    public String getCommit() {
        return commit;
    }

    public String getShortCommit() {
        return Origin.shortCommit(commit);
    }

    @Exported
    public String getAuthor() {
        return author;
    }

    /** Its first line. */
    @Exported
    public String getMessage() {
        return message;
    }
}
