package io.jenkins.plugins.lambdanode.engine.aws;

import io.jenkins.plugins.lambdanode.engine.Progress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Keeps the lines of a deployment's log. */
final class Log implements Progress {

    final List<String> lines = new CopyOnWriteArrayList<>();

    @Override
    public void log(String line) {
        lines.add(line);
    }

    @Override
    public void advance(String activity, long doneBytes, long totalBytes, int doneFiles) {}

    String text() {
        return String.join("\n", lines);
    }
}
