package io.jenkins.plugins.lambdanode.engine.pack.select;

import io.jenkins.plugins.lambdanode.engine.pack.api.AntPattern;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What is left out of a package by default: what can hold a secret, what a function has no use for, and what packaging itself
 * writes. This is the only place that says so; docs/packages.md lists the same patterns, and a test compares them.
 */
public final class DefaultExcludes {
    /** Begins the name of every file that packaging writes, wherever its temporary folder and cache are. */
    public static final String OWN_PREFIX = ".lambda-node-deploy-";

    /** Names in any folder. Settings of package managers can hold a token. */
    static final List<String> ANYWHERE = List.of(
            ".git", ".svn", ".hg", ".idea", ".vscode", ".DS_Store", "*.swp", ".npmrc", ".yarnrc.yml", "npm-debug.log*");

    /** Paths in any node_modules: notes of package managers, which hold times, paths and development dependencies, and what pnpm set aside. */
    static final List<String> IN_NODE_MODULES = List.of(
            ".cache",
            ".ignored",
            ".ignored_*",
            ".package-lock.json",
            ".modules.yaml",
            ".pnpm-workspace-state*.json",
            ".pnpm/lock.yaml",
            ".yarn-integrity",
            ".yarn-state.yml");

    /**
     * Paths in the folder {@code build} of the project and of each npm package, or {@code build-tmp-napi-v3} and the like, where node-pre-gyp
     * builds: by-products of node-gyp. They hold paths of the machine, and a link to its Python (nodejs/node-gyp #2713).
     */
    static final List<String> IN_BUILD = List.of(
            "node_gyp_bins",
            "Makefile",
            "*.Makefile",
            "*.mk",
            "config.gypi",
            "gyp-mac-tool",
            "**/.deps",
            "**/obj.target",
            "**/*.o");

    /** Names at the project's top, in upper or lower case. A change to one of these makes no new version of a function. */
    static final List<String> AT_TOP = List.of(
            // documents
            "README",
            "README.*",
            "CHANGELOG",
            "CHANGELOG.*",
            "CONTRIBUTING.md",
            "CODE_OF_CONDUCT.md",
            "SECURITY.md",
            // lock files, settings of package managers
            "package-lock.json",
            "npm-shrinkwrap.json",
            "pnpm-lock.yaml",
            "pnpm-workspace.yaml",
            "yarn.lock",
            "bun.lock",
            "bun.lockb",
            "bunfig.toml",
            ".npmignore",
            ".nvmrc",
            ".node-version",
            // npm's cache and logs, with HOME=$WORKSPACE
            ".npm",
            // continuous integration
            "Jenkinsfile",
            ".github",
            ".gitlab",
            ".gitlab-ci.yml",
            ".circleci",
            ".travis.yml",
            "azure-pipelines.yml",
            "bitbucket-pipelines.yml",
            "buildspec.yml",
            // Git, editors, linters
            ".gitignore",
            ".gitattributes",
            ".gitmodules",
            ".husky",
            ".editorconfig",
            ".eslintrc*",
            ".eslintignore",
            "eslint.config.*",
            ".prettierrc*",
            ".prettierignore",
            LambdaIgnore.FILE_NAME);

    private static final Pattern BUILD_FOLDER = Pattern.compile("build(?:-tmp[\\w-]*)?/");

    private static final Names ANYWHERE_NAMES = new Names(ANYWHERE, "");
    private static final Names NODE_MODULES_NAMES = new Names(IN_NODE_MODULES, NpmPackage.NODE_MODULES);
    private static final Names BUILD_NAMES = new Names(IN_BUILD, "build/");
    private static final Names TOP_NAMES = new Names(AT_TOP, "");

    private final List<String> ownPaths = new ArrayList<>();

    /** Patterns that are asked about every path: most are plain names, the others have one star, or are in {@code build}. */
    private static final class Names {
        private final Map<String, String> exact = new HashMap<>();
        private final List<Wildcard> wildcards = new ArrayList<>();
        private final Map<AntPattern, String> patterns = new LinkedHashMap<>();

        private record Wildcard(String prefix, String suffix, String reason) {}

        Names(List<String> names, String folder) {
            for (String listed : names) {
                String reason = "default exclude " + folder + listed;
                String name = names == AT_TOP ? listed.toLowerCase(Locale.ROOT) : listed;
                int star = name.indexOf('*');
                if (star < 0) {
                    exact.put(name, reason);
                } else if (name.indexOf('/') < 0) {
                    wildcards.add(new Wildcard(name.substring(0, star), name.substring(star + 1), reason));
                } else {
                    patterns.put(new AntPattern(name), reason);
                }
            }
        }

        Optional<String> reason(String path) {
            String reason = exact.get(path);
            for (int i = 0; i < wildcards.size() && reason == null; i++) {
                Wildcard wildcard = wildcards.get(i);
                boolean matches = path.length() >= wildcard.prefix.length() + wildcard.suffix.length()
                        && path.startsWith(wildcard.prefix)
                        && path.endsWith(wildcard.suffix)
                        && path.indexOf('/') < 0;
                reason = matches ? wildcard.reason : null;
            }
            for (Map.Entry<AntPattern, String> pattern : patterns.entrySet()) {
                reason = reason == null && pattern.getKey().matches(path) ? pattern.getValue() : reason;
            }
            return Optional.ofNullable(reason);
        }
    }

    /**
     * @param own files and folders that packaging writes to, absolute; those outside the project do not matter
     */
    public DefaultExcludes(CodeFolder code, List<Path> own) {
        for (Path path : own) {
            Path normalized = path.toAbsolutePath().normalize();
            if (code.holds(normalized) && !normalized.equals(code.folder())) {
                ownPaths.add(code.nameOf(normalized));
            }
        }
    }

    /**
     * Why a path is left out whatever is included, looked at by itself: whoever walks a tree has asked for the folders above it
     * before.
     *
     * @param path relative to the project, with {@code /}
     */
    Optional<String> reason(String path) {
        String name = path.substring(path.lastIndexOf('/') + 1);
        if (name.startsWith(OWN_PREFIX) || ownPaths.contains(path)) {
            return Optional.of("written by packaging itself");
        }
        Optional<String> reason = ANYWHERE_NAMES.reason(name);
        if (reason.isPresent()) {
            return reason;
        }
        int modules = path.lastIndexOf(NpmPackage.NODE_MODULES);
        if (modules == 0 || modules > 0 && path.charAt(modules - 1) == '/') {
            String below = path.substring(modules + NpmPackage.NODE_MODULES.length());
            reason = below.startsWith(".") ? NODE_MODULES_NAMES.reason(below) : reason;
        }
        int build = NpmPackage.folderOf(path).length();
        int inBuild = path.indexOf('/', build) + 1;
        return reason.isEmpty()
                        && inBuild > 0
                        && BUILD_FOLDER.matcher(path).region(build, inBuild).matches()
                ? BUILD_NAMES.reason(path.substring(inBuild))
                : reason;
    }

    /** Why a path is left out unless an include pattern names it. */
    Optional<String> reasonAtTop(String path) {
        return path.indexOf('/') >= 0 ? Optional.empty() : TOP_NAMES.reason(path.toLowerCase(Locale.ROOT));
    }

    /** Why a path is left out whatever is included, by a rule for itself or for a folder above it. */
    Optional<String> reasonOnTheWay(String path) {
        for (int slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
            Optional<String> reason = reason(path.substring(0, slash));
            if (reason.isPresent()) {
                return reason;
            }
        }
        return reason(path);
    }
}
