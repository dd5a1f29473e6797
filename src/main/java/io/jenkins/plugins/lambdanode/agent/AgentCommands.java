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
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Runs commands on an agent by the step's own Launcher, which may lead into a container, in the step's environment: what
 * {@code tools}, {@code nodejs}, {@code withEnv} and build wrappers have put on its PATH is what is found.
 */
final class AgentCommands {

    /** Marks the processes of a deployment, by which those that outlived a controller or an agent are found. */
    static final String DEPLOYMENT_VARIABLE = "LAMBDA_NODE_DEPLOY_ID";

    private final String deployment;
    private final FilePath project;
    private final FilePath temporary;
    private final EnvVars env;
    private final Launcher launcher;
    private final AgentChannel channel;
    private final TaskListener listener;

    /** @param temporary the folder for this deployment's temporary files */
    AgentCommands(
            String deployment,
            FilePath project,
            FilePath temporary,
            EnvVars env,
            Launcher launcher,
            AgentChannel channel,
            TaskListener listener) {
        this.deployment = deployment;
        this.project = project;
        this.temporary = temporary;
        this.env = env;
        this.launcher = launcher;
        this.channel = channel;
        this.listener = listener;
    }

    CommandOutcome run(Command command) throws IOException, InterruptedException {
        List<String> words = words(command);
        OutputTail output = new OutputTail(
                command.quiet() ? line -> {} : listener.getLogger()::println, line -> line.replace(scriptFile().getRemote(), "sh"));
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
            return new CommandOutcome(CommandOutcome.NOT_FOUND, List.of());
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
        project.act(new AgentTasks.EndProcesses(DEPLOYMENT_VARIABLE, deployment));
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

    /** A file for the shell, which ends at the first line that fails: the words of a command are for all to see who list processes. */
    private String script(Command command) throws IOException, InterruptedException {
        FilePath file = scriptFile();
        try {
            file.write(command.display() + "\n", StandardCharsets.UTF_8.name());
        } catch (IOException e) {
            throw FileErrors.diskFull(e, file.getName(), temporary.getRemote(), "");
        }
        return file.getRemote();
    }
}
