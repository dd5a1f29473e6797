package io.jenkins.plugins.lambdanode.engine.pack.check;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.pack.Packs;
import io.jenkins.plugins.lambdanode.engine.pack.Run;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import io.jenkins.plugins.lambdanode.testing.RuntimeClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the checks say of a handler, beside what AWS's own runtime client does with the same package under the same Node.js. A
 * package that is refused must fail there; one without a finding must load; a warning may be either, and says which it is.
 */
class HandlerOracleTest {
    private static final String COMMONJS = "exports.handler = async () => 1;";
    private static final String MODULE = "export const handler = async () => 1;";
    private static final String TYPE_MODULE = "{\"type\": \"module\"}";

    @TempDir
    Path dir;

    /** A package: its files, the handler, and for Node.js 20, 22 and 24 what is expected of the checks: - E W. */
    private record Layout(String handler, String expected, Map<String, String> files) {}

    private static Layout layout(String handler, String expected, String... files) {
        Map<String, String> byName = new TreeMap<>();
        for (int i = 0; i < files.length; i += 2) {
            byName.put(files[i], files[i + 1]);
        }
        return new Layout(handler, expected, byName);
    }

    private static List<Layout> layouts() {
        return List.of(
                layout("index.handler", "---", "index.js", COMMONJS),
                layout("index.handler", "---", "index.mjs", MODULE),
                layout("index.handler", "---", "index.cjs", COMMONJS, "package.json", TYPE_MODULE),
                layout("index.handler", "---", "index.js", MODULE, "package.json", TYPE_MODULE),
                layout("index.handler", "WW-", "index.js", MODULE),
                layout("index.handler", "WWW", "index.js", MODULE, "package.json", "{\"type\": \"commonjs\"}"),
                layout("index.handler", "WWW", "index.js", COMMONJS, "package.json", TYPE_MODULE),
                layout("index.handler", "WWW", "index.mjs", COMMONJS),
                layout("src/a/index.handler", "---", "src/a/index.js", COMMONJS),
                layout("dist/index.handler", "---", "dist/index.js", MODULE, "package.json", TYPE_MODULE),
                layout(
                        "dist/index.handler",
                        "WW-",
                        "dist/index.js",
                        MODULE,
                        "dist/package.json",
                        "{}",
                        "package.json",
                        TYPE_MODULE),
                layout("index.nested.handler", "---", "index.js", "exports.nested = {handler: async () => 1};"),
                layout("./index.handler", "---", "index.js", COMMONJS),
                // A folder of the handler's name.
                layout("app.handler", "--E", "app.js", COMMONJS, "app/routes.js", ""),
                layout("app.handler", "--E", "app/index.js", COMMONJS),
                layout("app.handler", "EEE", "app.js", MODULE, "app/routes.js", "", "package.json", TYPE_MODULE),
                layout("app.handler", "EEE", "app.mjs", MODULE, "app/routes.js", ""),
                layout("app.handler", "EEE", "app.cjs", COMMONJS, "app/routes.js", ""),
                layout("app.handler", "EEE", "app/routes.js", COMMONJS),
                layout("lib/app.handler", "--E", "lib/app.js", COMMONJS, "lib/app/x.js", ""),
                // A file of another folder.
                layout("lib/index.handler", "WWW", "index.js", COMMONJS, "lib/x.js", ""),
                layout("lib/index.handler", "EEE", "src/index.js", COMMONJS, "lib/x.js", ""),
                layout("wrapper.handler", "---", "node_modules/wrapper/index.js", COMMONJS),
                layout("index.handler", "EEE", "index.ts", MODULE),
                layout("orders.lambda.handler", "EEE", "orders.lambda.js", COMMONJS),
                layout("src/../index.handler", "EEE", "index.js", COMMONJS),
                layout("index", "EEE", "index.js", COMMONJS),
                // A byte order mark.
                layout("index.handler", "WW-", "index.js", MODULE, "package.json", "\ufeff" + TYPE_MODULE),
                layout("index.handler", "---", "index.js", COMMONJS, "package.json", "\ufeff{\"name\": \"a\"}"),
                layout("index.handler", "---", "index.js", "\ufeff" + COMMONJS),
                // Callbacks, and what only looks like them.
                layout(
                        "index.handler",
                        "--W",
                        "index.js",
                        "exports.handler = (event, context, callback) => callback(null, 1);"),
                layout(
                        "index.handler",
                        "---",
                        "index.js",
                        "exports.handler = (event, context, callback = () => {}) => 1;"),
                layout(
                        "index.handler",
                        "---",
                        "index.js",
                        "const h = (a, b, c) => 1; exports.handler = (...all) => h(...all);"),
                // Imports.
                layout("index.handler", "EEE", "index.js", "const x = require('gone');\n" + COMMONJS),
                layout("index.handler", "EEE", "index.mjs", "import x from 'gone';\n" + MODULE),
                layout("index.handler", "EEE", "index.mjs", "import { x } from './gone.mjs';\n" + MODULE),
                layout("index.handler", "---", "index.js", "let x; try { x = require('gone'); } catch {}\n" + COMMONJS),
                layout(
                        "lib/index.handler",
                        "---",
                        "lib/index.js",
                        "const x = require('top');\n" + COMMONJS,
                        "top.js",
                        ""),
                layout(
                        "lib/index.handler",
                        "---",
                        "lib/index.js",
                        "const x = require('../top');\n" + COMMONJS,
                        "top.js",
                        ""),
                layout(
                        "index.handler",
                        "---",
                        "index.js",
                        "const x = require('a/b');\n" + COMMONJS,
                        "node_modules/a/b.js",
                        ""),
                layout(
                        "index.handler",
                        "---",
                        "index.js",
                        "const x = require('./data');\n" + COMMONJS,
                        "data.json",
                        "{}"));
    }

