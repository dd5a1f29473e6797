package io.jenkins.plugins.lambdanode.engine.aws.s3;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.aws.Cloud;
import io.jenkins.plugins.lambdanode.engine.aws.Log;
import io.jenkins.plugins.lambdanode.engine.aws.Package;
import io.jenkins.plugins.lambdanode.engine.aws.SendingWorkspace;
import io.jenkins.plugins.lambdanode.engine.aws.TestTime;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.http.SendReply;
import io.jenkins.plugins.lambdanode.engine.http.SendRequest;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.testing.Emulator;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.Program;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import software.amazon.awssdk.core.sync.RequestBody;

/** What staging asks of S3, against every emulator. */
@ExtendWith(EmulatorExtension.class)
class StagingContractTest {

    private static final int SMALL = 1024 * 1024;
    private static final int LARGE = 20 * 1024 * 1024;

    @TempDir
    Path folder;

    /** The object's SHA-256 in hexadecimal, as boto3 reads its bytes. */
    static String sha256(Emulator emulator, StagedObject object) {
        return Program.python("""
                        import sys, boto3, hashlib
                        s = boto3.client('s3', endpoint_url=sys.argv[1], region_name='eu-west-1',
                                         aws_access_key_id='test', aws_secret_access_key='test')
                        print(hashlib.sha256(s.get_object(Bucket=sys.argv[2], Key=sys.argv[3])['Body'].read()).hexdigest())
                        """, emulator.endpoint().toString(), object.bucket(), object.key())
                .strip();
    }

