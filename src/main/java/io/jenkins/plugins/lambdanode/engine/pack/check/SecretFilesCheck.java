package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding.Severity;
import io.jenkins.plugins.lambdanode.engine.pack.select.NpmPackage;
import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Files whose names say that they hold secrets. Those of published packages are no secret. */
final class SecretFilesCheck implements Check {
    private static final Set<String> SSH_KEYS = Set.of("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519");
    private static final Set<String> SAMPLES =
            Set.of("example", "sample", "template", "dist", "default", "defaults", "schema");

    @Override
    public List<Finding> check(CheckedPackage files) {
        List<Finding> findings = new ArrayList<>();
        for (SourceEntry entry : files.entries()) {
            if (!entry.isFile() || NpmPackage.contains(entry.name())) {
                continue;
            }
            String name = entry.name().substring(entry.name().lastIndexOf('/') + 1);
            boolean environment = name.equals(".env") || name.startsWith(".env.");
            if (environment && !SAMPLES.contains(name.substring(name.lastIndexOf('.') + 1))) {
                findings.add(new Finding(
                        Severity.WARNING,
                        "environment-file",
                        "Such a file often holds secrets, and everybody who can"
                                + " read the function's code can read them. Exclude it, and set the function's environment instead.",
                        entry.name()));
            }
            if (SSH_KEYS.contains(name)) {
                findings.add(new Finding(
                        Severity.WARNING,
                        "private-key",
                        "Its name is that of an SSH private key. Exclude it.",
                        entry.name()));
            }
        }
        return findings;
    }
}