    /** What the code imports and exports. */
    private static List<Layout> code() {
        String importsMap =
                "{\"type\": \"module\", \"imports\": {\"#db\": {\"node\": \"./db.js\"}, \"#u/*\": \"./lib/*.js\"}}";
        String dual =
                "{\"exports\": {\".\": {\"import\": \"./e.mjs\", \"require\": \"./c.cjs\"}, \"./internal/*\": null}}";
        return List.of(
                // What the handler's file imports imports more.
                layout(
                        "index.handler",
                        "EEE",
                        "index.js",
                        "const a = require('./a');\n" + COMMONJS,
                        "a.js",
                        "const b = require('./not-built');"),
                layout(
                        "index.handler",
                        "EEE",
                        "index.mjs",
                        "import './a.mjs';\n" + MODULE,
                        "a.mjs",
                        "import b from 'never-installed';"),
                layout(
                        "index.handler",
                        "---",
                        "index.js",
                        "const a = require('./a');\n" + COMMONJS,
                        "a.js",
                        "const i = require('./index'); let b; try { b = require('gone'); } catch {}"),
                layout(
                        "index.handler",
                        "EEE",
                        "index.js",
                        "\"use strict\";var a=require(\"./a\"),b=require(\"gone\");" + COMMONJS,
                        "a.js",
                        ""),
                layout(
                        "index.handler",
                        "EEE",
                        "index.js",
                        "var __toESM = (m) => m;\nvar import_x = __toESM(require(\"aws-sdk\"));\n" + COMMONJS),
                // A require that is the body of an if is none that is surely run.
                layout("index.handler", "---", "index.js", "if (process.env.NOPE)\nrequire('gone');\n" + COMMONJS),
                layout("index.handler", "---", "index.js", "process.env.NOPE &&\nrequire('gone');\n" + COMMONJS),
                layout(
                        "index.handler",
                        "---",
                        "index.js",
                        "require('./register');\nconst x = require('~/alias');\n" + COMMONJS,
                        "register.js",
                        "const r = require('module').prototype, old = r.require; r.require = function (n) {"
                                + " return n[0] === '~' ? 1 : old.call(this, n); };"),
                layout(
                        "index.handler",
                        "WWW",
                        "index.js",
                        "var e = {1: (m) => { m.exports = require('aws-sdk'); }};\nif (process.env.NOPE) e[1]({});\n"
                                + COMMONJS),
                layout(
                        "index.handler",
                        "WWW",
                        "index.js",
                        "var e = {1: (m) => { m.exports = require('left'); }};\n" + COMMONJS,
                        "package.json",
                        "{\"dependencies\": {\"left\": \"1\"}}"),
                layout(
                        "index.handler",
                        "---",
                        "index.js",
                        "var e = {1: (m) => { m.exports = require('optional'); }};\n" + COMMONJS,
                        "package.json",
                        "{\"dependencies\": {\"other\": \"1\"}}"),
                layout(
                        "index.handler",
                        "---",
                        "index.js",
                        "var e = {1: (m) => { try { m.exports = require('aws-sdk'); } catch {} }};\n" + COMMONJS),
                // ES modules name whole files, and have no require.
                layout(
                        "index.handler",
                        "EEE",
                        "index.js",
                        "import x from './lib/x';\n" + MODULE,
                        "lib/x.js",
                        "export default 1;",
                        "package.json",
                        TYPE_MODULE),
                layout(
                        "index.handler",
                        "EEE",
                        "index.js",
                        "import x from './lib';\n" + MODULE,
                        "lib/index.js",
                        "export default 1;",
                        "package.json",
                        TYPE_MODULE),
                layout(
                        "index.handler",
                        "---",
                        "index.js",
                        "import x from './lib/x.js?v=1';\n" + MODULE,
                        "lib/x.js",
                        "export default 1;",
                        "package.json",
                        TYPE_MODULE),
                layout("index.handler", "WWW", "index.mjs", "const x = require('./x.cjs');\n" + MODULE, "x.cjs", ""),
                layout(
                        "index.handler",
                        "---",
                        "index.mjs",
                        "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\n"
                                + "const x = require('./x.cjs');\n" + MODULE,
                        "x.cjs",
                        ""),
                layout(
                        "index.handler",
                        "WWW",
                        "index.mjs",
                        "import p from 'path';\nconst x = p.join(__dirname, 'x');\n" + MODULE),
                layout(
                        "index.handler",
                        "---",
                        "index.mjs",
                        "import p from 'path';\nconst __dirname = p.resolve('.');\nconst x = p.join(__dirname, 'x');\n"
                                + MODULE),
                layout(
                        "index.handler",
                        "---",
                        "index.mjs",
                        "const x = typeof __dirname === 'undefined' ? '' : __dirname;\n" + MODULE),
                layout("index.handler", "WWW", "index.mjs", """
                        var __require = /* @__PURE__ */ ((x) => typeof require !== "undefined" ? require : x)(function(x) {
                          throw Error('Dynamic require of "' + x + '" is not supported');
                        });
                        var fs = __require("fs");
                        """ + MODULE),
                // ES modules by require: Lambda refuses that on nodejs22.x, where Node.js 22 itself does not.
                layout(
                        "index.handler",
                        "WW-",
                        "index.js",
                        "const m = require('./m.mjs');\n" + COMMONJS,
                        "m.mjs",
                        "export default 1;"),
                layout(
                        "index.handler",
                        "WW-",
                        "index.js",
                        "const m = require('es');\n" + COMMONJS,
                        "node_modules/es/package.json",
                        "{\"type\": \"module\", \"exports\": \"./i.js\"}",
                        "node_modules/es/i.js",
                        "export default 1;"),
                layout(
                        "index.handler",
                        "---",
                        "index.js",
                        "const m = require('dual');\n" + COMMONJS,
                        "node_modules/dual/package.json",
                        dual,
                        "node_modules/dual/e.mjs",
                        "",
                        "node_modules/dual/c.cjs",
                        ""),
                layout("orders.handler", "EEE", "orders/index.js", MODULE, "package.json", TYPE_MODULE),
                // package.json's imports, exports and main.
                layout(
                        "index.handler",
                        "---",
                        "index.js",
                        "import '#db'; import '#u/x';\n" + MODULE,
                        "package.json",
                        importsMap,
                        "db.js",
                        "",
                        "lib/x.js",
                        ""),
                layout("index.handler", "EEE", "index.js", "import '#db';\n" + MODULE, "package.json", importsMap),
                layout("index.handler", "EEE", "index.js", "import '#other';\n" + MODULE, "package.json", importsMap),
                layout(
                        "index.handler",
                        "---",
                        "index.mjs",
                        "import 'me/x';\n" + MODULE,
                        "package.json",
                        "{\"name\": \"me\", \"exports\": {\"./*\": \"./lib/*.mjs\"}}",
                        "lib/x.mjs",
                        ""),
                layout(
                        "index.handler",
                        "EEE",
                        "index.mjs",
                        "import 'me/x.mjs';\n" + MODULE,
                        "package.json",
                        "{\"name\": \"me\"}",
                        "x.mjs",
                        ""),
                layout(
                        "index.handler",
                        "EEE",
                        "index.mjs",
                        "import 'dual/internal/x';\n" + MODULE,
                        "node_modules/dual/package.json",
                        dual,
                        "node_modules/dual/internal/x.js",
                        ""),
                layout(
                        "index.handler",
                        "EEE",
                        "index.js",
                        "const x = require('dual/c.cjs');\n" + COMMONJS,
                        "node_modules/dual/package.json",
                        dual,
                        "node_modules/dual/c.cjs",
                        ""),
                layout(
                        "index.handler",
                        "EEE",
                        "index.js",
                        "const x = require('member');\n" + COMMONJS,
                        "node_modules/member/package.json",
                        "{\"main\": \"dist/index.js\"}"),
                layout(
                        "index.handler",
                        "EEE",
                        "index.js",
                        "const x = require('member/lib/none');\n" + COMMONJS,
                        "node_modules/member/index.js",
                        ""),
                layout(
                        "index.handler",
                        "---",
                        "index.js",
                        "const x = require('member');\n" + COMMONJS,
                        "node_modules/member/package.json",
                        "{\"main\": \"lib/\"}",
                        "node_modules/member/lib/index.js",
                        ""),
                // What Node.js refuses, or runs only since some version.
                layout("index.handler", "EEE", "index.mjs", "import x from './x.json';\n" + MODULE, "x.json", "{}"),
                layout(
                        "index.handler",
                        "---",
                        "index.mjs",
                        "import x from './x.json' with { type: 'json' };\n" + MODULE,
                        "x.json",
                        "{}"),
                layout(
                        "index.handler",
                        "-EE",
                        "index.mjs",
                        "import x from './x.json' assert { type: 'json' };\n" + MODULE,
                        "x.json",
                        "{}"),
                layout("index.handler", "E--", "index.mjs", "import * as s from 'node:sqlite';\n" + MODULE),
                layout("index.handler", "---", "index.js", "const a = require('_http_agent');\n" + COMMONJS),
                layout(
                        "index.handler",
                        "E--",
                        "index.mjs",
                        "import { x } from './x.mts';\n" + MODULE,
                        "x.mts",
                        "export const x: number = 1;"),
                layout(
                        "index.handler",
                        "EEE",
                        "index.mjs",
                        "import { x } from 'member';\n" + MODULE,
                        "node_modules/member/package.json",
                        "{\"type\": \"module\", \"exports\": \"./x.ts\"}",
                        "node_modules/member/x.ts",
                        "export const x: number = 1;"),
                layout(
                        "index.handler",
                        "EEE",
                        "index.js",
                        "const x = require('./Lib/x');\n" + COMMONJS,
                        "lib/x.js",
                        ""),
                layout("Index.handler", "EEE", "index.js", COMMONJS),
                layout("index.handler", "WWW", "index.js", "const x = await 1;\n" + COMMONJS),
                layout("index.handler", "---", "index.mjs", "const x = await 1;\n" + MODULE),
                layout(
                        "index.handler",
                        "WWW",
                        "index.js",
                        "const x = require('./x.mjs');\n" + COMMONJS,
                        "x.mjs",
                        "export const x = await 1;"),
                // What is exported.
                layout("index.handler", "WWW", "index.js", "module.exports = async (event) => 1;"),
                layout("index.handler", "WWW", "index.mjs", "export default async () => 1;"),
                layout("index.handler", "---", "index.mjs", "const h = async () => 1;\nexport { h as 'handler' };"),
                layout("index.handler", "WWW", "index.js", "exports.main = async () => 1;"),
                layout("index.handler", "WWW", "index.mjs", "export const main = async () => 1;"),
                layout(
                        "index.handler",
                        "WW-",
                        "index.mjs",
                        "var src = {};\nsrc.handler = async () => 1;\nexport { src as default };"),
                layout("index.handler", "WW-", "index.mjs", "export default { handler: async () => 1 };"),
                layout("index.handler", "---", "index.mjs", "export const other = 1, handler = async () => 1;"),
                layout("index.handler", "---", "index.mjs", "export const { handler } = { handler: async () => 1 };"),
                layout("index.handler", "---", "index.mjs", "export async function handler() {}"),
                layout("index.handler", "---", "index.js", "module.exports = {...require('./a')};", "a.js", COMMONJS),
                layout("index.handler", "---", "index.js", "module.exports = require('./a');", "a.js", COMMONJS),
                layout("index.handler", "---", "index.mjs", "export * from './a.mjs';", "a.mjs", MODULE),
                // Callbacks.
                layout(
                        "index.handler",
                        "--W",
                        "index.js",
                        "module.exports = { handler: (event, context, cb) => cb(null, 1) };"),
                layout(
                        "index.handler",
                        "--W",
                        "index.js",
                        "module.exports = { handler(event, context, cb) { cb(null, 1); } };"),
                layout(
                        "index.handler",
                        "--W",
                        "index.js",
                        "function handler(event, context, cb) { cb(null, 1); }\nmodule.exports = { other: 1, handler };"),
                layout(
                        "index.handler",
                        "--W",
                        "index.mjs",
                        "const handler = (event, context, cb) => { cb(null, 1); };\nexport { handler };"),
                layout(
                        "index.handler",
                        "--W",
                        "index.mjs",
                        "function run(event, context, cb) { cb(null, 1); }\nexport { run as handler };"),
                layout("index.handler", "--W", "index.js", """
                        var __export = (target, all) => { for (var name in all) Object.defineProperty(target, name, { get: all[name], enumerable: true }); };
                        var index_exports = {};
                        __export(index_exports, { handler: () => handler });
                        module.exports = index_exports;
                        var handler = (event, context, callback) => { callback(null, 1); };
                        """),
                layout(
                        "index.handler",
                        "---",
                        "index.js",
                        "const run = (a, b, c) => 1;\nmodule.exports = { run, handler: async (event) => run(event, 1, 2) };"));
    }

