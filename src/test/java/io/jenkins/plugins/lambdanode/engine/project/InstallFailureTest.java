package io.jenkins.plugins.lambdanode.engine.project;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.command.Command;
import io.jenkins.plugins.lambdanode.engine.command.CommandOutcome;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Lines as the tools printed them: npm 6 to 12, pnpm 8 to 11, Yarn 1, 3 and 4, Bun 1.4. */
class InstallFailureTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '^',
            value = {
                "error Error: http://127.0.0.1:1/@acme/private/-/private-1.0.0.tgz: Request failed \"401 Unauthorized\" | refused access",
                "error Error: http://127.0.0.1:1/@acme/private/-/private-1.0.0.tgz: Request failed \"404 Not Found\"    | private",
                "error: GET http://127.0.0.1:1/@acme%2fprivate - 401                                                   | refused access",
                "error: GET http://127.0.0.1:1/@acme%2fprivate - 404                                                   | private",
                "➤ YN0035: │   Response Code: 403 (Forbidden)                                                          | refused access",
                "➤ YN0035: │   Response Code: 404 (Not Found)                                                          | private",
                " ERR_PNPM_FETCH_403  GET http://127.0.0.1:1/@acme/private/-/private-1.0.0.tgz: Forbidden - 403        | refused access",
                "npm error code EINTEGRITY                                                                             | vouches for",
                "➤ YN0018: │ ms@npm:2.1.3: The remote archive doesn't match the expected checksum                      | vouches for",
                "npm error code ERESOLVE                                                                               | legacy-peer-deps",
                " ERR_PNPM_PEER_DEP_ISSUES  Unmet peer dependencies                                                    | strict-peer-dependencies",
                "npm ERR! cipm can only install packages when your package.json and package-lock.json or npm-shrinkwrap.json are in sync. | disagree",
                "npm error fatal: Could not read from remote repository.                                               | git repository",
                "npm error Unsupported URL Type \"catalog:\": catalog:                                                | pnpm and Yarn",
                "While running workspaces focus --all --production                                                     | workspace-tools",
                "gyp ERR! stack FetchError: request to https://nodejs.org/x.tar.gz failed, reason: getaddrinfo ENOTFOUND | npm_config_nodedir",
                "gyp ERR! stack Error: not found: make                                                                 | needs Python, make",
                "npm error code EBADPLATFORM                                                                           | optionalDependencies",
                "error @esbuild/darwin-arm64@0.25.0: The platform \"linux\" is incompatible with this module.           | optionalDependencies",
                " ERROR  This project is configured to use yarn                                                        | correct packageManager",
                "error This project's package.json defines \"packageManager\": \"yarn@pnpm@9.15.0\". However the current global version of Yarn is 1.22.22. | correct packageManager",
                "npm error network request to https://x failed, reason: getaddrinfo ENOTFOUND x                        | can't be reached",
            })
    void theReasonOfEachToolLeadsToItsAdvice(String line, String advice) {
        CommandOutcome outcome = new CommandOutcome(1, List.of("before", line, "after"));
        String message = InstallFailure.of(Command.shell("tool install"), outcome, "/job")
                .getMessage();
        assertTrue(message.contains(advice), message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "PNPM | Failed to replace env in config: ${NPM_TOKEN}                                       | an .npmrc has ${NPM_TOKEN}",
                "YARN | Usage Error: Environment variable not found (NPM_TOKEN) in /job/.yarnrc.yml (in /job) | write ${NPM_TOKEN-} there"
            })
    void aVariableOfTheSettingsThatIsNotSetIsNamed(PackageManager manager, String failure, String said) {
        InstalledTool tool = new InstalledTool(
                manager,
                "v22.0.0",
                "",
                "/bin/tool",
                "/bin",
                "",
                new Platform("linux", "x64", "glibc"),
                "",
                "",
                failure);
        String message = tool.missing("a lock file");
        assertTrue(message.contains(said), message);
    }
}
