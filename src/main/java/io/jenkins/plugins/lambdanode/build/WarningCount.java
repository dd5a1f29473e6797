package io.jenkins.plugins.lambdanode.build;

import io.jenkins.plugins.lambdanode.engine.base.Progress;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts the warnings of a deployment on their way to the log. */
final class WarningCount implements Progress {

    private final Progress log;
    private final AtomicInteger warnings = new AtomicInteger();

    WarningCount(Progress log) {
        this.log = log;
    }

    int get() {
        return warnings.get();
    }

    @Override
    public void log(String line) {
        log.log(line);
    }

    @Override
    public void warning(String line) {
        warnings.incrementAndGet();
        log.warning(line);
    }

    @Override
    public void advance(String activity, long doneBytes, long totalBytes, int doneFiles) {
        log.advance(activity, doneBytes, totalBytes, doneFiles);
    }
}
