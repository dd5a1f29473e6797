package io.jenkins.plugins.lambdanode.testing;

import io.jenkins.plugins.lambdanode.engine.base.Progress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** Keeps the lines of a log. */
public final class KeptLog implements Progress {

    private final List<String> lines = new CopyOnWriteArrayList<>();

    private volatile Consumer<String> observer = line -> {};

    @Override
    public void log(String line) {
        lines.add(line);
        observer.accept(line);
    }

    /** Tells of each line from now on, in the thread that wrote it. */
    public void onLine(Consumer<String> observer) {
        this.observer = observer;
    }

    /** Oldest first. */
    public List<String> lines() {
        return List.copyOf(lines);
    }

    @Override
    public void advance(String activity, long doneBytes, long totalBytes, int doneFiles) {}

    public String text() {
        return String.join("\n", lines);
    }
}
