package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.aws.Cloud;
import io.jenkins.plugins.lambdanode.engine.aws.Package;
import io.jenkins.plugins.lambdanode.engine.aws.SendingWorkspace;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.s3.StagedObject;
import io.jenkins.plugins.lambdanode.engine.aws.s3.Staging;
import io.jenkins.plugins.lambdanode.engine.aws.s3.UploadJournal;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.testing.Emulator;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.Program;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What deploying asks of Lambda, against every emulator. */
@ExtendWith(EmulatorExtension.class)
class FunctionsContractTest {

    private static final Duration SOON = Duration.ofSeconds(30);

    @TempDir
    Path folder;

    /** CodeSha256, Runtime, Handler and more as boto3 reads them. */
    private static String read(Emulator emulator, FunctionName function, String field) {
        return Program.python("""
                        import sys, boto3
                        l = boto3.client('lambda', endpoint_url=sys.argv[1], region_name='eu-west-1',
                                         aws_access_key_id='test', aws_secret_access_key='test')
                        print(l.get_function_configuration(FunctionName=sys.argv[2]).get(sys.argv[3]))
                        """, emulator.endpoint().toString(), function.value(), field)
                .strip();
    }

    private CreateOptions options(Emulator emulator) {
        return CreateOptions.of(Cloud.role(emulator), "nodejs22.x", "index.handler");
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void aFunctionThatDoesNotExistIsEmpty(Emulator emulator) throws Exception {
        try (AwsSession session = Cloud.session(emulator.endpoint())) {
            Functions functions = new Functions(session, new SendingWorkspace(), Progress.NONE);

            assertEquals(Optional.empty(), functions.find(Cloud.newFunction()));
        }
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void aFunctionIsCreatedAndUpdatedStraightFromTheWorkspace(Emulator emulator) throws Exception {
        FunctionName name = Cloud.newFunction();
        PackReport first = Package.weighing(folder, "first", 300_000);
        PackReport second = Package.weighing(folder, "second", 300_001);
        try (AwsSession session = Cloud.session(emulator.endpoint())) {
            Functions functions = new Functions(session, new SendingWorkspace(), Progress.NONE);

            functions.create(name, new CodeSource.Direct(first), options(emulator), first.codeSha256());
            FunctionState created = functions.awaitReady(name, SOON);

            assertEquals("Active", created.state());
            assertEquals("nodejs22.x", created.runtime());
            assertEquals("index.handler", created.handler());
            assertEquals(first.codeSha256(), read(emulator, name, "CodeSha256"));
            assertEquals(Long.toString(first.zippedBytes()), read(emulator, name, "CodeSize"));

            FunctionState answer =
                    functions.update(name, new CodeSource.Direct(second), UpdateOptions.NONE, second.codeSha256());
            FunctionState updated = functions.awaitReady(name, SOON);

            assertEquals(second.codeSha256(), answer.codeSha256());
            assertEquals(name.value(), answer.functionName());
            assertEquals(second.codeSha256(), updated.codeSha256());
            assertEquals(second.codeSha256(), read(emulator, name, "CodeSha256"));
            assertEquals(second.zippedBytes(), updated.codeSize());
        }
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void aFunctionIsCreatedAndUpdatedFromTheStagingBucket(Emulator emulator) throws Exception {
        FunctionName name = Cloud.newFunction();
        String bucket = Cloud.newBucket(emulator);
        PackReport first = Package.holding(folder, "first");
        PackReport second = Package.weighing(folder, "second", 17 * 1024 * 1024);
        SendingWorkspace workspace = new SendingWorkspace();
        try (AwsSession session = Cloud.session(emulator.endpoint())) {
            Functions functions = new Functions(session, workspace, Progress.NONE);
            Staging staging = new Staging(session, workspace, UploadJournal.NONE, Progress.NONE);

            functions.create(
                    name,
                    new CodeSource.Staged(staging.stage(first, Cloud.staging(bucket, ""))),
                    options(emulator),
                    first.codeSha256());
            functions.awaitReady(name, SOON);
            assertEquals(first.codeSha256(), read(emulator, name, "CodeSha256"));

            StagedObject staged = staging.stage(second, Cloud.staging(bucket, "pre/"));
            functions.update(name, new CodeSource.Staged(staged), UpdateOptions.NONE, second.codeSha256());
            functions.awaitReady(name, SOON);

            assertEquals("pre/" + second.sha256() + ".zip", staged.key());
            assertEquals(second.codeSha256(), read(emulator, name, "CodeSha256"));
        }
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void aFunctionIsCreatedWithAllThatWasAskedFor(Emulator emulator) throws Exception {
        FunctionName name = Cloud.newFunction();
        PackReport report = Package.holding(folder, "all");
        CreateOptions options = new CreateOptions(
                Cloud.role(emulator),
                "nodejs22.x",
                "index.handler",
                OptionalInt.of(256),
                OptionalInt.of(9),
                Map.of("GREETING", "gr\u00fc\u00df \"dich\""),
                List.of(),
                List.of("arm64"),
                "orders of the shop",
                Optional.empty());
        try (AwsSession session = Cloud.session(emulator.endpoint())) {
            Functions functions = new Functions(session, new SendingWorkspace(), Progress.NONE);
            functions.create(name, new CodeSource.Direct(report), options, report.codeSha256());

            FunctionState state = functions.awaitReady(name, SOON);

            assertEquals(256, state.memorySize());
            assertEquals(9, state.timeout());
            assertEquals("orders of the shop", state.description());
            assertEquals(List.of("arm64"), state.architectures());
            assertEquals("{'Variables': {'GREETING': 'gr\u00fc\u00df \"dich\"'}}", read(emulator, name, "Environment"));
        }
    }

    /** Not against MiniStack, which carries a dry run out. */
    @ParameterizedTest
    @EnumSource(names = "MOTO")
    void aDryRunChangesNothing(Emulator emulator) throws Exception {
        FunctionName name = Cloud.newFunction();
        PackReport first = Package.holding(folder, "first");
        PackReport second = Package.holding(folder, "second");
        try (AwsSession session = Cloud.session(emulator.endpoint())) {
            Functions functions = new Functions(session, new SendingWorkspace(), Progress.NONE);
            functions.create(name, new CodeSource.Direct(first), options(emulator), first.codeSha256());
            functions.awaitReady(name, SOON);

            UpdateOptions dry = new UpdateOptions(List.of(), true, Optional.empty(), Optional.empty());
            functions.update(name, new CodeSource.Direct(second), dry, second.codeSha256());

            assertEquals(first.codeSha256(), read(emulator, name, "CodeSha256"));
        }
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void anAliasIsMadeMovedAndLeftWhereItIs(Emulator emulator) throws Exception {
        FunctionName name = Cloud.newFunction();
        PackReport first = Package.holding(folder, "first");
        PackReport second = Package.holding(folder, "second");
        try (AwsSession session = Cloud.session(emulator.endpoint())) {
            Functions functions = new Functions(session, new SendingWorkspace(), Progress.NONE);
            functions.create(name, new CodeSource.Direct(first), options(emulator), first.codeSha256());
            functions.awaitReady(name, SOON);

            String one = functions.publish(name, first.codeSha256(), Optional.empty(), "first");
            AliasState made = functions.moveAlias(name, "live", one);
            AliasState left = functions.moveAlias(name, "live", one);

            functions.update(name, new CodeSource.Direct(second), UpdateOptions.NONE, second.codeSha256());
            functions.awaitReady(name, SOON);
            String two = functions.publish(name, second.codeSha256(), Optional.empty(), "");
            AliasState moved = functions.moveAlias(name, "live", two);

            assertTrue(made.changed());
            assertTrue(made.arn().endsWith(":function:" + name.name() + ":live"), made.arn());
            assertFalse(left.changed());
            assertEquals(one, left.version());
            assertTrue(moved.changed());
            assertNotEquals(one, two);
            assertEquals(
                    two,
                    Program.python("""
                                    import sys, boto3
                                    l = boto3.client('lambda', endpoint_url=sys.argv[1], region_name='eu-west-1',
                                                     aws_access_key_id='test', aws_secret_access_key='test')
                                    print(l.get_alias(FunctionName=sys.argv[2], Name='live')['FunctionVersion'])
                                    """, emulator.endpoint().toString(), name.value())
                            .strip());
        }
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void publishingTwiceGivesOneVersion(Emulator emulator) throws Exception {
        FunctionName name = Cloud.newFunction();
        PackReport report = Package.holding(folder, "once");
        try (AwsSession session = Cloud.session(emulator.endpoint())) {
            Functions functions = new Functions(session, new SendingWorkspace(), Progress.NONE);
            functions.create(name, new CodeSource.Direct(report), options(emulator), report.codeSha256());
            functions.awaitReady(name, SOON);
            // Moto answers a first publication after a creation with version 1, and the next one with 2, for the same
            // code.
            functions.publish(name, report.codeSha256(), Optional.empty(), "");
            String version = functions.publish(name, report.codeSha256(), Optional.empty(), "");

            assertEquals(version, functions.publish(name, report.codeSha256(), Optional.empty(), ""));
        }
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void updatingAFunctionThatDoesNotExistSaysHowToHaveItMade(Emulator emulator) throws Exception {
        FunctionName name = Cloud.newFunction();
        PackReport report = Package.holding(folder, "nowhere");
        try (AwsSession session = Cloud.session(emulator.endpoint())) {
            Functions functions = new Functions(session, new SendingWorkspace(), Progress.NONE);

            DeployException failed = assertThrows(
                    DeployException.class,
                    () -> functions.update(
                            name, new CodeSource.Direct(report), UpdateOptions.NONE, report.codeSha256()));

            assertTrue(
                    failed.getMessage().contains("did not update the code of function " + name), failed.getMessage());
            assertTrue(failed.getMessage().contains("ResourceNotFoundException"), failed.getMessage());
            assertTrue(failed.getMessage().contains("turn on create"), failed.getMessage());
        }
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void creatingAFunctionThatSomeoneElseMadeIsAnError(Emulator emulator) throws Exception {
        FunctionName name = Cloud.newFunction();
        PackReport theirs = Package.holding(folder, "theirs");
        PackReport ours = Package.holding(folder, "ours");
        try (AwsSession session = Cloud.session(emulator.endpoint())) {
            Functions functions = new Functions(session, new SendingWorkspace(), Progress.NONE);
            functions.create(name, new CodeSource.Direct(theirs), options(emulator), theirs.codeSha256());

            DeployException failed = assertThrows(
                    DeployException.class,
                    () -> functions.create(name, new CodeSource.Direct(ours), options(emulator), ours.codeSha256()));

            assertTrue(failed.getMessage().contains("was created by someone else"), failed.getMessage());
        }
    }
}
