package io.jenkins.plugins.lambdanode.engine.aws.s3;

import java.time.Instant;
import java.util.Optional;

/** Remembers an upload in parts, so that the deployment can abort it when it is run again after its process has ended. */
public interface UploadJournal {

    /**
     * An upload that was started: until it is completed or aborted S3 keeps its parts, and charges for them.
     *
     * @param id S3's upload ID; empty while S3 has not returned it
     * @param started when this process first asked S3 for it
     */
    record Upload(String bucket, String key, String id, Instant started) {}

    /** What was in progress when the process of this deployment ended before. */
    Optional<Upload> pending();

    /** Called before S3 is asked for the upload, and again when it has returned the ID. */
    void started(Upload upload) throws InterruptedException;

    /** Called when it is completed or aborted. */
    void ended(Upload upload);

    /** For a front end whose deployments end with their process. */
    UploadJournal NONE = new UploadJournal() {
        @Override
        public Optional<Upload> pending() {
            return Optional.empty();
        }

        @Override
        public void started(Upload upload) {}

        @Override
        public void ended(Upload upload) {}
    };
}
