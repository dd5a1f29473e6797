package io.jenkins.plugins.lambdanode.engine.project;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BlockedScriptsTest {

    private static void assertBlocked(String said, String... lines) {
        assertEquals(
                Optional.of(said),
                BlockedScripts.of(List.of(lines)).map(blocked -> blocked.manager() + " " + blocked.packages()));
    }

    /** What npm 12.2.1, pnpm 10.34.9 and 10.8.0, Yarn 4.18.1 and Bun 1.4.5 print. */
    @Test
    void theToolAndThePackagesWhoseScriptsDidNotRunAreReadFromWhatItPrints() {
        assertBlocked(
                "NPM [@scope/tool, bcrypt]",
                "added 91 packages in 20s",
                "npm warn install-scripts 2 packages had install scripts blocked because they are not covered by allowScripts:",
                "npm warn install-scripts   @scope/tool@1.0.0 (install: node-gyp rebuild)",
                "npm warn install-scripts   bcrypt@5.1.1 (install: node-pre-gyp install --fallback-to-build)",
                "npm warn install-scripts",
                "npm warn install-scripts Run `npm install-scripts ls` to review, or `npm install-scripts approve <pkg>` to allow.");
        assertBlocked(
                "PNPM [bcrypt, @scope/tool, esbuild]",
                "│   Ignored build scripts: bcrypt@5.1.1, @scope/tool@3.39.0,                   │",
                "│   esbuild@0.25.0.                                                            │",
                "│   Run \"pnpm approve-builds\" to pick which dependencies should be allowed    │");
        assertBlocked("PNPM [esbuild, sharp]", "│   Ignored build scripts: esbuild, sharp.   │", "Done in 2s");
        assertBlocked(
                "YARN [bcrypt, @scope/tool]",
                "➤ YN0004: │ bcrypt@npm:5.1.1 lists build scripts, but all build scripts have been disabled.",
                "➤ YN0004: │ @scope/tool@npm:3.39.0 lists build scripts, but all build scripts have been disabled.");
        assertBlocked("BUN []", "Blocked 1 postinstall. Run `bun pm untrusted` for details.");
    }

    @Test
    void anAnnouncementOfALaterPolicyIsNotTakenForIt() {
        assertEquals(
                Optional.empty(),
                BlockedScripts.of(
                        List.of(
                                "npm warn install-scripts 1 package has install scripts not yet covered by allowScripts:",
                                "npm warn install-scripts   bcrypt@5.1.1 (install: node-pre-gyp install --fallback-to-build)")));
    }
}