    @Test
    void theChecksAgreeWithTheRuntimeClient() throws Exception {
        List<Layout> layouts =
                Stream.concat(layouts().stream(), code().stream()).toList();
        List<Path> projects = new ArrayList<>();
        for (Layout layout : layouts) {
            Path project = Files.createDirectory(dir.resolve("project" + projects.size()));
            for (Map.Entry<String, String> file : layout.files.entrySet()) {
                Packs.write(project, file.getKey(), file.getValue());
            }
            projects.add(project);
        }
        List<String> disagreements = new ArrayList<>();
        for (int version = 0; version < RuntimeClient.versions().size(); version++) {
            int major = RuntimeClient.versions().get(version);
            List<Map.Entry<Path, String>> handlers = new ArrayList<>();
            for (int i = 0; i < layouts.size(); i++) {
                Path task = Files.createDirectory(dir.resolve("task-" + major + "-" + i));
                Run.program("unzip", "-q", Packs.pack(projects.get(i)).file(), "-d", task.toString())
                        .requireSuccess();
                handlers.add(Map.entry(task, layouts.get(i).handler));
            }
            List<String> loaded = RuntimeClient.load(major, handlers);
            for (int i = 0; i < layouts.size(); i++) {
                String said = said(
                        projects.get(i),
                        new TargetFunction(layouts.get(i).handler, "nodejs" + major + ".x", "", 0, ""));
                boolean works = loaded.get(i).equals("ok");
                char expected = layouts.get(i).expected.charAt(version);
                boolean agrees = said.charAt(0) == expected && (expected == 'W' || (expected == '-') == works);
                if (!agrees) {
                    disagreements.add(
                            major + " " + layouts.get(i) + "\n    checks: " + said + "\n    client: " + loaded.get(i));
                }
            }
        }
        assertEquals("", String.join("\n", disagreements));
    }

    /** "-" for nothing, otherwise E or W and what is said; the deprecation of a runtime aside. */
    private static String said(Path project, TargetFunction function) throws Exception {
        try {
            PackReport report = Packs.pack(project, Packs.forFunction(function));
            List<Finding> findings = report.findings().stream()
                    .filter(finding -> !finding.code().equals("runtime-deprecated"))
                    .toList();
            return findings.isEmpty() ? "-" : "W " + findings;
        } catch (DeployException e) {
            return "E " + e.getMessage();
        }
    }
}
