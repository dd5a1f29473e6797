package io.jenkins.plugins.lambdanode.engine.steps;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.http.HttpSender;
import io.jenkins.plugins.lambdanode.engine.report.Timings;
import io.jenkins.plugins.lambdanode.engine.workspace.LocalWorkspace;
import io.jenkins.plugins.lambdanode.testing.KeptLog;
import io.jenkins.plugins.lambdanode.testing.Project;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class BuildStepTest {

    @TempDir
    Path dir;

    private final KeptLog log = new KeptLog();
    private Project project;

    @BeforeEach
    void makeProject() throws Exception {
        project = new Project(Files.createDirectory(dir.resolve("my f\u00fcnction")));
    }

    private void build(String line) throws Exception {
        build(line, Map.of());
    }

    private void build(String line, Map<String, String> variables) throws Exception {
        Map<String, String> environment = new HashMap<>(System.getenv());
        environment.putAll(variables);
        try (LocalWorkspace workspace = new LocalWorkspace(project.folder(), environment, new HttpSender(log), log)) {
            new BuildStep(workspace, new Timings(List.of()), log).run(Optional.of(line));
        }
    }

    private String failure(String line) {
        return assertThrows(DeployException.class, () -> build(line)).messageWithOutput();
    }

    @Test
    void theShellRunsTheLineInTheProjectsFolderAndItsOutputIsInTheLog() throws Exception {
        build("pwd && mkdir 'd\u00efst' && echo $KIND > 'd\u00efst/a b.js'", Map.of("KIND", "built"));

        assertEquals("built\n", Files.readString(project.folder().resolve("d\u00efst/a b.js")));
        assertTrue(log.lines().get(0).startsWith("$ pwd && mkdir"), log.text());
        assertEquals(project.folder().toRealPath().toString(), log.lines().get(1));
    }

    @Test
    void itEndsAtTheFirstLineThatFails() {
        String message = failure("echo one\nfalse\ntouch two");

        assertTrue(message.contains("with exit status 1."), message);
        assertFalse(project.has("two"));
    }

    @Test
    void aCompilersErrorsAreShownWithoutWhatNpmPutsAroundThem() {
        project.with(
                        "package.json",
                        "{\"name\":\"a\",\"version\":\"1.0.0\",\"scripts\":{\"build\":\"node compile.js\"}}")
                .with(
                        "compile.js",
                        "console.log(\"src/index.ts(3,7): error TS2322: Type 'string' is not a number.\");process.exit(2)");

        String message = failure("npm run build");

        assertEquals(
                "The build 'npm run build' failed in " + project.folder() + " with exit status 2."
                        + "\n  | src/index.ts(3,7): error TS2322: Type 'string' is not a number."
                        + "\nThe log above has all that it says.",
                message);
    }

    @Test
    void aProgramThatIsNotThereIsNamedWithWhatToDo() {
        project.with(
                "package.json",
                "{\"name\":\"a\",\"version\":\"1.0.0\",\"scripts\":{\"build\":\"no-such-compiler -p .\"}}");

        for (String line : new String[] {"npm run build", "no-such-compiler -p ."}) {
            String message = failure(line);

            assertTrue(message.contains("with exit status 127."), message);
            assertTrue(
                    message.contains(
                            "no-such-compiler was not found. If a package brings it, name that in devDependencies"),
                    message);
        }
    }

    @Test
    void aScriptThatIsNotThereIsNamed() {
        project.with("package.json", "{\"name\":\"a\",\"version\":\"1.0.0\"}");

        assertTrue(failure("npm run build").contains("Missing script: \"build\""));
    }

    @Test
    @Timeout(60)
    void anInterruptEndsTheBuildWithItsChildren() throws Exception {
        Thread deployment = new Thread(() -> {
            try {
                build("sleep 1000 & echo $! > pid; wait");
            } catch (Exception e) {
                log.log(e.getClass().getSimpleName());
            }
        });
        deployment.start();
        Path pid = project.folder().resolve("pid");
        while (!Files.exists(pid) || Files.size(pid) == 0) {
            Thread.sleep(20);
        }
        long child = Long.parseLong(Files.readString(pid).strip());

        deployment.interrupt();
        deployment.join();

        Optional<ProcessHandle> left = ProcessHandle.of(child);
        if (left.isPresent()) {
            left.get().onExit().get(30, TimeUnit.SECONDS);
        }
        assertTrue(log.text().contains("InterruptedException"), log.text());
    }
}
