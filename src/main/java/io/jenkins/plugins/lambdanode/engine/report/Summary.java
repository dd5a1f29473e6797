package io.jenkins.plugins.lambdanode.engine.report;

import io.jenkins.plugins.lambdanode.engine.base.ByteSize;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackRequest;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Deployed;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Timing;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** A deployment in a few lines of text, for a log. */
public final class Summary {

    private Summary() {}

    /** What was packaged, with a line for each finding. */
    public static List<String> packaged(PackReport report) {
        List<String> lines = new ArrayList<>();
        lines.add("Packaged " + files(report) + ", " + ByteSize.of(report.unzippedBytes()) + ", into "
                + sizeAndDigest(report));
        report.layer()
                .ifPresent(layer -> lines.add("Packaged " + files(layer) + " of node_modules, "
                        + ByteSize.of(layer.unzippedBytes()) + ", into a layer of " + ByteSize.of(layer.zippedBytes())
                        + " (CodeSha256 "
                        + layer.codeSha256() + ")"));
        lines.addAll(findings(report));
        return lines;
    }

    /** What is in a package that was there, with a line for each finding. */
    public static List<String> ready(PackReport report) {
        List<String> lines = new ArrayList<>();
        lines.add("The package has " + files(report) + ", " + ByteSize.of(report.unzippedBytes()) + ", in "
                + sizeAndDigest(report));
        lines.addAll(findings(report));
        return lines;
    }

    private static String sizeAndDigest(PackReport report) {
        return ByteSize.of(report.zippedBytes()) + " (CodeSha256 " + report.codeSha256() + ")";
    }

    private static List<String> findings(PackReport report) {
        return report.findings().stream()
                .map(finding -> (finding.severity() == Finding.Severity.INFO ? "Note: " : finding.severity() + ": ")
                        + text(finding))
                .toList();
    }

    private static String files(PackReport report) {
        return report.files() == 1 ? "1 file" : report.files() + " files";
    }

    /** What was found, after the file that it is about. A file's name can hold anything: no control character of it is shown. */
    public static String text(Finding finding) {
        String place = finding.path().isEmpty() ? "" : finding.path().replaceAll("\\p{Cntrl}", "?") + ": ";
        return place + finding.message();
    }

    /** What was deployed: how long each phase took, the layer, and last a line for each function with its outcome. */
    public static List<String> deployed(DeployResult result) {
        List<String> lines = new ArrayList<>();
        if (!result.timings().isEmpty()) {
            lines.add(
                    result.timingsInAll().stream().map(Summary::phase).collect(Collectors.joining(", ", "Time: ", "")));
        }
        result.layer()
                .ifPresent(layer -> lines.add("Layer " + layer.name() + ": version " + layer.version()
                        + (layer.published() ? " published, " : ", there already, ") + ByteSize.of(layer.codeSize())
                        + ", CodeSha256 "
                        + layer.codeSha256()));
        result.functions()
                .forEach(deployed ->
                        lines.add(outcome(deployed, result.packaged().codeSha256())));
        return lines;
    }

    /** What was released, or rolled back, without a package. */
    public static String released(Deployed deployed) {
        return outcome(deployed, deployed.state().codeSha256());
    }

    private static String outcome(Deployed deployed, String codeSha256) {
        return deployed.state().functionName() + ": "
                + deployed.outcome().name().toLowerCase(Locale.ROOT)
                + (deployed.outcome() == DeployResult.Outcome.VALIDATED ? " (dry run: nothing was changed)" : "")
                + (deployed.earlier() ? " (earlier in this build)" : "")
                + deployed.version().map(version -> ", version " + version).orElse("")
                + deployed.alias().map(alias -> ", alias " + alias.name()).orElse("")
                + deployed.previousVersion()
                        .filter(before -> !deployed.version().equals(Optional.of(before)))
                        .map(before -> " (before: version " + before + ")")
                        .orElse("")
                + ", CodeSha256 " + codeSha256;
    }

    private static String phase(Timing timing) {
        return String.format(
                Locale.ROOT,
                "%s %.1f s%s",
                timing.phase().label(),
                timing.millis() / 1000.0,
                timing.bytes() == 0 ? "" : " (" + ByteSize.of(timing.bytes()) + ")");
    }

    /** How much of a limit is near it. */
    private static final double NEAR = 0.8;

    /** Whether a package is near what Lambda takes, so that it is worth saying what is in it. */
    public static boolean isNearLimit(PackReport report, boolean bucket) {
        return report.unzippedBytesInAll() > NEAR * PackRequest.MAX_UNZIPPED_BYTES
                || !bucket && report.zippedBytes() > NEAR * PackRequest.MAX_DIRECT_BYTES;
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
        for (PackReport.PackageSize weight : report.heaviest()) {
            lines.add(String.format(
                    Locale.ROOT,
                    "  %-44s %7d %11s %11s",
                    weight.name(),
                    weight.files(),
                    ByteSize.of(weight.unzippedBytes()),
                    ByteSize.of(weight.zippedBytes())));
        }
        return lines;
    }
}
