package io.jenkins.plugins.lambdanode.engine.project;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Install scripts of packages that a successful install has not run: npm 12 blocks them (npm 11.16 and later only announce that), as do
 * pnpm 10, Yarn 4.14 and Bun. Most packages do without: they bring their binaries in packages for each platform.
 *
 * @param manager the tool
 * @param packages the packages, as far as the tool names them
 */
public record BlockedScripts(PackageManager manager, List<String> packages) {

    /** A tool's words. */
    private record Words(Pattern sign, Pattern packages, String remedy) {}

    /** pnpm breaks its lines in a box, and names no version before 10.20. */
    private static final Map<PackageManager, Words> WORDS = new LinkedHashMap<>();

    static {
        WORDS.put(
                PackageManager.NPM,
                new Words(
                        Pattern.compile("had install scripts blocked"),
                        Pattern.compile("(?m)^npm warn install-scripts {3}(\\S+)@\\S+ \\("),
                        "'npm install-scripts approve <package>' and commit package.json"));
        WORDS.put(
                PackageManager.PNPM,
                new Words(
                        Pattern.compile("(?s)Ignored build scripts:(.*?)(?:\\.\\s|\\.$|Run )"),
                        Pattern.compile("(@?[^\\s@,│]+)(?:@[^\\s,│]+)?"),
                        "'pnpm approve-builds' and commit what it writes"));
        WORDS.put(
                PackageManager.YARN,
                new Words(
                        Pattern.compile("all build scripts have been disabled"),
                        Pattern.compile(
                                "(?m)(@?[^\\s@]+)@\\S+ lists build scripts, but all build scripts have been disabled"),
                        "\"dependenciesMeta\": {\"<package>\": {\"built\": true}} in package.json, or enableScripts: true in .yarnrc.yml"));
        WORDS.put(
                PackageManager.BUN,
                new Words(
                        Pattern.compile("Run `bun pm untrusted`"),
                        Pattern.compile("(?!)"),
                        "'bun pm trust <package>' and commit package.json"));
    }

    public BlockedScripts {
        packages = List.copyOf(packages);
    }

    /** @param lines what an install printed */
    public static Optional<BlockedScripts> of(List<String> lines) {
        String text = String.join("\n", lines);
        for (Map.Entry<PackageManager, Words> tool : WORDS.entrySet()) {
            Matcher sign = tool.getValue().sign().matcher(text);
            if (sign.find()) {
                Matcher names = tool.getValue().packages().matcher(sign.groupCount() > 0 ? sign.group(1) : text);
                return Optional.of(new BlockedScripts(
                        tool.getKey(),
                        names.results().map(name -> name.group(1)).distinct().toList()));
            }
        }
        return Optional.empty();
    }

    /** What lets them run, to be put after "with". */
    public String remedy() {
        return WORDS.get(manager).remedy();
    }

    /** For the log. */
    public String display() {
        return manager.title() + " did not run the install scripts of "
                + (packages.isEmpty() ? "some packages" : String.join(", ", packages))
                + ". Where one is needed, approve its package with " + remedy() + ".";
    }
}
