package io.jenkins.plugins.lambdanode.engine.project;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DependencyKeyTest {
    private static final String PACKAGE_JSON = """
            {"name": "fn", "version": "1.0.0", "scripts": {"test": "jest"},
             "dependencies": {"a": "^1.0.0"}, "devDependencies": {"jest": "^29.0.0"}}
            """;

    private static final String LOCK_FILE = """
            {"name": "fn", "lockfileVersion": 3, "packages": {
              "": {"name": "fn", "dependencies": {"a": "^1.0.0"}},
              "node_modules/a": {"version": "1.0.0", "resolved": "https://registry/a.tgz", "integrity": "sha512-AAAA"},
              "node_modules/a/node_modules/b": {"version": "1.0.0", "inBundle": true},
              "node_modules/jest": {"version": "29.0.0", "integrity": "sha512-BBBB", "dev": true}}}
            """;

    @TempDir
    Path dir;

    private Optional<String> key(String packageJson, String lockFile, String madeWith) throws IOException {
        Path folder = Files.createTempDirectory(dir, "project");
        Files.writeString(folder.resolve("package.json"), packageJson);
        Files.writeString(folder.resolve("package-lock.json"), lockFile);
        return DependencyKey.of(folder, "package-lock.json", madeWith);
    }

    @Test
    void isTheSameInEveryFolder() throws Exception {
        assertEquals(64, key(PACKAGE_JSON, LOCK_FILE, "npm").orElseThrow().length());
        assertEquals(key(PACKAGE_JSON, LOCK_FILE, "npm"), key(PACKAGE_JSON, LOCK_FILE, "npm"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "29.0.0        | 29.1.0",
                "sha512-BBBB   | sha512-CCCC",
                "\"1.0.0\", \"scripts\" | \"2.0.0\", \"scripts\"",
                "https://registry/ | https://mirror/"
            })
    void doesNotKnowWhatProductionDoesNotGet(String text, String other) throws Exception {
        assertEquals(
                key(PACKAGE_JSON, LOCK_FILE, "npm"),
                key(PACKAGE_JSON.replace(text, other), LOCK_FILE.replace(text, other), "npm"));
    }

    @Test
    void isAnotherForAnythingThatProductionGets() throws Exception {
        Optional<String> key = key(PACKAGE_JSON, LOCK_FILE, "npm");

        assertNotEquals(key, key(PACKAGE_JSON, LOCK_FILE.replace("AAAA", "CCCC"), "npm"));
        assertNotEquals(key, key(PACKAGE_JSON.replace("^1.0.0", "~1.0.0"), LOCK_FILE, "npm"));
        assertNotEquals(key, key(PACKAGE_JSON, LOCK_FILE.replace("node_modules/a/", "node_modules/"), "npm"));
        assertNotEquals(
                key, key(PACKAGE_JSON, LOCK_FILE.replace("\"inBundle\"", "\"optional\": true, \"inBundle\""), "npm"));
        assertNotEquals(key, key(PACKAGE_JSON, LOCK_FILE, "another npm"));
    }

    /** A package from Git, a link, a lock file of npm 6, and what is no lock file. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"packages\": {\"node_modules/a\": {\"resolved\": \"git+ssh://git@host/a.git#0123\"}}}",
                "{\"packages\": {\"node_modules/a\": {\"resolved\": \"packages/a\", \"link\": true}}}",
                "{\"lockfileVersion\": 1, \"dependencies\": {\"a\": {\"version\": \"1.0.0\"}}}",
                "<<<<<<< HEAD"
            })
    void thereIsNoneWhereAPackageIsNotPinned(String lockFile) throws Exception {
        assertEquals(Optional.empty(), key(PACKAGE_JSON, lockFile, "npm"));
    }

    @Test
    void thereIsNoneWhereTheProjectHasAnInstallScriptOfItsOwn() throws Exception {
        assertEquals(
                Optional.empty(),
                key(PACKAGE_JSON.replace("\"test\": \"jest\"", "\"postinstall\": \"make\""), LOCK_FILE, "npm"));
    }
}
