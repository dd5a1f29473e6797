package io.jenkins.plugins.lambdanode.engine.aws.s3;

import java.time.Instant;
import java.util.Optional;

/**
 * An upload in parts that has been begun: until it is completed or aborted S3 keeps its parts, and charges for them.
 *
 * @param id S3's upload ID; empty while S3 has not said it
 * @param begun when this process first asked S3 for it
 */
public record OpenUpload(String bucket, String key, String id, Instant begun) {

    /** Remembers an open upload, so that the deployment can abort it when it is run again after its process has ended. */
    public interface Memory {

        /** What was open when the process of this deployment ended before. */
        Optional<OpenUpload> left();

        /** Called before S3 is asked for the upload, and again when it has said the ID. */
        void opened(OpenUpload upload) throws InterruptedException;

        void closed(OpenUpload upload);

        /** For a front end whose deployments end with their process. */
        Memory NONE = new Memory() {
            @Override
            public Optional<OpenUpload> left() {
                return Optional.empty();
            }

            @Override
            public void opened(OpenUpload upload) {}

            @Override
            public void closed(OpenUpload upload) {}
        };
    }
}
