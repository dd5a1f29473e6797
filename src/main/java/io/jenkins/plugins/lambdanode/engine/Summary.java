package io.jenkins.plugins.lambdanode.engine;

import io.jenkins.plugins.lambdanode.engine.DeployResult.Deployed;
import io.jenkins.plugins.lambdanode.engine.DeployResult.Timing;
import io.jenkins.plugins.lambdanode.engine.pack.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.PackReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A deployment in a few lines of text, for a log. */
public final class Summary {

    private Summary() {}

    /** What was packaged, with a line for each finding. */
    public static List<String> packaged(PackReport report) {
        List<String> lines = new ArrayList<>();
        lines.add("Packaged " + report.files() + " files, " + size(report.unzippedBytes()) + ", into "
                + size(report.zippedBytes()) + " (CodeSha256 " + report.codeSha256() + ")");
        report.layer().ifPresent(layer -> lines.add("Packaged " + layer.files() + " files of node_modules, "
                + size(layer.unzippedBytes()) + ", into a layer of " + size(layer.zippedBytes()) + " (CodeSha256 "
                + layer.codeSha256() + ")"));
        for (Finding finding : report.findings()) {
            lines.add((finding.severity() == Finding.Severity.INFO ? "Note: " : finding.severity() + ": ") + text(finding));
        }
        return lines;
    }

    /** What was found, after the file that it is about. A file's name can hold anything: no control character of it is shown. */
    public static String text(Finding finding) {
        String place = finding.path().isEmpty() ? "" : finding.path().replaceAll("\\p{Cntrl}", "?") + ": ";
        return place + finding.message();
    }

    /** What was deployed: a line for each function, the phases as a table, the heaviest packages. */
    public static List<String> deployed(DeployResult result) {
        List<String> lines = new ArrayList<>();
        for (Deployed deployed : result.functions()) {
            lines.add(deployed.state().functionName() + ": "
                    + deployed.outcome().name().toLowerCase(Locale.ROOT)
                    + deployed.version().map(version -> ", version " + version).orElse("")
                    + deployed.alias().map(alias -> ", alias " + alias.name()).orElse("")
                    + ", CodeSha256 " + deployed.state().codeSha256());
        }
        result.layer().ifPresent(layer -> lines.add("layer " + layer.name() + ": version " + layer.version()
                + (layer.published() ? " published, " : ", there already, ") + size(layer.codeSize()) + ", CodeSha256 "
                + layer.codeSha256()));
        lines.add(String.format(Locale.ROOT, "  %-10s %9s %11s", "phase", "time", "bytes"));
        for (Timing timing : result.timings()) {
            lines.add(String.format(
                    Locale.ROOT,
                    "  %-10s %7.2f s %11s",
                    timing.phase().label(),
                    timing.millis() / 1000.0,
                    timing.bytes() == 0 ? "-" : size(timing.bytes())));
        }
        lines.addAll(heaviest(result.packaged()));
        return lines;
    }

    /** Packages smaller than this, in bytes, need no diet. */
    private static final long WORTH_A_TABLE = 1 << 20;

    /** The heaviest npm packages and folders as a table; nothing for a small package. */
    public static List<String> heaviest(PackReport report) {
        if (report.unzippedBytesInAll() < WORTH_A_TABLE) {
            return List.of();
        }
        List<String> lines = new ArrayList<>();
        lines.add(String.format(Locale.ROOT, "  %-44s %7s %11s %11s", "heaviest", "files", "unzipped", "zipped"));
        for (PackReport.Weight weight : report.heaviest()) {
            lines.add(String.format(
                    Locale.ROOT,
                    "  %-44s %7d %11s %11s",
                    weight.name(),
                    weight.files(),
                    size(weight.unzippedBytes()),
                    size(weight.zippedBytes())));
        }
        return lines;
    }

    /** A number of bytes for a person: AWS's MB are 1,048,576 bytes. */
    public static String size(long bytes) {
        if (bytes < 1024) {
            return bytes + " B";
        }
        if (bytes < 1 << 20) {
            return String.format(Locale.ROOT, "%.1f KB", bytes / 1024.0);
        }
        return String.format(Locale.ROOT, "%.1f MB", bytes / 1048576.0);
    }
}
