package io.jenkins.plugins.lambdanode.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.report.DeployResult;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Outcome;
import io.jenkins.plugins.lambdanode.testing.Account;
import io.jenkins.plugins.lambdanode.testing.Emulator;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.KeptLog;
import io.jenkins.plugins.lambdanode.testing.NodeTool;
import io.jenkins.plugins.lambdanode.testing.Program;
import io.jenkins.plugins.lambdanode.testing.Project;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Layers that a lock file has made before, with real package managers: agents that start empty deploy members of a workspace. */
@ExtendWith(EmulatorExtension.class)
@Execution(ExecutionMode.CONCURRENT)
class KnownLayerTest {

    private static final Account ACCOUNT = new Account(Emulator.MINISTACK);

    @TempDir
    Path dir;

    private final KeptLog log = new KeptLog();

    enum Tool {
        NPM(NodeTool.NODE, "npm install --package-lock-only --no-audit --no-fund"),
        PNPM(NodeTool.PNPM, "pnpm install --lockfile-only"),
        YARN_CLASSIC(NodeTool.YARN_CLASSIC, "yarn install --non-interactive; rm -r node_modules"),
        YARN(NodeTool.YARN, "yarn install --mode=update-lockfile"),
        BUN(NodeTool.BUN, "bun install --lockfile-only");

        private final NodeTool tool;
        private final String lock;

        Tool(NodeTool tool, String lock) {
            this.tool = tool;
            this.lock = lock;
        }

        private Map<String, String> environment() throws Exception {
            Map<String, String> environment = new HashMap<>(System.getenv());
            environment.put("PATH", tool.onPath());
            return environment;
        }
    }

    /** {@code orders} has a package of the registry, {@code billing} one of the repository as well. */
    private Path checkout(Tool tool) throws Exception {
        Path root = new Project(dir.resolve("checkout"))
                .with(
                        "package.json",
                        "{\"name\":\"root\",\"private\":true,\"workspaces\":[\"orders\",\"billing\",\"shared\"]}")
                .with("pnpm-workspace.yaml", "packages: [orders, billing, shared]\n")
                .with(".yarnrc.yml", "nodeLinker: node-modules\n")
                .with(
                        "orders/package.json",
                        "{\"name\":\"orders\",\"version\":\"1.0.0\",\"dependencies\":{\"ms\":\"2.1.3\"}}")
                .with("orders/index.js", "exports.handler = async () => 'orders ' + require('ms')(1000);\n")
                .with(
                        "billing/package.json",
                        "{\"name\":\"billing\",\"version\":\"1.0.0\",\"dependencies\":{\"ms\":\"2.1.3\",\"shared\":\""
                                + (tool == Tool.NPM || tool == Tool.YARN_CLASSIC ? "1.0.0" : "workspace:*") + "\"}}")
                .with("billing/index.js", "exports.handler = async () => require('shared');\n")
                .with("shared/package.json", "{\"name\":\"shared\",\"version\":\"1.0.0\"}")
                .with("shared/index.js", "module.exports = 'one';\n")
                .folder();
        Map<String, String> environment = tool.environment();
        environment.put("YARN_ENABLE_IMMUTABLE_INSTALLS", "false");
        Program ran = Program.run(root, environment, List.of("sh", "-c", tool.lock));
        assertEquals(0, ran.status(), ran.out() + ran.err());
        return root;
    }

    private Path onAFreshAgent(Path checkout, String agent) {
        Path fresh = dir.resolve(agent);
        Program.run("cp", "-r", checkout.toString(), fresh.toString()).successful();
        return fresh;
    }

    private DeployResult deploy(Tool tool, Path member, String function) throws Exception {
        Orders orders = Orders.at(Emulator.MINISTACK.endpoint(), ACCOUNT.role(), log);
        return orders.deploy(
                member,
                orders.unreleased(function)
                        .install("auto")
                        .dependencies("layer")
                        .build(),
                tool.environment());
    }

    private long installs() {
        return log.lines().stream()
                .filter(line -> line.matches("\\$ (npm ci|(pnpm|bun) install|yarn install (--immutable|--frozen)).*")
                        && !line.contains("--skip-integrity-check"))
                .count();
    }

    @ParameterizedTest
    @EnumSource
    void aMemberIsNotInstalledWhereALayerHasWhatTheLockFileAsksFor(Tool tool) throws Exception {
        Path checkout = checkout(tool);
        String name = Account.newName();
        DeployResult first = deploy(tool, onAFreshAgent(checkout, "agent-1").resolve("orders"), name);

        Path fresh = onAFreshAgent(checkout, "agent-2");
        DeployResult second = deploy(tool, fresh.resolve("orders"), name);

        assertEquals(1, installs(), log.text());
        assertTrue(first.layer().orElseThrow().published());
        assertEquals(
                first.layer().get().layerVersionArn(),
                second.layer().orElseThrow().layerVersionArn());
        assertEquals(first.packaged().codeSha256(), second.packaged().codeSha256());
        assertEquals(Outcome.UNCHANGED, second.functions().get(0).outcome());
        assertFalse(Files.exists(fresh.resolve("node_modules")));
    }

    @Test
    void aMemberWithAPackageOfTheRepositoryIsInstalledOnEachFreshAgent() throws Exception {
        Path checkout = checkout(Tool.NPM);
        String name = Account.newName();
        deploy(Tool.NPM, onAFreshAgent(checkout, "agent-1").resolve("billing"), name);
        assertEquals("\"one\"", ACCOUNT.invoke(name));

        Files.writeString(checkout.resolve("shared/index.js"), "module.exports = 'two';\n");
        deploy(Tool.NPM, onAFreshAgent(checkout, "agent-2").resolve("billing"), name);

        assertEquals(2, installs(), log.text());
        assertEquals("\"two\"", ACCOUNT.invoke(name));
    }
}