    /** Uploads in parts that are neither completed nor aborted. */
    static String unfinished(Emulator emulator, String bucket) {
        return Program.python("""
                        import sys, boto3
                        s = boto3.client('s3', endpoint_url=sys.argv[1], region_name='eu-west-1',
                                         aws_access_key_id='test', aws_secret_access_key='test')
                        print(len(s.list_multipart_uploads(Bucket=sys.argv[2]).get('Uploads', [])))
                        """, emulator.endpoint().toString(), bucket).strip();
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void aSmallPackageIsSentInOneRequest(Emulator emulator) throws Exception {
        String bucket = Cloud.newBucket(emulator);
        PackReport report = Package.weighing(folder, "small", SMALL);
        SendingWorkspace workspace = new SendingWorkspace();
        Log log = new Log();
        try (AwsSession session = Cloud.session(emulator.endpoint())) {
            StagedObject staged = new Staging(session, workspace, UploadJournal.NONE, log)
                    .stage(report, Cloud.staging(bucket, "lambda/"));

            assertEquals("lambda/" + report.sha256() + ".zip", staged.key());
            assertFalse(staged.alreadyThere());
            assertEquals(report.zippedBytes(), staged.sentBytes());
            assertEquals(1, workspace.requests.size());
            assertEquals(
                    report.codeSha256(), workspace.requests.get(0).headers().get("x-amz-checksum-sha256"));
            assertEquals(report.sha256(), sha256(emulator, staged));
        }
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void aLargePackageIsSentInParts(Emulator emulator) throws Exception {
        String bucket = Cloud.newBucket(emulator);
        PackReport report = Package.weighing(folder, "large", LARGE);
        SendingWorkspace workspace = new SendingWorkspace();
        try (AwsSession session = Cloud.session(emulator.endpoint())) {
            StagedObject staged = new Staging(session, workspace, UploadJournal.NONE, Progress.NONE)
                    .stage(report, Cloud.staging(bucket, ""));

            assertEquals(3, workspace.requests.size());
            assertEquals(report.zippedBytes(), staged.sentBytes());
            assertEquals(report.sha256(), sha256(emulator, staged));
            assertEquals("0", unfinished(emulator, bucket));
        }
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void aPackageThatIsThereIsNotSentAgain(Emulator emulator) throws Exception {
        String bucket = Cloud.newBucket(emulator);
        PackReport small = Package.weighing(folder, "small", SMALL);
        PackReport large = Package.weighing(folder, "large", LARGE);
        SendingWorkspace workspace = new SendingWorkspace();
        try (AwsSession session = Cloud.session(emulator.endpoint())) {
            Staging staging = new Staging(session, workspace, UploadJournal.NONE, Progress.NONE);
            staging.stage(small, Cloud.staging(bucket, ""));
            int sent = workspace.requests.size();

            StagedObject again = staging.stage(small, Cloud.staging(bucket, ""));

            assertTrue(again.alreadyThere());
            assertEquals(0, again.sentBytes());
            assertEquals(sent, workspace.requests.size());

            staging.stage(large, Cloud.staging(bucket, ""));
            int sentLarge = workspace.requests.size();
            assertTrue(staging.stage(large, Cloud.staging(bucket, "")).alreadyThere());
            assertEquals(sentLarge, workspace.requests.size());
        }
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void anotherObjectUnderTheKeyIsReplaced(Emulator emulator) throws Exception {
        String bucket = Cloud.newBucket(emulator);
        PackReport report = Package.weighing(folder, "right", SMALL);
        try (AwsSession session = Cloud.session(emulator.endpoint())) {
            String key = report.sha256() + ".zip";
            session.s3()
                    .putObject(
                            r -> r.bucket(bucket).key(key),
                            RequestBody.fromBytes(new byte[(int) report.zippedBytes()]));

            StagedObject staged = new Staging(session, new SendingWorkspace(), UploadJournal.NONE, Progress.NONE)
                    .stage(report, Cloud.staging(bucket, ""));

            assertFalse(staged.alreadyThere());
            assertEquals(report.sha256(), sha256(emulator, staged));
        }
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void theVersionOfAVersionedBucketIsKept(Emulator emulator) throws Exception {
        String bucket = Cloud.newBucket(emulator);
        PackReport report = Package.weighing(folder, "versioned", SMALL);
        try (AwsSession session = Cloud.session(emulator.endpoint())) {
            session.s3().putBucketVersioning(r -> r.bucket(bucket).versioningConfiguration(v -> v.status("Enabled")));
            Staging staging = new Staging(session, new SendingWorkspace(), UploadJournal.NONE, Progress.NONE);

            StagedObject first = staging.stage(report, Cloud.staging(bucket, ""));
            StagedObject again = staging.stage(report, Cloud.staging(bucket, ""));

            assertTrue(first.version().isPresent());
            assertEquals(first.version(), again.version());
        }
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void aBucketThatDoesNotExistIsNamedWithWhatToDo(Emulator emulator) throws Exception {
        try (AwsSession session = Cloud.session(emulator.endpoint())) {
            DeployException failed = assertThrows(
                    DeployException.class,
                    () -> new StagingBucket(session, "no-such-bucket-1").check(Optional.empty()));

            assertTrue(failed.getMessage().contains("staging bucket no-such-bucket-1"), failed.getMessage());
            assertTrue(failed.getMessage().contains("no such bucket"), failed.getMessage());
            assertTrue(failed.getMessage().contains("aws s3 mb s3://no-such-bucket-1"), failed.getMessage());
        }
    }

    /** As a bucket wants it whose policy denies every upload without these headers: they are signed, and so cannot be left out. */
    @ParameterizedTest
    @CsvSource({"MINISTACK," + SMALL, "MINISTACK," + LARGE, "MOTO," + SMALL, "MOTO," + LARGE})
    void aStagedPackageIsEncryptedAsTheSettingsSay(Emulator emulator, int bytes) throws Exception {
        String bucket = Cloud.newBucket(emulator);
        String key = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        PackReport report = Package.weighing(folder, "encrypted", bytes);
        SendingWorkspace workspace = new SendingWorkspace();
        StagedObject staged;
        try (AwsSession session = Cloud.session(emulator.endpoint())) {
            staged = new Staging(session, workspace, UploadJournal.NONE, Progress.NONE)
                    .stage(
                            report,
                            new StagingSettings(
                                    Optional.of(bucket),
                                    "",
                                    OptionalLong.empty(),
                                    Optional.of("aws:kms"),
                                    Optional.of(key)));
        }

        assertEquals(
                "aws:kms " + key,
                Program.python("""
                                import sys, boto3
                                s3 = boto3.client('s3', endpoint_url=sys.argv[1], region_name='eu-west-1',
                                                  aws_access_key_id='test', aws_secret_access_key='test')
                                head = s3.head_object(Bucket=sys.argv[2], Key=sys.argv[3])
                                print(head.get('ServerSideEncryption'), head.get('SSEKMSKeyId'))
                                """, emulator.endpoint().toString(), bucket, staged.key())
                        .strip());
        if (bytes < Staging.MULTIPART_BYTES) {
            String url = workspace.requests.get(0).url();
            assertTrue(url.contains("x-amz-server-side-encryption%3Bx-amz-server-side-encryption-aws-kms-key-id"), url);
        }
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void aBucketInAnotherRegionIsAnErrorThatNamesTheRegion(Emulator emulator) throws Exception {
        String bucket = Cloud.newBucket(emulator, "us-west-2");
        try (AwsSession session = Cloud.session(emulator.endpoint())) {
            DeployException failed = assertThrows(
                    DeployException.class, () -> new StagingBucket(session, bucket).check(Optional.empty()));

            assertTrue(failed.getMessage().contains("the bucket is in region us-west-2"), failed.getMessage());
            assertTrue(failed.getMessage().contains("must be in the same region"), failed.getMessage());
        }
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void aBucketInTheFunctionsRegionWillDo(Emulator emulator) throws Exception {
        String bucket = Cloud.newBucket(emulator);
        try (AwsSession session = Cloud.session(emulator.endpoint())) {
            new StagingBucket(session, bucket).check(Optional.empty());
        }
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void anUploadThatFailsForGoodIsAborted(Emulator emulator) throws Exception {
        String bucket = Cloud.newBucket(emulator);
        PackReport report = Package.weighing(folder, "fails", LARGE);
        SendingWorkspace refusing = new SendingWorkspace() {
            @Override
            public List<SendReply> send(List<SendRequest> batch) {
                return batch.stream()
                        .map(request -> SendReply.noResponse("ConnectException: refused"))
                        .toList();
            }
        };
        TestTime time = TestTime.startingNow();
        try (AwsSession session = Cloud.session(emulator.endpoint())) {
            Staging staging = new Staging(session, refusing, UploadJournal.NONE, Progress.NONE, time.backoff());

            DeployException failed =
                    assertThrows(DeployException.class, () -> staging.stage(report, Cloud.staging(bucket, "")));

            assertTrue(failed.getMessage().contains("ConnectException: refused"), failed.getMessage());
            assertEquals("0", unfinished(emulator, bucket));
            assertEquals(5, time.pauses.size());
        }
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void anInterruptAbortsTheUploadAndIsPassedOn(Emulator emulator) throws Exception {
        String bucket = Cloud.newBucket(emulator);
        PackReport report = Package.weighing(folder, "interrupted", LARGE);
        SendingWorkspace interrupted = new SendingWorkspace() {
            @Override
            public List<SendReply> send(List<SendRequest> batch) throws InterruptedException {
                Thread.currentThread().interrupt();
                throw new InterruptedException();
            }
        };
        try (AwsSession session = Cloud.session(emulator.endpoint())) {
            Staging staging = new Staging(session, interrupted, UploadJournal.NONE, Progress.NONE);

            assertThrows(InterruptedException.class, () -> staging.stage(report, Cloud.staging(bucket, "")));

            assertTrue(Thread.interrupted(), "the thread's own interrupt is restored");
            assertEquals("0", unfinished(emulator, bucket));
        }
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void urlsAreLoggedWithoutTheirQuery(Emulator emulator) throws Exception {
        String bucket = Cloud.newBucket(emulator);
        PackReport report = Package.weighing(folder, "logged", SMALL);
        Log log = new Log();
        SendingWorkspace once = new SendingWorkspace() {
            @Override
            public List<SendReply> send(List<SendRequest> batch) throws IOException, InterruptedException {
                return requests.isEmpty() && requests.addAll(batch)
                        ? List.of(SendReply.noResponse("IOException: reset"))
                        : super.send(batch);
            }
        };
        try (AwsSession session = Cloud.session(emulator.endpoint())) {
            new Staging(
                            session,
                            once,
                            UploadJournal.NONE,
                            log,
                            TestTime.startingNow().backoff())
                    .stage(report, Cloud.staging(bucket, ""));

            assertTrue(once.requests.get(0).url().contains("X-Amz-Signature="));
            assertTrue(
                    log.text().contains("Sending again: PUT " + emulator.endpoint() + "/" + bucket + "/"), log.text());
            assertFalse(log.text().contains("X-Amz"), log.text());
            assertFalse(log.text().contains("?"), log.text());
        }
    }

    @Test
    void aPrefixWithControlCharactersIsRefused() throws Exception {
        PackReport report = Package.holding(folder, "x");
        try (AwsSession session = Cloud.session(Emulator.MINISTACK.endpoint())) {
            DeployException failed = assertThrows(
                    DeployException.class,
                    () -> new Staging(session, new SendingWorkspace(), UploadJournal.NONE, Progress.NONE)
                            .stage(report, Cloud.staging("some-bucket", "a\nb/")));

            assertTrue(failed.getMessage().contains("Use another prefix"), failed.getMessage());
        }
    }
}
