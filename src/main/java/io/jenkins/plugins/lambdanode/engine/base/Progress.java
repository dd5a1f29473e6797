package io.jenkins.plugins.lambdanode.engine.base;

/** Where a deployment says how far it is. Implementations are thread-safe. */
public interface Progress {

    /** One line of text for the user's log, without a line end. */
    void log(String line);

    /** What the user should know of and may want to fix, in one line, without a line end. */
    default void warning(String line) {
        log("WARNING: " + line);
    }

    /**
     * How far a long activity is. It is called often; the implementation decides what it shows.
     *
     * @param activity what is being done, for instance {@code Packaging} or {@code Uploading}
     * @param doneBytes bytes done so far
     * @param totalBytes bytes in all, or -1 where that is not known
     * @param doneFiles files done so far, or -1 where files are not counted
     */
    void advance(String activity, long doneBytes, long totalBytes, int doneFiles);

    /** Shows and keeps nothing. */
    Progress NONE = new Progress() {
        @Override
        public void log(String line) {}

        @Override
        public void advance(String activity, long doneBytes, long totalBytes, int doneFiles) {}
    };
}
