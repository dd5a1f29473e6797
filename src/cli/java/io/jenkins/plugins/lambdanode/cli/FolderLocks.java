package io.jenkins.plugins.lambdanode.cli;

import io.jenkins.plugins.lambdanode.engine.DeploymentLocks;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.base.Sha256;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.FileLockInterruptionException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;
import java.util.List;

/** Lets the command lines of one user that install in the same folder take turns: each holds a lock on a file in the temporary folder. */
final class FolderLocks implements DeploymentLocks {

    @Override
    public Lock await(List<FunctionName> functions, Progress progress) {
        return Lock.NONE;
    }

    @Override
    public Lock awaitFolder(String folder, Progress progress) throws InterruptedException {
        String name = HexFormat.of().formatHex(Sha256.sha256().digest(folder.getBytes(StandardCharsets.UTF_8)));
        Path file = Path.of(System.getProperty("java.io.tmpdir"), "lambda-node-deploy-" + name.substring(0, 32) + ".lock");
        FileChannel channel;
        try {
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        } catch (IOException e) {
            // Another user's, who has a copy of the project of his own or can write to this one no more than this user to his.
            return Lock.NONE;
        }
        try {
            FileLock free = channel.tryLock();
            if (free == null) {
                progress.log("Waiting for another deployment, which works in " + folder + " too");
                channel.lock();
            }
            return new Held(channel, free == null);
        } catch (FileLockInterruptionException e) {
            Held.close(channel);
            Thread.interrupted();
            throw new InterruptedException("Stopped while waiting for " + folder);
        } catch (IOException e) {
            Held.close(channel);
            return Lock.NONE;
        }
    }

    /** The file stays: another process can have opened it and wait. */
    private record Held(FileChannel channel, boolean waited) implements Lock {

        @Override
        public void close() {
            close(channel);
        }

        private static void close(FileChannel channel) {
            try {
                channel.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
