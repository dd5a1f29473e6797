package io.jenkins.plugins.lambdanode.engine.project;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
        return DependencyKey.of(folder, folder, "package-lock.json", madeWith);
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

    @ParameterizedTest
    @ValueSource(strings = {"schema.prisma", "prisma/schema.prisma", "prisma/schema/user.prisma", "db/my.prisma"})
    void isAnotherForAnotherSchemaWhichPrismasClientIsMadeFrom(String place) throws Exception {
        Path folder = Files.createTempDirectory(dir, "project");
        Files.writeString(
                folder.resolve("package.json"),
                PACKAGE_JSON.replaceFirst("\\{", "{\"prisma\": {\"schema\": \"db/my.prisma\"}, "));
        Files.writeString(folder.resolve("package-lock.json"), LOCK_FILE);
        Path schema = folder.resolve(place);
        Files.createDirectories(schema.getParent());
        Files.writeString(schema, "model A { id Int @id }");
        Optional<String> key = DependencyKey.of(folder, folder, "package-lock.json", "npm");

        Files.writeString(schema, "model A { id Int @id \n name String }");

        assertTrue(key.isPresent());
        assertNotEquals(key, DependencyKey.of(folder, folder, "package-lock.json", "npm"));
    }

    @Test
    void thereIsNoneWhereTheProjectHasAnInstallScriptOfItsOwn() throws Exception {
        assertEquals(
                Optional.empty(),
                key(PACKAGE_JSON.replace("\"test\": \"jest\"", "\"postinstall\": \"make\""), LOCK_FILE, "npm"));
    }

    /** What each tool pins, each with a member of the workspace; and the same with a package from Git, a folder or a patch. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "pnpm-lock.yaml | packages:;  ms@2.1.3:;    resolution: {integrity: sha512-AAAA}"
                        + " |   a@https://host/a.git:;    resolution: {commit: 0123, repo: https://host/a.git, type: git}",
                "pnpm-lock.yaml | importers:;  a:;    dependencies:;      b:;        version: link:../b"
                        + " |   a@file:a:;    resolution: {directory: a, type: directory}",
                "pnpm-lock.yaml | packages:;  ms@2.1.3:;    resolution: {integrity: sha512-AAAA}"
                        + " | patchedDependencies:;  ms@2.1.3:;    hash: 0123",
                "yarn.lock | ms@2.1.3:;  version 2.1.3;  integrity sha512-AAAA"
                        + " | a@host/a:;  version 1.0.0;  resolved \"https://host/a#0123\"",
                "yarn.lock | __metadata:;  version: 8;;\"a@workspace:a\":;  resolution: \"a@workspace:a\";;ms@npm:2.1.3:;  checksum: AAAA"
                        + " | \"a@https://host/a.git\":;  resolution: \"a@https://host/a.git#commit=0123\"",
                "bun.lock | {;  \"packages\": {;    \"a\": [\"a@workspace:a\"],;    \"ms\": [\"ms@2.1.3\", \"\", {}, \"sha512-AAAA==\"],"
                        + " | ;    \"b\": [\"b@github:host/b#0123\", {}, \"host-b-0123\"],"
            })
    void thereIsOneWhereTheLockFilePinsEachPackage(String name, String pinned, String more) throws Exception {
        Path folder = Files.createTempDirectory(dir, "project");
        Path lockFile = folder.resolve(name);
        Files.writeString(lockFile, pinned.replace(';', '\n') + "\n");

        Optional<String> key = DependencyKey.of(folder, folder, name, "");

        assertEquals(64, key.orElse("").length());
        Files.writeString(lockFile, pinned.replace("2.1.3", "2.1.4").replace(';', '\n') + "\n");
        assertEquals(pinned.contains("2.1.3"), !key.equals(DependencyKey.of(folder, folder, name, "")));
        Files.writeString(folder.resolve(".npmrc"), "node-linker=hoisted\n");
        assertNotEquals(key, DependencyKey.of(folder, folder, name, ""));
        Files.writeString(lockFile, (pinned + ";;" + more).replace(';', '\n') + "\n");
        assertEquals(Optional.empty(), DependencyKey.of(folder, folder, name, ""));
    }
}
