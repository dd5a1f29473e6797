package io.jenkins.plugins.lambdanode.testing.jenkins;

import hudson.EnvVars;
import hudson.FilePath;
import hudson.Launcher;
import hudson.Proc;
import hudson.model.TaskListener;
import hudson.remoting.Channel;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Behaves as the launcher of the Kubernetes plugin's {@code container('...') { }} (ContainerExecDecorator): the controller, not the
 * agent, has a shell started in another container of the pod and writes the command to its input, after the variables of the step and
 * then those of the command. What it starts has process numbers that the agent does not see.
 */
public final class KubernetesLauncher extends Launcher {

    private final EnvVars container;
    private final EnvVars step;

    /**
     * @param container variables that the container has of its own
     * @param step those of the Pipeline's step, which the launcher sets whatever the command has
     */
    public KubernetesLauncher(EnvVars container, EnvVars step) {
        super(TaskListener.NULL, null);
        this.container = container;
        this.step = step;
    }

    @Override
    public boolean isUnix() {
        return true;
    }

    @Override
    public Proc launch(ProcStarter starter) throws IOException {
        ProcessBuilder shell = new ProcessBuilder("sh").redirectErrorStream(true);
        shell.environment().putAll(container);
        Process process = shell.start();
        CompletableFuture<Void> copied =
                CompletableFuture.runAsync(() -> copy(process.getInputStream(), starter.stdout()));
        // Open until the process ends, as the connection to the pod is.
        PrintStream in = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
        in.print("cd \"" + starter.pwd() + "\"\n");
        EnvVars variables = new EnvVars(step);
        for (String variable : starter.envs()) {
            variables.addLine(variable.replace("$$", "$"));
        }
        variables.forEach((name, value) -> {
            if (name.matches("[a-zA-Z_][a-zA-Z0-9_]*")) {
                in.print("export " + name + "='" + value.replace("'", "'\\''") + "'\n");
            }
        });
        List<String> words = new ArrayList<>();
        for (String word : starter.cmds()) {
            words.add('"' + word.replace("$$", "\\$").replace("\"", "\\\"") + '"');
        }
        in.print(String.join(" ", words) + "\nexit $?\n");
        return new Started(process, copied);
    }

    private static void copy(InputStream from, OutputStream to) {
        try (from) {
            from.transferTo(to);
        } catch (IOException e) {
            // The connection is closed.
        }
    }

    private static final class Started extends Proc {
        private final Process process;
        private final CompletableFuture<Void> copied;

        Started(Process process, CompletableFuture<Void> copied) {
            this.process = process;
            this.copied = copied;
        }

        @Override
        public boolean isAlive() {
            return process.isAlive();
        }

        /** Closes the connection. The process has no terminal, so it goes on. */
        @Override
        public void kill() throws IOException {
            process.getOutputStream().close();
        }

        @Override
        public int join() throws InterruptedException {
            int status = process.waitFor();
            copied.join();
            return status;
        }

        @Override
        public InputStream getStdout() {
            return null;
        }

        @Override
        public InputStream getStderr() {
            return null;
        }

        @Override
        public OutputStream getStdin() {
            return null;
        }
    }

    @Override
    public Channel launchChannel(String[] cmd, OutputStream out, FilePath workDir, Map<String, String> envVars) {
        throw new UnsupportedOperationException();
    }

    /** It looks for JENKINS_SERVER_COOKIE, which no process of a deployment has. */
    @Override
    public void kill(Map<String, String> modelEnvVars) {}
}
