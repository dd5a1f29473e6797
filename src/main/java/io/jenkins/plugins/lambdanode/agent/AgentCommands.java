package io.jenkins.plugins.lambdanode.agent;

import hudson.EnvVars;
import hudson.FilePath;
import hudson.Launcher;
import hudson.Proc;
import hudson.model.TaskListener;
import io.jenkins.plugins.lambdanode.engine.base.FileErrors;
import io.jenkins.plugins.lambdanode.engine.command.Command;
import io.jenkins.plugins.lambdanode.engine.command.CommandOutcome;
import io.jenkins.plugins.lambdanode.engine.command.OutputTail;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Runs commands on an agent by the step's own Launcher, which may lead into a container, in the step's environment: what
 * {@code tools}, {@code nodejs}, {@code withEnv} and build wrappers have put on its PATH is what is found.
 */
final class AgentCommands {

    /** Marks the processes of a deployment, by which those that outlived a controller or an agent are found. */
    static final String DEPLOYMENT_VARIABLE = "LAMBDA_NODE_DEPLOY_ID";

    /** Asked to end, npm's processes have two seconds. It needs what a slim image and busybox have; some know no part of a second. */
    private static final String END_PROCESSES = """
            pids() { grep -lsF "$mark" /proc/[0-9]*/environ | cut -d/ -f3; }
            mark=$1
            kill $(pids)
            for wait in 1 2 3 4 5 6 7 8 9 10; do
              [ -n "$(pids)" ] || exit 0
              sleep 0.2 || sleep 1
            done
            kill -9 $(pids)
            """;

    private static final Duration ENDING = Duration.ofSeconds(15);

    private final String deployment;
    private final FilePath project;
    private final FilePath temporary;
    private final String npmCache;
    private final EnvVars env;
    private final Launcher launcher;
    private final AgentChannel channel;
    private final TaskListener listener;

    /**
     * @param temporary the folder for this deployment's temporary files
     * @param npmCache the folder of npm's cache for a user whose home can't be written, such as one that an image does not know
     */
    AgentCommands(
            String deployment,
            FilePath project,
            FilePath temporary,
            String npmCache,
            EnvVars env,
            Launcher launcher,
            AgentChannel channel,
            TaskListener listener) {
        this.deployment = deployment;
        this.project = project;
        this.temporary = temporary;
        this.npmCache = npmCache;
        this.env = env;
        this.launcher = launcher;
        this.channel = channel;
        this.listener = listener;
    }

    CommandOutcome run(Command command) throws IOException, InterruptedException {
        List<String> words = words(command);
        OutputTail output = new OutputTail(
                command.quiet() ? line -> {} : listener.getLogger()::println,
                line -> line.replace(scriptFile().getRemote(), "sh"));
        Proc process;
        try {
            process = launcher.launch()
                    .cmds(words)
                    .envs(environment(command))
                    .pwd(command.folder().isEmpty() ? project : new FilePath(project.getChannel(), command.folder()))
                    .quiet(true)
                    .stdout(output)
                    .start();
        } catch (InterruptedIOException e) {
            // So launchers say that they were interrupted. The agent may have started it nevertheless.
            channel.clearUpAfterStop(this::endProcesses);
            throw (InterruptedException) new InterruptedException().initCause(e);
        } catch (IOException e) {
            if (channel.isGone()) {
                throw e;
            }
            return CommandOutcome.notStarted(String.valueOf(e.getMessage()));
        }
        try {
            int status = channel.await(process::join, () -> {
                endProcesses();
                process.kill();
            });
            output.close();
            return new CommandOutcome(status, output.last());
        } finally {
            output.close();
        }
    }

    private void endProcesses() throws IOException, InterruptedException {
        endProcesses(deployment);
    }

    /**
     * Ends the processes of a deployment: those that the agent sees, and those where the launcher leads, such as into a container.
     * {@code Launcher.kill} does not: in Docker it needs {@code ps}, and in Kubernetes it goes by a variable of its own.
     *
     * @throws IOException if some may still run
     */
    void endProcesses(String ofDeployment) throws IOException, InterruptedException {
        project.act(new AgentTasks.EndProcesses(DEPLOYMENT_VARIABLE, ofDeployment));
        if (!launcher.isUnix()) {
            return;
        }
        FilePath script = temporary.child("end.sh");
        script.write(END_PROCESSES, StandardCharsets.UTF_8.name());
        launcher.launch()
                .cmds("sh", escaped(script.getRemote()), DEPLOYMENT_VARIABLE + "=" + ofDeployment)
                .pwd(temporary)
                .quiet(true)
                .stdout(OutputStream.nullOutputStream())
                .start()
                .joinWithTimeout(ENDING.toSeconds(), TimeUnit.SECONDS, listener);
    }

    /**
     * A variable that is empty is one that Jenkins removes, also where the agent's own process has it
     * ({@link EnvVars#override}).
     */
    private Map<String, String> environment(Command command) {
        EnvVars environment = new EnvVars(env);
        command.withheldVariables().forEach(name -> environment.put(name, ""));
        environment.put(DEPLOYMENT_VARIABLE, deployment);
        Map<String, String> escaped = new TreeMap<>();
        environment.forEach((name, value) -> escaped.put(name, escaped(value)));
        return escaped;
    }

    /** Launchers put variables into values and words ({@code EnvVars.overrideExpandingAll}, JENKINS-40734). */
    private static String escaped(String text) {
        return text.replace("$", "$$");
    }

    private List<String> words(Command command) throws IOException, InterruptedException {
        List<String> words = !launcher.isUnix()
                ? command.wordsOnWindows()
                : command.shell() ? List.of("sh", "-e", script(command)) : command.wordsOnUnix();
        return words.stream().map(AgentCommands::escaped).toList();
    }

    private FilePath scriptFile() {
        return temporary.child("command.sh");
    }

    /**
     * A file for the shell, which ends at the first line that fails: the words of a command are for all to see who list processes.
     * Nothing answers a command that asks, and Kubernetes's launcher has the command's end wait where it would ask.
     */
    private String script(Command command) throws IOException, InterruptedException {
        FilePath file = scriptFile();
        try {
            file.write(
                    "exec </dev/null; test -w \"$HOME\" || test -n \"$npm_config_cache$NPM_CONFIG_CACHE\" || export npm_config_cache='"
                            + npmCache.replace("'", "'\\''") + "'; " + command.display() + "\n",
                    StandardCharsets.UTF_8.name());
        } catch (IOException e) {
            throw FileErrors.diskFull(e, file.getName(), temporary.getRemote(), "");
        }
        return file.getRemote();
    }
}
