package io.jenkins.plugins.lambdanode.engine.project;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which folder the dependencies of a member of a workspace are installed in, and by which lock file. */
class WorkspaceRootTest {
    @TempDir
    Path dir;

    private Path root;
    private Path member;

    @BeforeEach
    void makeWorkspace() throws Exception {
        root = dir.toRealPath().resolve("repository");
        member = root.resolve("functions/orders");
        write(root.resolve(".git/HEAD"), "");
        write(root.resolve("package.json"), "{\"workspaces\": [\"functions/*\"]}");
        write(root.resolve("package-lock.json"), "{}");
        write(member.resolve("package.json"), "{\"dependencies\": {\"ms\": \"2.1.3\"}}");
    }

    private static void write(Path file, String text) throws Exception {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private InstallPlan plan(Path project) throws Exception {
        return InstallPlan.of(InstallSetting.AUTO, ProjectFolder.of(project, dir))
                .orElseThrow();
    }

    @Test
    void aMemberThatIsASubmoduleBelongsToTheWorkspaceAroundIt() throws Exception {
        write(member.resolve(".git"), "gitdir: ../../.git/modules/functions/orders\n");
        assertEquals(root.toString(), plan(member).folder());
    }

    @Test
    void aWorktreeBelongsToNothingAroundIt() throws Exception {
        write(member.resolve(".git"), "gitdir: /home/jenkins/repository/.git/worktrees/orders\n");
        assertEquals(member.toString(), plan(member).folder());
    }

    @Test
    void aMemberIsFoundByALinkToIt() throws Exception {
        Path link = Files.createSymbolicLink(dir.resolve("current"), member);
        assertEquals(root.toString(), plan(link).folder());
    }

    private String lockFile(Path project) throws Exception {
        return dir.toRealPath()
                .relativize(Path.of(InstallPlan.lockFileOf(ProjectFolder.of(project, dir))))
                .toString();
    }

    @Test
    void theLockFileIsTheOneThatAnInstallWouldGoBy() throws Exception {
        write(member.resolve("yarn.lock"), "");
        assertEquals("repository/package-lock.json", lockFile(member));

        write(root.resolve("pnpm-lock.yaml"), "");
        write(root.resolve("package.json"), "{\"packageManager\": \"pnpm@10.0.0\", \"workspaces\": [\"functions/*\"]}");
        assertEquals("repository/pnpm-lock.yaml", lockFile(member));

        Files.delete(root.resolve("pnpm-lock.yaml"));
        Files.delete(root.resolve("package-lock.json"));
        assertEquals("repository/functions/orders/yarn.lock", lockFile(member));

        Files.delete(member.resolve("yarn.lock"));
        assertEquals("", InstallPlan.lockFileOf(ProjectFolder.of(member, dir)));
    }

    @Test
    void aLockFileOfTheMembersOwnIsSaidNotToCount() throws Exception {
        assertEquals(List.of(), plan(member).warnings());
        write(member.resolve("package-lock.json"), "{}");
        List<String> warnings = plan(member).warnings();
        assertEquals(1, warnings.size(), warnings.toString());
        assertTrue(
                warnings.get(0)
                        .startsWith("The project has package-lock.json of its own, and is a member of the workspace of "
                                + root),
                warnings.toString());
    }

    @Test
    void pnpmCanKeepALockFileForEachMember() throws Exception {
        Files.delete(root.resolve("package-lock.json"));
        write(root.resolve("pnpm-lock.yaml"), "");
        write(root.resolve("pnpm-workspace.yaml"), "packages: ['functions/*']\nsharedWorkspaceLockfile: false\n");
        write(member.resolve("pnpm-lock.yaml"), "");
        assertEquals(List.of(), plan(member).warnings());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "\"functions/@(orders|billing)\"          ; true",
                "\"functions/!(orders|billing)\"          ; false",
                "\"functions/!(order)\"                   ; true",
                "\"f+(x|unctions)/*\"                     ; true",
                "\"functions/?(x)orders\"                 ; true",
                "\"{functions,libs}/*\"                   ; true",
                "\"**/ord[a-f]rs\"                        ; true",
                "\"./functions/**/\"                      ; true",
                "\"functions\", \"functions/*/*\"         ; false",
                "\"functions/*\", \"!functions/o?ders\"   ; false",
                "\"functions/*\", \"!functions/@(x)\"     ; true"
            })
    void aMemberIsWhatThePatternsOfAllToolsName(String patterns, boolean isMember) throws Exception {
        write(root.resolve("package.json"), "{\"workspaces\": [" + patterns + "]}");
        assertEquals((isMember ? root : member).toString(), plan(member).folder());
    }

    /** pnpm would install the members of the workspace, and nothing here. */
    @Test
    void pnpmIsKeptFromTheWorkspaceAroundAProjectThatIsNoMember() throws Exception {
        Files.delete(root.resolve("package-lock.json"));
        write(root.resolve("package.json"), "{}");
        write(root.resolve("pnpm-lock.yaml"), "");
        write(root.resolve("pnpm-workspace.yaml"), "packages: # all but one\n  - functions/*\n  - '!functions/old'\n");
        Path old = root.resolve("functions/old");
        write(old.resolve("package.json"), "{\"dependencies\": {\"ms\": \"2.1.3\"}}");
        write(old.resolve("pnpm-lock.yaml"), "");
        assertEquals(old.toString(), plan(old).folder());
        assertTrue(plan(old).insideAnother());
        assertEquals(root.toString(), plan(member).folder());
        assertFalse(plan(member).insideAnother());
    }

    @Test
    void devEnginesNamesTheToolAsPackageManagerDoes() throws Exception {
        write(root.resolve("pnpm-lock.yaml"), "");
        for (String named : List.of("{\"name\": \"pnpm\"}", "[{\"name\": \"pnpm\"}]")) {
            write(
                    root.resolve("package.json"),
                    "{\"devEngines\": {\"packageManager\": " + named + "}, \"workspaces\": [\"functions/*\"]}");
            assertEquals(PackageManager.PNPM, plan(member).manager());
        }
    }
}
