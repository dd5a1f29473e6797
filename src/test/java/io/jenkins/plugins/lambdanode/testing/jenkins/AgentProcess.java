package io.jenkins.plugins.lambdanode.testing.jenkins;

import static org.junit.jupiter.api.Assertions.assertEquals;

import hudson.model.Slave;
import java.io.IOException;
import jenkins.security.MasterToSlaveCallable;

/** The process of an agent, to do to it what machines and networks do. */
public record AgentProcess(ProcessHandle process) {

    public static AgentProcess of(Slave agent) throws IOException, InterruptedException {
        return new AgentProcess(
                ProcessHandle.of(agent.getChannel().call(new Pid())).orElseThrow());
    }

    public void kill() {
        process.destroyForcibly();
        process.onExit().join();
    }

    /** It does nothing more, and its connections stay open. */
    public void suspend() throws IOException, InterruptedException {
        signal("STOP");
    }

    public void resume() throws IOException, InterruptedException {
        signal("CONT");
    }

    private void signal(String signal) throws IOException, InterruptedException {
        Process kill = new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                .inheritIO()
                .start();
        assertEquals(0, kill.waitFor());
    }

    private static final class Pid extends MasterToSlaveCallable<Long, RuntimeException> {
        private static final long serialVersionUID = 1L;

        @Override
        public Long call() {
            return ProcessHandle.current().pid();
        }
    }
}
