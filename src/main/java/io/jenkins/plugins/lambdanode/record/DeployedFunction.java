package io.jenkins.plugins.lambdanode.record;

import hudson.Util;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.jenkinsci.plugins.scriptsecurity.sandbox.whitelists.Whitelisted;

/** What a deployment did to one function: the Pipeline step's return value, and what the build keeps. */
public final class DeployedFunction implements Serializable {
    private static final long serialVersionUID = 1L;

    String functionName;
    String functionArn;
    String region;
    String codeSha256;
    String version;
    String alias;
    String revisionId;
    String outcome;
    String s3Bucket;
    String s3Key;
    String layerVersionArn;
    String artifact;
    String fingerprint;
    long codeSize;
    long layerSize;
    long unzippedBytes;
    long sentBytes;
    int files;
    long millis;
    List<Row> phases = new ArrayList<>();
    List<Row> heaviest = new ArrayList<>();
    List<Note> findings = new ArrayList<>();

    /**
     * A line of a table: a phase with its milliseconds and bytes, or an npm package with its unzipped and zipped bytes.
     */
    public static final class Row implements Serializable {
        private static final long serialVersionUID = 1L;

        final String name;
        final long first;
        final long second;

        Row(String name, long first, long second) {
            this.name = name;
            this.first = first;
            this.second = second;
        }

        public String getName() {
            return name;
        }

        public long getFirst() {
            return first;
        }

        public long getSecond() {
            return second;
        }
    }

    /** A finding. */
    public static final class Note implements Serializable {
        private static final long serialVersionUID = 1L;

        final String severity;
        final String message;

        Note(String severity, String message) {
            this.severity = severity;
            this.message = message;
        }

        public String getSeverity() {
            return severity;
        }

        public String getMessage() {
            return message;
        }
    }

    /** A build that was recorded before these were. */
    private Object readResolve() {
        region = region == null ? functionArn.split(":")[3] : region;
        outcome = Util.fixNull(outcome);
        phases = Util.fixNull(phases);
        heaviest = Util.fixNull(heaviest);
        findings = Util.fixNull(findings);
        return this;
    }

    @Whitelisted
    public String getFunctionName() {
        return functionName;
    }

    @Whitelisted
    public String getFunctionArn() {
        return functionArn;
    }

    @Whitelisted
    public String getRegion() {
        return region;
    }

    /** Base64, as AWS gives it. */
    @Whitelisted
    public String getCodeSha256() {
        return codeSha256;
    }

    /** The published version; null where none was published. */
    @Whitelisted
    public String getVersion() {
        return version;
    }

    /** The alias that points to it; null where none was asked for. */
    @Whitelisted
    public String getAlias() {
        return alias;
    }

    @Whitelisted
    public String getRevisionId() {
        return revisionId;
    }

    /** The package's size in bytes. */
    @Whitelisted
    public long getCodeSize() {
        return codeSize;
    }

    /** Whether the function's code was changed. */
    @Whitelisted
    public boolean isUpdated() {
        return outcome.equals("created") || outcome.equals("updated");
    }

    /** {@code created}, {@code updated}, {@code unchanged} or {@code validated} (a dry run). */
    @Whitelisted
    public String getOutcome() {
        return outcome;
    }

    /** Null where the package was not staged. */
    @Whitelisted
    public String getS3Bucket() {
        return s3Bucket;
    }

    /** Null where the package was not staged. */
    @Whitelisted
    public String getS3Key() {
        return s3Key;
    }

    /** The layer version that holds the dependencies; null where they are in the package. */
    @Whitelisted
    public String getLayerVersionArn() {
        return layerVersionArn;
    }

    /** Its size in bytes. */
    @Whitelisted
    public long getLayerSize() {
        return layerSize;
    }

    /** The path of the record among the build's artifacts. */
    @Whitelisted
    public String getArtifact() {
        return artifact;
    }

    public String getFingerprint() {
        return fingerprint;
    }

    public long getUnzippedBytes() {
        return unzippedBytes;
    }

    public long getSentBytes() {
        return sentBytes;
    }

    public int getFiles() {
        return files;
    }

    /** How long the deployment took, in milliseconds. */
    public long getMillis() {
        return millis;
    }

    public List<Row> getPhases() {
        return phases;
    }

    public List<Row> getHeaviest() {
        return heaviest;
    }

    public List<Note> getFindings() {
        return findings;
    }

    /** The function's page in the AWS console. */
    public String getConsoleUrl() {
        String host = region.startsWith("cn-")
                ? "console.amazonaws.cn"
                : region.startsWith("us-gov-") ? "console.amazonaws-us-gov.com" : region + ".console.aws.amazon.com";
        return "https://" + host + "/lambda/home?region=" + region + "#/functions/" + functionName;
    }

    @Override
    public String toString() {
        return functionArn + " CodeSha256 " + codeSha256 + (version == null ? "" : " version " + version);
    }
}
