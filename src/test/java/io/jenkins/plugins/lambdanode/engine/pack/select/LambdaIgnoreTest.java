package io.jenkins.plugins.lambdanode.engine.pack.select;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.pack.Run;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LambdaIgnoreTest {

    @Test
    void whatItLeavesOutIsWhatGitIgnores(@TempDir Path dir) throws Exception {
        List<String> parts = List.of(
                "a", "b", "foo", "bar.js", "*", "**/", "/**", "/", "!", "?", "[ab]", "[!a]", "*.js", ".js", "\\#",
                "\\!", "$", "+", "{", "(", "^", "#", " ");
        List<String> names =
                List.of("a", "b", "foo", "bar.js", "ab", "a.js", "!a", "#a", "a$b", "(a)", "fo+o", "{a}", "^");
        Random random = new Random(20260423);
        Run.program("git", "init", "-q", dir.toString()).requireSuccess();
        Set<String> allPaths = new TreeSet<>();
        List<LambdaIgnore> ignores = new ArrayList<>();
        for (int round = 0; round < 80; round++) {
            Path project = Files.createDirectory(dir.resolve("p" + round));
            StringBuilder rules = new StringBuilder();
            for (int line = 1 + random.nextInt(3); line > 0; line--) {
                for (int part = 1 + random.nextInt(4); part > 0; part--) {
                    rules.append(parts.get(random.nextInt(parts.size())));
                }
                rules.append('\n');
            }
            Set<String> paths = new HashSet<>();
            for (int i = 0; i < 25; i++) {
                StringBuilder path = new StringBuilder(names.get(random.nextInt(names.size())));
                for (int depth = random.nextInt(3); depth > 0; depth--) {
                    path.append('/').append(names.get(random.nextInt(names.size())));
                }
                Path file = project.resolve(path.toString());
                try {
                    Files.createDirectories(file.getParent());
                    Files.createFile(file);
                    paths.add(path.toString());
                } catch (IOException e) {
                    continue;
                }
            }
            Files.writeString(project.resolve(".gitignore"), rules);
            Files.writeString(project.resolve(".lambdaignore"), rules);
            try {
                ignores.add(LambdaIgnore.of(project));
            } catch (DeployException e) {
                assertTrue(e.getMessage().contains("too many wildcards"), e.getMessage());
                ignores.add(null);
                continue;
            }
            for (String path : paths) {
                allPaths.add("p" + round + "/" + path);
            }
        }
        Set<String> ignored = ignoredByGit(dir, allPaths);
        List<String> different = new ArrayList<>();
        for (String path : allPaths) {
            int slash = path.indexOf('/');
            LambdaIgnore ignore = ignores.get(Integer.parseInt(path.substring(1, slash)));
            if (ignoredOnTheWay(ignore, path.substring(slash + 1)) != ignored.contains(path)) {
                String rules =
                        Files.readString(dir.resolve(path.substring(0, slash)).resolve(".gitignore"));
                different.add(rules.replace("\n", "|") + " " + path + " git: " + ignored.contains(path));
            }
        }
        assertTrue(
                ignored.size() > 100 && ignored.size() < allPaths.size() - 100,
                ignored.size() + " of " + allPaths.size());
        assertEquals(List.of(), different);
    }

    private static boolean ignoredOnTheWay(LambdaIgnore ignore, String path) throws DeployException {
        for (int slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
            if (ignore.ignores(path.substring(0, slash), true)) {
                return true;
            }
        }
        return ignore.ignores(path, false);
    }

    private static Set<String> ignoredByGit(Path project, Set<String> paths) throws Exception {
        Process git = new ProcessBuilder("git", "-C", project.toString(), "check-ignore", "--no-index", "-z", "--stdin")
                .start();
        try (OutputStream in = git.getOutputStream()) {
            in.write(String.join("\0", paths).getBytes(StandardCharsets.UTF_8));
        }
        String output = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        git.waitFor();
        return new HashSet<>(Arrays.asList(output.split("\0")));
    }

    @Test
    void aLineWithSoManyWildcardsThatMatchingCouldHangIsRefused(@TempDir Path project) throws Exception {
        for (String line :
                List.of("*a*a*a*a*a*a*b", "**/a/**/a/**/a/**/a/**/b", "[a]*".repeat(500) + "b", "x".repeat(5000))) {
            Files.writeString(project.resolve(".lambdaignore"), "ok\n" + line + "\n");
            DeployException e = assertThrows(DeployException.class, () -> LambdaIgnore.of(project));
            assertTrue(e.getMessage().contains(".lambdaignore line 2"), e.getMessage());
        }
    }

    @Test
    void theWorstLineThatIsAllowedEndsInGoodTime(@TempDir Path project) throws Exception {
        Files.writeString(project.resolve(".lambdaignore"), "*a*a*a*b\n**/a/**/a/**/b\n");
        LambdaIgnore ignore = LambdaIgnore.of(project);
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            assertFalse(ignore.ignores("a".repeat(255), false));
            assertFalse(ignore.ignores("a/".repeat(100) + "c", false));
        });
    }

    @Test
    void linesThatCanMatchNothingAreTold(@TempDir Path project) throws Exception {
        Files.writeString(project.resolve(".lambdaignore"), "// generated\n# a comment\n\nx\\\n*.map\n");
        LambdaIgnore ignore = LambdaIgnore.of(project);
        assertEquals(2, ignore.findings().size());
        assertTrue(ignore.ignores("a.map", false));
    }

    @Test
    void aLineThatCannotBeReadIsToldAndTheOthersAreFollowed(@TempDir Path project) throws Exception {
        for (String line : List.of("[:digit:][:space:]]", "[[:digit:][&&&:space:]]")) {
            Files.writeString(project.resolve(".lambdaignore"), "*.map\n" + line + "\n*.log\n");

            LambdaIgnore ignore = LambdaIgnore.of(project);

            assertTrue(
                    ignore.findings().get(0).message().contains("line 2"),
                    ignore.findings().toString());
            assertTrue(ignore.ignores("a.map", false) && ignore.ignores("a.log", false));
        }
    }

    @Test
    void aHugeFileOrALinkIsRefused(@TempDir Path project) throws Exception {
        Path file = project.resolve(".lambdaignore");
        Files.write(file, new byte[2 << 20]);
        assertThrows(DeployException.class, () -> LambdaIgnore.of(project));
        Files.delete(file);
        Files.createSymbolicLink(file, Path.of("elsewhere"));
        assertThrows(DeployException.class, () -> LambdaIgnore.of(project));
    }
}
